#pragma once
// What a server keeps of a password (PostgreSQL documentation, PQencryptPasswordConn): made here, so that a
// statement with a password never reaches a server or its log.

#include <string>

namespace tasklane {

// For `ALTER ROLE … PASSWORD '…'`. Throws std::runtime_error when libpq cannot make one.
std::string scram_verifier(const std::string& role, const std::string& password);

}  // namespace tasklane
