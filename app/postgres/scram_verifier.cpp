#include "postgres/scram_verifier.h"

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>

namespace tasklane {

std::string scram_verifier(const std::string& role, const std::string& password) {
  // libpq wants a connection for its error messages alone: this one has failed already.
  const std::unique_ptr<PGconn, decltype(&PQfinish)> none(PQconnectStart("host=/dev/null"), &PQfinish);
  const std::unique_ptr<char, decltype(&PQfreemem)> verifier(
      PQencryptPasswordConn(none.get(), password.c_str(), role.c_str(), "scram-sha-256"), &PQfreemem);
  if (!verifier) throw std::runtime_error("libpq cannot make a password's verifier");
  return verifier.get();
}

}  // namespace tasklane
