#pragma once
// Which tasks a list shows, in which order, and where it goes on.

#include <optional>
#include <string>

#include "tasks/task.h"

namespace tasklane {

enum class SortKey { created_at, updated_at, title, completed };

// Tasks with the same key are in the order of their ids, in the same direction.
struct ListOrder {
  SortKey key = SortKey::created_at;
  bool descending = true;

  bool operator==(const ListOrder&) const = default;
};

// A place in a list: behind the task with this key and id. The order says which of the keys counts.
struct ListPlace {
  Timestamp time = 0;  // created_at, updated_at
  std::string title = {};
  bool completed = false;
  TaskId id = 0;
};

// The place of a task in lists of this order.
inline ListPlace place_of_task(const Task& task, SortKey key) {
  ListPlace place{.id = task.id};
  switch (key) {
    case SortKey::created_at:
      place.time = task.created_at;
      break;
    case SortKey::updated_at:
      place.time = task.updated_at;
      break;
    case SortKey::title:
      place.title = task.title;
      break;
    case SortKey::completed:
      place.completed = task.completed;
      break;
  }
  return place;
}

// Which of a user's tasks. `search` is what their title or description contains, whatever the case.
struct ListFilter {
  TaskFilter status = TaskFilter::all;
  std::optional<std::string> search = {};
};

// A part of a list that is read at once.
struct ListSlice {
  ListFilter filter = {};
  ListOrder order = {};
  std::optional<ListPlace> behind = {};  // none: from the beginning
  std::size_t rows_max = 0;
  std::size_t offset = 0;                 // so many of them are passed over
  std::size_t description_max_bytes = 0;  // a longer description is left out: Tasks::cut
};

// What a step of a deletion of many tasks has done.
struct Deletion {
  std::size_t deleted = 0;
  TaskId last = 0;    // the last task that was deleted
  TaskId newest = 0;  // the newest there was before
};

// What the deletion of an intent was answered with.
struct KeptDeletion {
  std::size_t deleted = 0;
  bool replayed = false;  // by an earlier request
};

}  // namespace tasklane
