#pragma once
// A PgBouncer in transaction mode in front of the tests' Postgres, with two connections to it: what one
// client prepares, the next transaction may not find. Debian 12's 1.18 knows no prepared statements; a later
// one is told to behave like it.

#include <sys/types.h>

#include <string>

#include "database.h"

namespace tasklane {

class Pooler {
 public:
  explicit Pooler(const FreshDatabase& database);
  ~Pooler();
  Pooler(const Pooler&) = delete;
  Pooler& operator=(const Pooler&) = delete;

  const std::string& url() const { return url_; }  // as tasklane_api
  void start();                                    // throws when it does not come up
  void stop();                                     // cuts its clients' connections

 private:
  std::string folder_;
  std::string url_;
  pid_t process_ = 0;
};

}  // namespace tasklane
