#pragma once
// Why a database URL cannot be used, found without reaching the database. No sentence holds anything of the
// URL but the name of a parameter: a password may be in the wrong place.

#include <string>
#include <string_view>

#include "postgres/libpq_connection.h"

namespace tasklane {

// A character of the password, or of another part, that has to be percent-encoded: libpq, node-postgres and
// WHATWG's URL each end a part elsewhere. Empty: there is none.
std::string unescaped_character_in(std::string_view url);

// Why libpq does not parse the URL: a parameter that it does not know is named.
std::string why_malformed(std::string_view url);

// A service is in a file of the host that libpq reads, which the web app does not.
inline constexpr std::string_view kServiceRefused = "its service cannot be used: write its parameters out";

// A parameter of libpq 16 to 18, which the web app does not take.
bool is_newer_parameter(std::string_view name);

// Of such a parameter, the sentence of the web app and of libpq 15.
std::string newer_parameter_refused(std::string_view name);

// Why libpq does not connect with what it has parsed: a value, or a file that is named. Empty: nothing.
std::string why_refused(const ConnectionKeywords& keywords);

}  // namespace tasklane
