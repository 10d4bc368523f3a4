#pragma once
// What the database has of users, for `tasklane user`: tasks, idempotency keys and marks
// (sql/0021_user_marks.sql). As the tables' owner, past any pooler. What is Better Auth's it leaves alone but
// for the ids in its table of users.

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/database_error.h"

namespace tasklane {

// Times as the API writes them; empty: never.
struct UserRecord {
  std::string id;
  std::int64_t tasks = 0;
  std::int64_t changed = 0;  // of these, made or changed in the last 24 hours
  std::int64_t bytes = 0;    // of their texts
  std::int64_t keys = 0;     // idempotency keys
  std::string blocked_at;
  std::string signed_out_at;
  std::string deleted_at;

  bool is_known() const {
    return tasks > 0 || keys > 0 || !blocked_at.empty() || !signed_out_at.empty() || !deleted_at.empty();
  }
};

// All zero and empty when there is nothing of this user.
std::expected<UserRecord, DatabaseError> look_at_user(const std::string& url, const std::string& id);

// Of each of them, in any order.
std::expected<std::vector<UserRecord>, DatabaseError> look_at_users(const std::string& url,
                                                                    const std::vector<std::string>& ids);

// Those with an id behind `after`, by id.
std::expected<std::vector<UserRecord>, DatabaseError> list_users(const std::string& url,
                                                                 const std::string& after, int count);

// Those with most tasks, the largest first.
std::expected<std::vector<UserRecord>, DatabaseError> heaviest_users(const std::string& url, int count);

// `act` as tasklane_mark_user has it: block, unblock, sign_out. False: it was so already, or the user is
// deleted.
std::expected<bool, DatabaseError> mark_user(const std::string& url, const std::string& id,
                                             std::string_view act);

// Tasks and keys, for good. Returns how many tasks there were.
std::expected<std::int64_t, DatabaseError> delete_user(const std::string& url, const std::string& id);

// The user's tasks as JSON objects of the API's form, oldest first, each given to `take`. One snapshot.
std::expected<void, DatabaseError> export_tasks(const std::string& url, const std::string& id,
                                                const std::function<void(std::string_view task)>& take);

struct Orphans {
  std::vector<std::string> deleted;  // users with a mark of deletion, and rows all the same
  std::vector<std::string> unknown;  // users with rows that Better Auth's table does not have
  std::string users_table;           // where that is; empty: not in this database, or not to be read
  bool watched = false;              // who is deleted there is deleted here
};

// At most `count` of each kind.
std::expected<Orphans, DatabaseError> find_orphans(const std::string& url, const std::string& keys_table,
                                                   int count);

// Has the deletion of a user in Better Auth's table delete the tasks, where that table is in this database
// and this role may. True: it does now, or did already.
std::expected<bool, DatabaseError> watch_users(const std::string& url, const std::string& keys_table);

}  // namespace tasklane
