#pragma once
// A fresh database for one test case, in the server TASKLANE_TEST_DATABASE_URL names (a superuser's URL, set
// by scripts/with-postgres), and the few words the tests speak to it. The server must be the tests' own: they
// make and drop databases and the role tasklane_api.

#include <optional>
#include <pqxx/connection>
#include <pqxx/result>
#include <string>

namespace tasklane {

class FreshDatabase {
 public:
  FreshDatabase();                  // empty; throws when there is no server
  static FreshDatabase migrated();  // a copy of one with all of sql/ applied; tasklane_api may log in
  static void drop_api_role();      // which all databases share: the next migrated() makes it again
  FreshDatabase(FreshDatabase&& other) noexcept;
  FreshDatabase& operator=(FreshDatabase&&) = delete;
  ~FreshDatabase();  // drops it, whoever is still connected

  const std::string& name() const { return name_; }
  const std::string& url() const { return url_; }     // the superuser's
  std::string url_as(const std::string& user) const;  // another role's; the test server trusts everybody
  std::string api_url() const { return url_as("tasklane_api"); }

  // Runs one or more statements as the superuser, in a transaction of their own.
  pqxx::result run(const std::string& sql) const;
  // The first column of the first row, as text; "NULL" for null.
  std::string value(const std::string& sql) const;

  // How the server refuses the statement to this role: the error's first line, without "ERROR:". Empty: it
  // did not refuse. Nothing is kept.
  std::string refusal(const std::string& sql, const std::string& role = "tasklane_api") const;

 private:
  explicit FreshDatabase(const std::string& origin);  // a copy of this database, which has no session open
  static std::optional<FreshDatabase>& migrated_origin();

  std::string name_;
  std::string url_;
};

// Creates a role for one test case and drops it with everything it owns or was granted in `database`.
class FreshRole {
 public:
  FreshRole(const FreshDatabase& database, std::string name, const std::string& attributes);
  ~FreshRole();
  FreshRole(const FreshRole&) = delete;
  FreshRole& operator=(const FreshRole&) = delete;

 private:
  const FreshDatabase& database_;
  std::string name_;
};

// A copy of sql/ to change, removed at the end.
class MigrationFolder {
 public:
  MigrationFolder();
  ~MigrationFolder();
  MigrationFolder(const MigrationFolder&) = delete;
  MigrationFolder& operator=(const MigrationFolder&) = delete;

  const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const;
  void remove(const std::string& name) const;
  void remove_after(const std::string& name) const;  // every file with a higher number

 private:
  std::string path_;
};

}  // namespace tasklane
