#include "schema/restoration.h"

#include <fmt/format.h>

#include "schema/synchronous.h"

namespace tasklane {

namespace {

constexpr std::string_view kApiRole = "tasklane_api";

// Of a role, {0}. In an older schema not all of these things are there.
constexpr std::string_view kOwns =
    "SELECT pg_has_role({0}, relowner, 'USAGE') FROM pg_class WHERE oid = 'tasks'::regclass";
constexpr std::string_view kHasRights =
    "has_table_privilege({0}, 'tasks', 'DELETE')"
    " AND coalesce(has_table_privilege({0}, to_regclass('idempotency_keys'), 'DELETE'), true)"
    " AND coalesce(has_function_privilege({0}, to_regprocedure('tasklane_public_keys_in(text)'), 'EXECUTE'), "
    "true)"
    " AND coalesce(has_table_privilege({0}, to_regclass('user_marks'), 'SELECT'), true)";
constexpr std::string_view kHasSettings =
    "EXISTS (SELECT FROM pg_db_role_setting AS of_role, unnest(setconfig) AS setting"
    " WHERE setrole = quote_ident({0})::regrole AND setting LIKE 'statement_timeout=%')";

// One transaction; what it throws as an error.
template <typename Work>
auto in_transaction(const std::string& url, std::string_view doing, Work work_of)
    -> std::expected<decltype(work_of(std::declval<pqxx::connection&>(), std::declval<pqxx::work&>())),
                     DatabaseError> {
  try {
    pqxx::connection connection(bounded_url(url));
    pqxx::work work(connection);
    work.exec("SET LOCAL client_min_messages = warning");
    auto result = work_of(connection, work);
    work.commit();
    return result;
  } catch (const pqxx::failure&) {
    return std::unexpected(current_database_error(doing, url));
  }
}

bool holds(pqxx::work& work, const std::string& expression) {
  return work.exec("SELECT coalesce((" + expression + ")::int, 0)")[0][0].as<int>() != 0;
}

std::vector<std::string> texts(const pqxx::result& rows) {
  std::vector<std::string> found;
  for (const auto& row : rows) found.push_back(row[0].as<std::string>());
  return found;
}

bool exists(pqxx::work& work, const std::string& role) {
  return holds(work, fmt::format("EXISTS (SELECT FROM pg_roles WHERE rolname = {})", work.quote(role)));
}

// An owner needs a place for its tables, and the role that restores gives them to it.
void act_for(pqxx::connection& connection, pqxx::work& work, const std::string& owner) {
  if (holds(work, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")) return;
  const std::string name = connection.quote_name(owner);
  if (!holds(work, fmt::format("pg_has_role({}, 'USAGE')", work.quote(owner))))
    work.exec(fmt::format("GRANT {} TO CURRENT_USER", name));
  if (!holds(work, fmt::format("has_schema_privilege({}, 'public', 'CREATE')", work.quote(owner))))
    work.exec(fmt::format("GRANT USAGE, CREATE ON SCHEMA public TO {}", name));
}

}  // namespace

std::expected<ServerFacts, DatabaseError> look_at_server(const std::string& url) {
  return in_transaction(url, "looking at the database", [](pqxx::connection&, pqxx::work& work) {
    const pqxx::result server = work.exec(
        "SELECT current_setting('server_version_num')::int / 10000, current_user, current_database()");
    constexpr char kRelations[] =
        "SELECT class.oid::regclass::text FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = "
        "relnamespace"
        " WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname NOT IN ('pg_catalog', "
        "'information_schema')"
        " AND nspname NOT LIKE 'pg\\_%' AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = class.oid AND "
        "deptype = 'e')";
    return ServerFacts{
        .major = server[0][0].as<int>(),
        .role = server[0][1].as<std::string>(),
        .database = server[0][2].as<std::string>(),
        .relations = texts(work.exec(std::string(kRelations) + " ORDER BY 1")),
        .unreadable = texts(work.exec(std::string(kRelations) +
                                      " AND NOT has_table_privilege(class.oid, 'SELECT') ORDER BY 1"))};
  });
}

std::expected<std::vector<std::string>, DatabaseError> make_roles(const std::string& url,
                                                                  const std::set<std::string>& owners,
                                                                  const std::set<std::string>& others) {
  std::string doing;  // what an administrator would have to run
  const auto made = in_transaction(url, "making roles", [&](pqxx::connection& connection, pqxx::work& work) {
    std::vector<std::string> names;
    std::set<std::string> all = owners;
    all.insert(others.begin(), others.end());
    for (const std::string& role : all) {
      if (exists(work, role)) continue;
      doing = fmt::format("CREATE ROLE {}", connection.quote_name(role));
      work.exec(doing);
      names.push_back(role);
    }
    for (const std::string& owner : owners) {
      doing = fmt::format("GRANT {} TO the role that restores", connection.quote_name(owner));
      act_for(connection, work, owner);
    }
    return names;
  });
  if (made || doing.empty()) return made;
  DatabaseError error = made.error();
  error.sentence += fmt::format("; an administrator has to run: {}", doing);
  return std::unexpected(std::move(error));
}

std::expected<bool, DatabaseError> admit(const std::string& url, const Login& login) {
  return in_transaction(
      url, fmt::format("giving role {} its login", login.role),
      [&](pqxx::connection& connection, pqxx::work& work) {
        const std::string name = connection.quote_name(login.role);
        if (holds(work,
                  fmt::format("SELECT rolcanlogin FROM pg_roles WHERE rolname = {}", work.quote(login.role))))
          return false;
        if (!exists(work, login.role)) work.exec(fmt::format("CREATE ROLE {}", name));
        const std::string password = login.verifier.empty() ? "" : " PASSWORD " + work.quote(login.verifier);
        work.exec(fmt::format("ALTER ROLE {} LOGIN{}", name, password));
        return true;
      });
}

std::expected<void, DatabaseError> grant_again(const std::string& url, const std::string& role) {
  const auto done = in_transaction(url, "giving rights", [&](pqxx::connection&, pqxx::work& work) {
    work.exec(
        "DO $do$ DECLARE role regrole; BEGIN"
        " FOR role IN SELECT DISTINCT acl.grantee FROM pg_class, aclexplode(relacl) AS acl WHERE "
        "pg_class.oid ="
        " 'tasks'::regclass AND acl.privilege_type = 'DELETE' AND acl.grantee NOT IN (0, relowner)"
        " LOOP CALL tasklane_grant(role); END LOOP; END $do$");
    work.exec(fmt::format("CALL tasklane_grant(quote_ident({})::regrole)", work.quote(role)));
    return true;
  });
  if (!done) return std::unexpected(done.error());
  return {};
}

std::expected<int, DatabaseError> expire_keys(const std::string& url, const std::string& keys_table) {
  return in_transaction(url, "ending the signing keys", [&](pqxx::connection&, pqxx::work& work) {
    constexpr std::string_view kColumn =
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = tasklane_key_table({0}) AND attname "
        "IN "
        "('expiresAt', 'expires_at')";
    const auto table = work.exec(fmt::format("SELECT tasklane_key_table({})::text", work.quote(keys_table)));
    const auto column = texts(work.exec(fmt::format(fmt::runtime(kColumn), work.quote(keys_table))));
    if (table[0][0].is_null()) return 0;
    const auto name = table[0][0].as<std::string>();
    // A table without times of expiry, of Better Auth before it had them: the newest key signs, so all have
    // to go.
    const std::string statement =
        column.empty()
            ? fmt::format("DELETE FROM {}", name)
            : fmt::format("UPDATE {0} SET {1} = now() WHERE {1} IS NULL OR {1} > now()", name, column[0]);
    return static_cast<int>(work.exec(statement).affected_rows());
  });
}

std::expected<SessionFacts, DatabaseError> look_at_session(const std::string& url) {
  return in_transaction(url, "looking at the session", [](pqxx::connection&, pqxx::work& work) {
    const auto row = work.exec("SELECT current_user, (current_setting('transaction_read_only') = 'on')::int");
    return SessionFacts{.role = row[0][0].as<std::string>(), .read_only = row[0][1].as<int>() != 0};
  });
}

std::expected<KeyFacts, DatabaseError> look_at_keys(const std::string& url, const std::string& keys_table) {
  return in_transaction(url, "looking at keys", [&](pqxx::connection&, pqxx::work& work) {
    const auto table = work.exec(fmt::format("SELECT tasklane_key_table({})::text", work.quote(keys_table)));
    if (table[0][0].is_null()) return KeyFacts{};
    const auto row =
        work.exec(fmt::format("SELECT count(*), extract(epoch FROM now() - max(coalesce(fields->>'createdAt',"
                              " fields->>'created_at')::timestamptz))::bigint FROM (SELECT to_jsonb(j) AS "
                              "fields FROM {} AS j) AS k",
                              table[0][0].as<std::string>()));
    KeyFacts keys{.count = row[0][0].as<std::int64_t>(), .newest_age_seconds = std::nullopt};
    if (!row[0][1].is_null()) keys.newest_age_seconds = row[0][1].as<std::int64_t>();
    return keys;
  });
}

std::expected<std::vector<std::string>, DatabaseError> undone_for(const std::string& url,
                                                                  const std::string& role) {
  return in_transaction(url, "looking at roles", [&](pqxx::connection&, pqxx::work& work) {
    const std::string name = exists(work, role) ? role : std::string(kApiRole);
    std::vector<std::string> undone;
    const auto tell = [&](std::string_view sentence) {
      undone.push_back(fmt::format(fmt::runtime(sentence), name));
    };
    if (!exists(work, name)) {
      tell(
          "the role {0} is missing and may not be created by this one; an administrator runs CREATE ROLE {0},"
          " then the owner: CALL tasklane_grant('{0}')");
      return undone;
    }
    const auto is_so = [&](std::string_view condition) {
      return holds(work, fmt::format(fmt::runtime(condition), work.quote(name)));
    };
    if (is_so(kOwns)) return undone;
    if (!is_so(kHasRights))
      tell("the role {0} has no rights on the tables: the owner runs CALL tasklane_grant('{0}')");
    if (!is_so(kHasSettings)) {
      tell(
          "the role {0} has none of its settings (statement_timeout and others), since this one may not alter"
          " it: an administrator runs CALL tasklane_grant('{0}')");
    }
    return undone;
  });
}

}  // namespace tasklane
