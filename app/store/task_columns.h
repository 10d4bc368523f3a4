#pragma once
// What the statements return of a task: the text of their lists of columns, and how each column is read.

#include <array>

#include "store/user_statement.h"

namespace tasklane::statements {

// `description` is how the one column that can be long is read.
#define TASK_COLUMNS_WITH(description) "id, title, " description ", completed, created_at, updated_at"
#define TASK_COLUMNS TASK_COLUMNS_WITH("description")

inline constexpr std::array kTask = {
    Column{"id", Column::Type::integer},           Column{"title", Column::Type::text},
    Column{"description", Column::Type::text},     Column{"completed", Column::Type::boolean},
    Column{"created_at", Column::Type::timestamp}, Column{"updated_at", Column::Type::timestamp}};

}  // namespace tasklane::statements
