#include "schema/user_records.h"

#include <fmt/format.h>

#include "schema/synchronous.h"

namespace tasklane {

namespace {

template <typename Work>
auto in_transaction(const std::string& url, std::string_view doing, Work work_of)
    -> std::expected<decltype(work_of(std::declval<pqxx::work&>())), DatabaseError> {
  try {
    pqxx::connection connection(bounded_url(url));
    pqxx::work work(connection);
    work.exec("SET LOCAL client_min_messages = warning");
    auto result = work_of(work);
    work.commit();
    return result;
  } catch (const pqxx::failure&) {
    return std::unexpected(current_database_error(doing, url));
  }
}

// As the API has times.
#define TIME(column) \
  "coalesce(to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '')"

// The columns of a UserRecord, of each user in `chosen`.
constexpr std::string_view kRecords =
    " SELECT chosen.user_id, sum.tasks, sum.changed, sum.bytes,"
    " (SELECT count(*) FROM idempotency_keys AS k WHERE k.user_id = chosen.user_id), " TIME(
        "mark.blocked_at") ", " TIME("mark.signed_out_at") ", " TIME("mark.deleted_at")
    " FROM chosen LEFT JOIN user_marks AS mark USING (user_id), LATERAL ("
    "SELECT count(*) AS tasks, count(*) FILTER (WHERE updated_at > now() - interval '24 hours') AS changed,"
    " coalesce(sum(octet_length(title) + coalesce(octet_length(description), 0)), 0)::bigint AS bytes"
    " FROM tasks AS t WHERE t.user_id = chosen.user_id) AS sum";

std::vector<UserRecord> records_of(const pqxx::result& rows) {
  std::vector<UserRecord> records;
  for (const auto& row : rows) {
    records.push_back({.id = row[0].as<std::string>(),
                       .tasks = row[1].as<std::int64_t>(),
                       .changed = row[2].as<std::int64_t>(),
                       .bytes = row[3].as<std::int64_t>(),
                       .keys = row[4].as<std::int64_t>(),
                       .blocked_at = row[5].as<std::string>(),
                       .signed_out_at = row[6].as<std::string>(),
                       .deleted_at = row[7].as<std::string>()});
  }
  return records;
}

// Better Auth's table of users stands beside its keys; it has an id and an email. Empty: it is not here.
std::string users_table(pqxx::work& work, const std::string& keys_table) {
  const auto rows = work.exec(fmt::format(
      "SELECT class.oid::regclass::text FROM pg_class AS class WHERE relname IN ('user', 'users')"
      " AND relkind IN ('r', 'p') AND relnamespace ="
      " (SELECT relnamespace FROM pg_class WHERE oid = tasklane_key_table({}))"
      " AND 2 = (SELECT count(*) FROM pg_attribute WHERE attrelid = class.oid AND attname IN ('id', 'email'))"
      " ORDER BY relname LIMIT 1",
      work.quote(keys_table.empty() ? std::string("jwks") : keys_table)));
  return rows.empty() ? std::string() : rows[0][0].as<std::string>();
}

bool holds(pqxx::work& work, const std::string& expression) {
  return work.exec("SELECT coalesce((" + expression + ")::int, 0)")[0][0].as<int>() != 0;
}

bool is_watched(pqxx::work& work, const std::string& table) {
  return holds(work, fmt::format("EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {}::regclass AND tgname ="
                                 " 'tasklane_user_deleted' AND tgenabled IN ('O', 'A'))",
                                 work.quote(table)));
}

std::vector<std::string> texts(const pqxx::result& rows) {
  std::vector<std::string> found;
  for (const auto& row : rows) found.push_back(row[0].as<std::string>());
  return found;
}

// Users with rows, each once: by the index from one to the next, not by all rows.
constexpr std::string_view kUsersWithRows =
    "RECURSIVE with_tasks AS ("
    " (SELECT user_id FROM tasks ORDER BY user_id LIMIT 1) UNION ALL"
    " SELECT (SELECT user_id FROM tasks WHERE user_id > before.user_id ORDER BY user_id LIMIT 1)"
    " FROM with_tasks AS before WHERE before.user_id IS NOT NULL),"
    " with_rows AS (SELECT user_id FROM with_tasks WHERE user_id IS NOT NULL"
    " UNION SELECT user_id FROM idempotency_keys)";

}  // namespace

std::expected<UserRecord, DatabaseError> look_at_user(const std::string& url, const std::string& id) {
  return in_transaction(url, "looking at a user", [&](pqxx::work& work) {
    const std::string chosen = fmt::format("WITH chosen AS (SELECT {}::text AS user_id)", work.quote(id));
    return records_of(work.exec(chosen + std::string(kRecords))).at(0);
  });
}

std::expected<std::vector<UserRecord>, DatabaseError> look_at_users(const std::string& url,
                                                                    const std::vector<std::string>& ids) {
  return in_transaction(url, "looking at users", [&](pqxx::work& work) {
    std::string quoted;
    for (const std::string& id : ids) quoted += (quoted.empty() ? "" : ",") + work.quote(id);
    return records_of(
        work.exec(fmt::format("WITH chosen AS (SELECT unnest(ARRAY[{}]::text[]) AS user_id)", quoted) +
                  std::string(kRecords)));
  });
}

std::expected<std::vector<UserRecord>, DatabaseError> list_users(const std::string& url,
                                                                 const std::string& after, int count) {
  return in_transaction(url, "listing users", [&](pqxx::work& work) {
    return records_of(
        work.exec(fmt::format("WITH {}, chosen AS (SELECT user_id FROM (SELECT user_id FROM with_rows UNION"
                              " SELECT user_id FROM user_marks) AS known WHERE user_id > {} COLLATE \"C\" "
                              "ORDER BY user_id LIMIT {}){}"
                              " ORDER BY chosen.user_id",
                              kUsersWithRows, work.quote(after), count, kRecords)));
  });
}

std::expected<std::vector<UserRecord>, DatabaseError> heaviest_users(const std::string& url, int count) {
  return in_transaction(url, "looking for the heaviest users", [&](pqxx::work& work) {
    return records_of(work.exec(fmt::format(
        "WITH chosen AS (SELECT user_id FROM tasks GROUP BY user_id ORDER BY count(*) DESC, user_id"
        " LIMIT {}){} ORDER BY sum.tasks DESC, chosen.user_id",
        count, kRecords)));
  });
}

std::expected<bool, DatabaseError> mark_user(const std::string& url, const std::string& id,
                                             std::string_view act) {
  return in_transaction(url, "marking a user", [&](pqxx::work& work) {
    return holds(
        work, fmt::format("SELECT tasklane_mark_user({}, {})", work.quote(id), work.quote(std::string(act))));
  });
}

std::expected<std::int64_t, DatabaseError> delete_user(const std::string& url, const std::string& id) {
  return in_transaction(url, "deleting a user's tasks", [&](pqxx::work& work) {
    return work.exec(fmt::format("SELECT tasklane_delete_user({})", work.quote(id)))[0][0].as<std::int64_t>();
  });
}

std::expected<void, DatabaseError> export_tasks(const std::string& url, const std::string& id,
                                                const std::function<void(std::string_view task)>& take) {
  const auto done = in_transaction(url, "exporting a user's tasks", [&](pqxx::work& work) {
    work.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    std::int64_t last = 0;
    while (true) {
      const auto rows = work.exec(fmt::format(
          "SELECT id, json_build_object('id', id, 'user_id', user_id, 'title', title, 'description',"
          " description, 'completed', completed, 'created_at', {}, 'updated_at', {})::text"
          " FROM tasks WHERE user_id = {} AND id > {} ORDER BY id LIMIT 500",
          TIME("created_at"), TIME("updated_at"), work.quote(id), last));
      if (rows.empty()) return true;
      for (const auto& row : rows) {
        last = row[0].as<std::int64_t>();
        take(row[1].as<std::string>());
      }
    }
  });
  if (!done) return std::unexpected(done.error());
  return {};
}

std::expected<Orphans, DatabaseError> find_orphans(const std::string& url, const std::string& keys_table,
                                                   int count) {
  return in_transaction(url, "looking for rows of users who are gone", [&](pqxx::work& work) {
    Orphans orphans;
    work.exec("SET LOCAL statement_timeout = '10s'");
    orphans.deleted = texts(
        work.exec(fmt::format("SELECT user_id FROM user_marks AS mark WHERE deleted_at IS NOT NULL"
                              " AND (EXISTS (SELECT FROM tasks AS t WHERE t.user_id = mark.user_id)"
                              " OR EXISTS (SELECT FROM idempotency_keys AS k WHERE k.user_id = mark.user_id))"
                              " ORDER BY user_id LIMIT {}",
                              count)));
    const std::string table = users_table(work, keys_table);
    if (table.empty() || !holds(work, fmt::format("has_table_privilege({}, 'SELECT')", work.quote(table))))
      return orphans;
    orphans.users_table = table;
    orphans.watched = is_watched(work, table);
    orphans.unknown = texts(work.exec(
        fmt::format("WITH {} SELECT user_id FROM with_rows WHERE NOT EXISTS"
                    " (SELECT FROM {} AS known WHERE known.id::text = user_id) ORDER BY user_id LIMIT {}",
                    kUsersWithRows, table, count)));
    return orphans;
  });
}

std::expected<bool, DatabaseError> watch_users(const std::string& url, const std::string& keys_table) {
  return in_transaction(url, "watching Better Auth's users", [&](pqxx::work& work) {
    if (!holds(work, "to_regprocedure('tasklane_watch_users(regclass)') IS NOT NULL")) return false;
    const std::string table = users_table(work, keys_table);
    if (table.empty()) return false;
    if (is_watched(work, table)) return true;
    if (holds(work, "current_setting('transaction_read_only') = 'on'")) return false;  // a standby
    if (!holds(work, fmt::format("has_table_privilege({}, 'TRIGGER')", work.quote(table)))) return false;
    work.exec(fmt::format("CALL tasklane_watch_users({}::regclass)", work.quote(table)));
    return true;
  });
}

#undef TIME

}  // namespace tasklane
