#pragma once
// The statements of a deletion of many tasks. docs/adr/0017-lists-in-any-order.md

#include <array>

#include "store/user_statement.h"

namespace tasklane::statements {

inline constexpr std::array kDeleted = {Column{"id", Column::Type::integer},
                                        Column{"newest", Column::Type::integer}};

// One step of a deletion of many: the next 2,000 behind $2 and up to $3, in the order in which locks are
// taken.
inline constexpr UserStatement kDeleteTasks{"delete_tasks", Effect::write, Locks::rows, kDeleted, R"sql(
  DELETE FROM tasks WHERE user_id = $1 AND id IN (
    SELECT id FROM tasks WHERE user_id = $1 AND id > $2 AND id <= $3 AND completed = COALESCE($4, completed)
      ORDER BY id LIMIT 2000 FOR UPDATE)
    RETURNING id, (SELECT max(id) FROM tasks WHERE user_id = $1) AS newest)sql"};

// What a deletion of many was answered with, kept under its key: its count stands for the task's id. Many
// statements make it, so the answer is kept behind them.
inline constexpr std::array kKeptDeletion = {Column{"deleted", Column::Type::integer},
                                             Column{"replayed", Column::Type::boolean},
                                             Column{"same", Column::Type::boolean}};

inline constexpr UserStatement kFindDeletion{"find_deletion", Effect::read, Locks::nothing, kKeptDeletion,
                                             R"sql(
  SELECT id AS deleted, true AS replayed, fingerprint = $3 AS same FROM idempotency_keys
    WHERE user_id = $1 AND key = $2 AND stored_at > now() - interval '24 hours')sql"};

inline constexpr UserStatement kKeepDeletion{"keep_deletion", Effect::write, Locks::key, kKeptDeletion, R"sql(
  WITH known AS (
    SELECT id, fingerprint = $3 AS same FROM idempotency_keys
      WHERE user_id = $1 AND key = $2 AND stored_at > now() - interval '24 hours'),
  expired AS (
    DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND stored_at <= now() - interval '24 hours'
      RETURNING key),
  kept AS (
    INSERT INTO idempotency_keys (user_id, key, fingerprint, id, title, completed, created_at, updated_at)
      SELECT $1, $2, $3, $4::bigint, '', false, now(), now()
        WHERE NOT EXISTS (SELECT FROM known) AND (SELECT count(*) FROM expired) >= 0 RETURNING id)
  SELECT id AS deleted, false AS replayed, true AS same FROM kept
  UNION ALL SELECT id, true, same FROM known)sql"};

}  // namespace tasklane::statements
