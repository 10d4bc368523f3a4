#pragma once
// Where a secret's value comes from. For a secret NAME, the first of these that gives a value:
//   1. the environment: NAME, or NAME_FILE with the path of a file that holds the value
//   2. the file $CREDENTIALS_DIRECTORY/NAME (systemd's LoadCredential)
//   3. the .env file: NAME, or NAME_FILE
// A file's value is one line of UTF-8, without blanks, line ends and a byte order mark around it; the web app
// reads it alike. A file that others can read, that cannot be read or that holds nothing or more is a
// mistake, as is NAME beside NAME_FILE in the same place; an empty credential is none.

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tasklane {

constexpr std::string_view kCredentialsDirectory = "CREDENTIALS_DIRECTORY";

// A place with names: nullopt when the name is not set there.
using NamedValues = std::function<std::optional<std::string>(std::string_view name)>;

// The value, empty when nobody gives one; or a sentence that begins with the name of the wrong variable.
std::expected<std::string, std::string> find_secret(std::string_view name, const NamedValues& environment,
                                                    const NamedValues& file);

}  // namespace tasklane
