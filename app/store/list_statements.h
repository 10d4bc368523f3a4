#pragma once
// The statements of lists in any order. docs/adr/0017-lists-in-any-order.md
//
// A slice of a list: the tasks behind the place ($2, $3), at most $4, past the first $5. A description of
// more than $6 bytes is left out and told as cut; octet_length reads no text that is stored out of line.
// Where there is no place yet, $2 and $3 are before all there can be, or null for titles.

#include "store/task_columns.h"

namespace tasklane::statements {

// And whether the description is left out.
inline constexpr auto kSlicedTask = with(kTask, Column{"cut", Column::Type::boolean});

#define SELECT_SLICE \
  "SELECT " TASK_COLUMNS_WITH("CASE WHEN octet_length(description) <= $6::bigint THEN description END AS " \
                              "description") ", COALESCE(octet_length(description) > $6, false) AS cut"   \
                                             " FROM tasks WHERE user_id = $1"
#define BEHIND(key, compares) " AND (" key ", id) " compares " ($2, $3)"
#define SLICE_ORDER(key, direction) " ORDER BY " key " " direction ", id " direction " LIMIT $4 OFFSET $5"

// In the order of an index, all tasks or those with a status: as quick as any list.
#define INDEXED_SLICE(compares, direction, filter) \
  SELECT_SLICE filter BEHIND("created_at", compares) SLICE_ORDER("created_at", direction)

inline constexpr UserStatement kSliceNewest{"slice_newest", Effect::read, Locks::nothing, kSlicedTask,
                                            INDEXED_SLICE("<", "DESC", "")};
inline constexpr UserStatement kSliceOldest{"slice_oldest", Effect::read, Locks::nothing, kSlicedTask,
                                            INDEXED_SLICE(">", "ASC", "")};
inline constexpr UserStatement kSliceNewestByCompletion{"slice_newest_by_completion", Effect::read,
                                                        Locks::nothing, kSlicedTask,
                                                        INDEXED_SLICE("<", "DESC", " AND completed = $7")};
inline constexpr UserStatement kSliceOldestByCompletion{"slice_oldest_by_completion", Effect::read,
                                                        Locks::nothing, kSlicedTask,
                                                        INDEXED_SLICE(">", "ASC", " AND completed = $7")};

// The rest reads all of a user's tasks: what is searched for is $7, the state $8, or null.
//
// A letter and its other cases become one: lower case first, since some letters have no upper case of their
// own (the Kelvin sign, the capital sharp s); then upper case, which has no final sigma and no sharp s. ASCII
// alone takes a quarter of the time.
#define ICU " COLLATE \"und-x-icu\""
#define FOLDED(text)                                                          \
  "CASE WHEN octet_length(" text ") = char_length(" text ") THEN upper(" text \
  " COLLATE \"C\") ELSE upper(lower(" text ICU ")) COLLATE \"C\" END"
#define FOUND_IN(text) "strpos(" FOLDED(text) ", (SELECT " FOLDED("$7::text") "))"
#define SEARCHED                                                                            \
  " AND completed = COALESCE($8, completed) AND CASE WHEN $7::text IS NULL THEN true ELSE " \
  "GREATEST(" FOUND_IN("title") ", " FOUND_IN("description") ") > 0 END"

#define LONG_SLICE(key, compares, direction) \
  SELECT_SLICE SEARCHED BEHIND(key, compares) SLICE_ORDER(key, direction)
#define TITLE_SLICE(compares, direction)                                                              \
  SELECT_SLICE SEARCHED " AND CASE WHEN $2::text IS NULL THEN true ELSE (title" ICU ", id) " compares \
                        " ($2, $3) END" SLICE_ORDER("title" ICU, direction)

inline constexpr UserStatement kScanNewest{"scan_newest", Effect::long_read, Locks::nothing, kSlicedTask,
                                           LONG_SLICE("created_at", "<", "DESC")};
inline constexpr UserStatement kScanOldest{"scan_oldest", Effect::long_read, Locks::nothing, kSlicedTask,
                                           LONG_SLICE("created_at", ">", "ASC")};
inline constexpr UserStatement kSortByUpdateDown{"sort_by_update_down", Effect::long_read, Locks::nothing,
                                                 kSlicedTask, LONG_SLICE("updated_at", "<", "DESC")};
inline constexpr UserStatement kSortByUpdateUp{"sort_by_update_up", Effect::long_read, Locks::nothing,
                                               kSlicedTask, LONG_SLICE("updated_at", ">", "ASC")};
inline constexpr UserStatement kSortByTitleDown{"sort_by_title_down", Effect::long_read, Locks::nothing,
                                                kSlicedTask, TITLE_SLICE("<", "DESC")};
inline constexpr UserStatement kSortByTitleUp{"sort_by_title_up", Effect::long_read, Locks::nothing,
                                              kSlicedTask, TITLE_SLICE(">", "ASC")};
inline constexpr UserStatement kSortByCompletionDown{"sort_by_completion_down", Effect::long_read,
                                                     Locks::nothing, kSlicedTask,
                                                     LONG_SLICE("completed", "<", "DESC")};
inline constexpr UserStatement kSortByCompletionUp{"sort_by_completion_up", Effect::long_read, Locks::nothing,
                                                   kSlicedTask, LONG_SLICE("completed", ">", "ASC")};

// Those whose descriptions were left out.
inline constexpr UserStatement kGetTasks{"get_tasks", Effect::read, Locks::nothing, kTask,
                                         "SELECT " TASK_COLUMNS
                                         " FROM tasks WHERE user_id = $1 AND id = ANY ($2::bigint[])"};

#undef SELECT_SLICE
#undef BEHIND
#undef SLICE_ORDER
#undef INDEXED_SLICE
#undef ICU
#undef FOLDED
#undef FOUND_IN
#undef SEARCHED
#undef LONG_SLICE
#undef TITLE_SLICE

}  // namespace tasklane::statements
