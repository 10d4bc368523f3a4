#include "database.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <stdexcept>
#include <utility>
#include <vector>

#include "schema/migrations.h"

namespace tasklane {

namespace {

std::string server_url() {
  const char* url = std::getenv("TASKLANE_TEST_DATABASE_URL");
  if (url == nullptr)
    throw std::runtime_error("TASKLANE_TEST_DATABASE_URL is not set: run scripts/with-postgres");
  return url;
}

// CREATE DATABASE and its like refuse to run in a transaction.
void run_on_server(const std::string& sql) {
  pqxx::connection connection(server_url());
  pqxx::nontransaction(connection).exec(sql);
}

// postgresql://authority/PATH?parameters
std::string with_database(const std::string& url, const std::string& name) {
  const auto path = url.find('/', url.find("://") + 3) + 1;
  return url.substr(0, path) + name + url.substr(std::min(url.find('?', path), url.size()));
}

}  // namespace

FreshDatabase::FreshDatabase() : FreshDatabase("template1") {}

FreshDatabase::FreshDatabase(const std::string& origin) {
  static int count = 0;
  name_ = fmt::format("tasklane_{}_{}", ::getpid(), ++count);
  run_on_server(fmt::format("CREATE DATABASE {} TEMPLATE {}", name_, origin));
  url_ = with_database(server_url(), name_);
}

FreshDatabase FreshDatabase::migrated() {
  auto& origin = migrated_origin();
  if (!origin) {
    origin.emplace();
    const auto report = migrate(origin->url(), TASKLANE_SQL);
    if (!report) throw std::runtime_error(report.error().sentence);
  }
  run_on_server("ALTER ROLE tasklane_api LOGIN");
  return FreshDatabase(origin->name());
}

std::optional<FreshDatabase>& FreshDatabase::migrated_origin() {
  // libpqxx makes statics of its own with its first query: made before this one, they outlive it.
  static std::optional<FreshDatabase> origin = [] {
    run_on_server("SELECT 1");
    return std::optional<FreshDatabase>();
  }();
  return origin;
}

void FreshDatabase::drop_api_role() {
  migrated_origin().reset();
  run_on_server("DROP ROLE IF EXISTS tasklane_api");
}

FreshDatabase::FreshDatabase(FreshDatabase&& other) noexcept
    : name_(std::exchange(other.name_, {})), url_(std::move(other.url_)) {}

FreshDatabase::~FreshDatabase() {
  if (name_.empty()) return;
  try {
    run_on_server("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const std::exception& error) {
    fmt::print(stderr, "database {} was left behind: {}\n", name_, error.what());
  }
}

std::string FreshDatabase::url_as(const std::string& user) const {
  const auto begin = url_.find("://") + 3;
  return url_.substr(0, begin) + user + url_.substr(url_.find('@', begin));
}

pqxx::result FreshDatabase::run(const std::string& sql) const {
  pqxx::connection connection(url_);
  pqxx::work work(connection);
  work.exec("SET LOCAL client_min_messages = warning");
  pqxx::result result = work.exec(sql);
  work.commit();
  return result;
}

std::string FreshDatabase::value(const std::string& sql) const {
  const pqxx::result result = run(sql);
  return result[0][0].is_null() ? "NULL" : result[0][0].as<std::string>();
}

std::string FreshDatabase::refusal(const std::string& sql, const std::string& role) const {
  pqxx::connection connection(url_);
  pqxx::work work(connection);
  if (!role.empty()) work.exec("SET ROLE " + role);
  try {
    work.exec(sql);
  } catch (const pqxx::sql_error& error) {
    const std::string line = std::string(error.what()).substr(0, std::string(error.what()).find('\n'));
    return line.starts_with("ERROR:  ") ? line.substr(8) : line;
  }
  return {};
}

FreshRole::FreshRole(const FreshDatabase& database, std::string name, const std::string& attributes)
    : database_(database), name_(std::move(name)) {
  database_.run(fmt::format("CREATE ROLE {} {}", name_, attributes));
}

FreshRole::~FreshRole() {
  try {
    database_.run(fmt::format("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", name_));
  } catch (const std::exception& error) {
    fmt::print(stderr, "role {} was left behind: {}\n", name_, error.what());
  }
}

MigrationFolder::MigrationFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tasklane-sql.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
  std::filesystem::copy(TASKLANE_SQL, path_, std::filesystem::copy_options::recursive);
}

MigrationFolder::~MigrationFolder() {
  std::filesystem::remove_all(path_);
}

void MigrationFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream(std::filesystem::path(path_) / name, std::ios::binary) << text;
}

void MigrationFolder::remove(const std::string& name) const {
  std::filesystem::remove(std::filesystem::path(path_) / name);
}

void MigrationFolder::remove_after(const std::string& name) const {
  const std::filesystem::directory_iterator files(path_);
  const std::vector<std::filesystem::path> found(begin(files), end(files));
  for (const auto& file : found) {
    if (file.filename() > name) std::filesystem::remove(file);
  }
}

}  // namespace tasklane
