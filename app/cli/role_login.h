#pragma once
// The role of a database URL: its login is that URL's password.

#include <expected>
#include <string>

#include "schema/database_error.h"

namespace tasklane {

// Empty when the URL names none.
std::string role_of(const std::string& url);

// Lets the role of `url` log in with the password there, as the role of `direct_url` may do; tells it on
// stdout. Nothing changes for one that may log in already, nor for the role of `direct_url` itself.
std::expected<void, DatabaseError> admit_role_of(const std::string& url, const std::string& direct_url);

}  // namespace tasklane
