#include "memory_task_store.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <stdexcept>
#include <tuple>

#include "base/limits.h"

namespace tasklane {

namespace asio = boost::asio;

asio::awaitable<Result<void>> MemoryTaskStore::enter(const char* operation) {
  calls.emplace_back(operation);
  if (gate) {
    boost::system::error_code opened;
    co_await gate->async_wait(asio::redirect_error(asio::use_awaitable, opened));
  }
  if (!exception.empty()) throw std::runtime_error(exception);
  if (failure && calls.size() > calls_before_failure) co_return std::unexpected(*failure);
  co_return Result<void>();
}

MemoryTaskStore::Record* MemoryTaskStore::find(const UserId& user, TaskId id) {
  Records& records = users_[user.value()];
  const auto found = std::ranges::find(records, id, &Record::id);
  return found == records.end() ? nullptr : &*found;
}

Tasks MemoryTaskStore::answer(Records records, bool versioned) {
  const auto memory = std::make_shared<const Records>(std::move(records));
  Tasks tasks{.rows = {}, .memory = memory};
  for (const Record& record : *memory) {
    tasks.rows.push_back({.id = record.id,
                          .title = record.title,
                          .description = record.description,
                          .completed = record.completed,
                          .created_at = record.created_at,
                          .updated_at = record.updated_at,
                          .version = versioned ? record.version : 0});
  }
  return tasks;
}

Tasks MemoryTaskStore::answer(const Record* record) {
  return answer(record == nullptr ? Records{} : Records{*record});
}

MemoryTaskStore::Record* MemoryTaskStore::make(const UserId& user, const NewTask& task) {
  if (suppresses_inserts) return nullptr;
  ++now;
  Records& records = users_[user.value()];
  records.push_back({++last_id_, task.title, task.description, false, now, now, 1});
  return &records.back();
}

// What `write` leads to, or did lead to when the key was new.
Result<Tasks> MemoryTaskStore::once(const UserId& user, const Intent& intent, const Write& write) {
  const KeyOfUser key{user.value(), intent.key};
  constexpr Timestamp lifetime = std::chrono::microseconds(limits::kIdempotencyKeyLifetime).count();
  const auto known = keys_.find(key);
  if (known == keys_.end() || known->second.stored_at <= now - lifetime) {
    const Record* record = write();
    if (record != nullptr) keys_.insert_or_assign(key, Kept{intent.fingerprint, *record, now});
    return answer(record);
  }
  if (known->second.fingerprint != intent.fingerprint) return key_in_use();
  Tasks tasks = answer(&known->second.answer);
  tasks.replayed = true;
  return tasks;
}

// One of the versions that `terms` name, once where they have an intent.
Result<Tasks> MemoryTaskStore::change(const UserId& user, TaskId id, const Terms& terms,
                                      const std::function<void(Record&)>& write) {
  bool matched = true;
  const Write write_if = [&]() -> const Record* {
    Record* const record = find(user, id);
    if (record == nullptr) return nullptr;
    matched = !terms.if_match || std::ranges::find(*terms.if_match, record->version) != terms.if_match->end();
    if (!matched) return nullptr;
    record->updated_at = ++now;
    ++record->version;
    write(*record);
    return record;
  };
  Result<Tasks> tasks = terms.intent ? once(user, *terms.intent, write_if) : answer(write_if());
  if (!matched) {
    tasks = answer(find(user, id));
    tasks->matched = false;
  }
  return tasks;
}

// A page ends by its rows, never by their bytes.
MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::list(const UserId& user, TaskFilter filter,
                                                        std::optional<ListPage> page, TracePtr) {
  if (const auto entered = co_await enter("list"); !entered) co_return std::unexpected(entered.error());
  const auto place = [](const Record& record) { return std::tuple(record.created_at, record.id); };
  Records found;
  for (const Record& record : users_[user.value()]) {
    const bool shown = filter == TaskFilter::all || record.completed == (filter == TaskFilter::completed);
    if (shown && (!page || place(record) < std::tuple(page->created_at, page->id))) found.push_back(record);
  }
  std::ranges::sort(found, std::ranges::greater(), place);
  const std::size_t most = page ? page->rows_max : limits::kListFirstRowsMax;
  const bool full = found.size() >= most;
  if (full) found.resize(most);
  Tasks tasks = answer(std::move(found), false);
  if (full) tasks.next = page_behind(tasks.rows.back(), most);
  co_return tasks;
}

MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::get(const UserId& user, TaskId id, TracePtr) {
  if (const auto entered = co_await enter("get"); !entered) co_return std::unexpected(entered.error());
  co_return answer(find(user, id));
}

MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::create(const UserId& user, const NewTask& task, TracePtr) {
  if (const auto entered = co_await enter("create"); !entered) co_return std::unexpected(entered.error());
  co_return answer(make(user, task));
}

MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::update(const UserId& user, TaskId id,
                                                          const TaskChange& what, const Terms& terms,
                                                          TracePtr) {
  if (const auto entered = co_await enter("update"); !entered) co_return std::unexpected(entered.error());
  co_return change(user, id, terms, [&](Record& record) {
    record.title = what.title.value_or(record.title);
    record.description = what.description.value_or(record.description);
    record.completed = what.completed.value_or(record.completed);
  });
}

MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::complete(const UserId& user, TaskId id,
                                                            std::optional<bool> completed, const Terms& terms,
                                                            TracePtr) {
  if (const auto entered = co_await enter("complete"); !entered) co_return std::unexpected(entered.error());
  co_return change(user, id, terms,
                   [&](Record& record) { record.completed = completed.value_or(!record.completed); });
}

MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::remove(const UserId& user, TaskId id, const Terms& terms,
                                                          TracePtr) {
  if (const auto entered = co_await enter("remove"); !entered) co_return std::unexpected(entered.error());
  auto removed = change(user, id, terms, [](Record&) {});
  if (removed && removed->matched && !removed->replayed)
    std::erase_if(users_[user.value()], [&](const Record& record) { return record.id == id; });
  co_return removed;
}

MemoryTaskStore::Awaitable<Tasks> MemoryTaskStore::create_once(const UserId& user, const Intent& intent,
                                                               const NewTask& task, TracePtr) {
  if (const auto entered = co_await enter("create_once"); !entered)
    co_return std::unexpected(entered.error());
  co_return once(user, intent, [&] { return make(user, task); });
}

MemoryTaskStore::Awaitable<TaskStats> MemoryTaskStore::stats(const UserId& user, TracePtr) {
  if (const auto entered = co_await enter("stats"); !entered) co_return std::unexpected(entered.error());
  TaskStats stats{.total = 0, .completed = 0, .state = 0};
  for (const Record& record : users_[user.value()]) {
    ++stats.total;
    stats.completed += record.completed ? 1 : 0;
    stats.state ^= std::hash<std::string>()(std::to_string(record.id) + ':' + std::to_string(record.version));
  }
  co_return stats;
}

}  // namespace tasklane
