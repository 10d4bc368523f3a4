#pragma once
// Names that are no settings, and which one was meant.

#include <string>
#include <string_view>

namespace tasklane {

// Of a setting, a secret's NAME_FILE, or one that the web app and scripts/up read from the same file.
bool is_known_name(std::string_view name);

// The setting that the name may stand for: at most two letters are wrong, or one continues the other. Empty:
// there is none.
std::string_view nearest_setting(std::string_view name);

// How many letters have to be changed, left out, added or exchanged with their neighbour.
std::size_t edit_distance(std::string_view one, std::string_view other);

}  // namespace tasklane
