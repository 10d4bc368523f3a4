#include "schema/rehearsal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <random>

#include "schema/synchronous.h"

namespace tasklane {

namespace {

// "EXECUTE name (value, …);" for each list of values.
std::string text_of(pqxx::work& work, const std::string& name, const RehearsedRun& run) {
  std::string text;
  for (const auto& values : run.values) {
    std::vector<std::string> quoted;
    for (const auto& value : values) quoted.push_back(value ? work.quote(*value) : "NULL");
    text += fmt::format("EXECUTE {} ({});", name, fmt::join(quoted, ", "));
  }
  return text;
}

}  // namespace

std::expected<void, DatabaseError> rehearse(const std::string& url,
                                            const std::function<void(const Rehearse&)>& script) {
  std::string doing = "connecting";
  try {
    pqxx::connection connection(bounded_url(url));
    pqxx::work work(connection);
    // A pooler may lend us a session that has a statement of this name from a check that failed.
    const auto tag = std::random_device{}();
    script([&](const RehearsedRun& run) -> std::string {
      doing = run.name;
      const std::string name = fmt::format("rehearsal_{:08x}", tag);
      work.exec(fmt::format("PREPARE {} AS {}", name, run.sql));
      const pqxx::result rows = work.exec(text_of(work, name, run));
      work.exec(fmt::format("DEALLOCATE {}", name));
      return rows.empty() || rows[0][0].is_null() ? "" : rows[0][0].as<std::string>();
    });
    work.abort();
    return {};
  } catch (const pqxx::failure&) {
    return std::unexpected(current_database_error(doing, url));
  }
}

}  // namespace tasklane
