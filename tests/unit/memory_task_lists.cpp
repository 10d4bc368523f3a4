// Lists in any order, and the deletion of many tasks. Titles are in the order of their bytes here, and only
// ASCII's letters have cases.

#include <algorithm>
#include <tuple>

#include "base/limits.h"
#include "base/text.h"
#include "memory_task_store.h"

namespace tasklane {

namespace {

bool has_status(bool completed, TaskFilter status) {
  return status == TaskFilter::all || completed == (status == TaskFilter::completed);
}

auto sort_key(const ListPlace& place) {
  return std::tie(place.time, place.title, place.completed, place.id);
}

}  // namespace

MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::list_slice(const UserId& user, const ListSlice& slice,
                                                              TracePtr) {
  if (const auto entered = co_await enter("list_slice"); !entered) co_return std::unexpected(entered.error());
  const auto place = [&](const Record& record) {
    return place_of_task({.id = record.id,
                          .title = record.title,
                          .description = {},
                          .completed = record.completed,
                          .created_at = record.created_at,
                          .updated_at = record.updated_at},
                         slice.order.key);
  };
  const auto goes_before = [&](const ListPlace& one, const ListPlace& other) {
    return slice.order.descending ? sort_key(one) > sort_key(other) : sort_key(one) < sort_key(other);
  };
  const auto contains = [&](std::string_view text) {
    return to_lower(text).contains(to_lower(*slice.filter.search));
  };
  Records found;
  for (const Record& record : users_[user.value()]) {
    if (!has_status(record.completed, slice.filter.status)) continue;
    if (slice.filter.search && !contains(record.title) && !contains(record.description.value_or("")))
      continue;
    if (slice.behind && !goes_before(*slice.behind, place(record))) continue;
    found.push_back(record);
  }
  std::ranges::sort(found, goes_before, place);
  found.erase(found.begin(),
              found.begin() + static_cast<std::ptrdiff_t>(std::min(slice.offset, found.size())));
  found.resize(std::min(found.size(), slice.rows_max));
  std::vector<std::size_t> cut;
  for (std::size_t row = 0; row < found.size(); ++row) {
    if (found[row].description.value_or("").size() <= slice.description_max_bytes) continue;
    found[row].description.reset();
    cut.push_back(row);
  }
  Tasks tasks = answer(std::move(found));
  tasks.cut = std::move(cut);
  co_return tasks;
}

MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::get_some(const UserId& user,
                                                            const std::vector<TaskId>& ids, TracePtr) {
  if (const auto entered = co_await enter("get_some"); !entered) co_return std::unexpected(entered.error());
  Records found;
  for (const Record& record : users_[user.value()]) {
    if (std::ranges::find(ids, record.id) != ids.end()) found.push_back(record);
  }
  co_return answer(std::move(found));
}

MemoryTaskStore::Awaitable<Deletion> MemoryTaskStore::remove_some(const UserId& user, TaskFilter status,
                                                                  TaskId behind, std::optional<TaskId> newest,
                                                                  TracePtr) {
  if (const auto entered = co_await enter("remove_some"); !entered)
    co_return std::unexpected(entered.error());
  Deletion deletion;
  Records& records = users_[user.value()];
  if (!records.empty()) deletion.newest = records.back().id;
  std::erase_if(records, [&](const Record& record) {  // they are in the order of their ids
    const bool goes = deletion.deleted < limits::kDeletedRowsMax && record.id > behind &&
                      record.id <= newest.value_or(record.id) && has_status(record.completed, status);
    if (goes) {
      ++deletion.deleted;
      deletion.last = record.id;
    }
    return goes;
  });
  co_return deletion;
}

MemoryTaskStore::Awaitable<std::optional<KeptDeletion>> MemoryTaskStore::find_deletion(const UserId& user,
                                                                                       const Intent& intent,
                                                                                       TracePtr) {
  if (const auto entered = co_await enter("find_deletion"); !entered)
    co_return std::unexpected(entered.error());
  const auto known = keys_.find({user.value(), intent.key});
  if (known == keys_.end()) co_return std::nullopt;
  if (known->second.fingerprint != intent.fingerprint) co_return key_in_use();
  co_return KeptDeletion{.deleted = static_cast<std::size_t>(known->second.answer.id), .replayed = true};
}

MemoryTaskStore::Awaitable<KeptDeletion> MemoryTaskStore::keep_deletion(const UserId& user,
                                                                        const Intent& intent,
                                                                        std::size_t deleted, TracePtr) {
  if (const auto entered = co_await enter("keep_deletion"); !entered)
    co_return std::unexpected(entered.error());
  Kept kept{.fingerprint = intent.fingerprint, .answer = {}, .stored_at = now};
  kept.answer.id = static_cast<TaskId>(deleted);
  keys_.insert_or_assign({user.value(), intent.key}, std::move(kept));
  co_return KeptDeletion{.deleted = deleted};
}

}  // namespace tasklane
