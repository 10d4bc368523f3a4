#include "tasks/list_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"
#include "http/router.h"
#include "tasks/list_cursor.h"

namespace tasklane {

namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 4> kSortKeys = {"created_at", "updated_at", "title", "completed"};

std::unexpected<Error> bad_query(std::string_view name, std::string sentence, std::string_view type) {
  Error error{.type = ErrorType::validation_error, .detail = sentence};
  error.errors.push_back(
      {.loc = {"query", std::string(name)}, .msg = std::move(sentence), .type = std::string(type)});
  return std::unexpected(std::move(error));
}

// The last one.
const std::string* find_last(const Parameters& parameters, std::string_view name) {
  const auto found =
      std::ranges::find(parameters.rbegin(), parameters.rend(), name, &Parameters::value_type::first);
  return found == parameters.rend() ? nullptr : &found->second;
}

// The only one, or null.
Result<const std::string*> find_one(const Parameters& parameters, std::string_view name) {
  if (std::ranges::count(parameters, name, &Parameters::value_type::first) > 1)
    return bad_query(name, fmt::format("Query parameter {} must be given once", name), "duplicate");
  return find_last(parameters, name);
}

std::unexpected<Error> bad_status(std::string_view values) {
  return bad_query("status", fmt::format("Query parameter status must be one of {}", values), "enum");
}

std::optional<TaskFilter> status_of(std::string_view value) {
  if (value == "completed") return TaskFilter::completed;
  if (value == "active" || value == "pending") return TaskFilter::active;
  if (value == "all") return TaskFilter::all;
  return std::nullopt;
}

// `status` and its older spelling `completed`; with both, `status` decides.
Result<TaskFilter> read_status(const Parameters& parameters) {
  TaskFilter filter = TaskFilter::all;
  if (const std::string* completed = find_last(parameters, "completed")) {
    if (*completed != "true" && *completed != "false")
      return bad_query("completed", "Query parameter completed must be true or false", "enum");
    filter = *completed == "true" ? TaskFilter::completed : TaskFilter::active;
  }
  const std::string* const status = find_last(parameters, "status");
  if (status == nullptr) return filter;
  const auto known = status_of(*status);
  if (!known) return bad_status("completed, active, pending, all");
  return *known;
}

// A whole number as it is usually written: digits, and no zero before them.
Result<std::optional<std::size_t>> read_number(const Parameters& parameters, std::string_view name,
                                               std::size_t least, std::size_t most) {
  const auto text = find_one(parameters, name);
  if (!text) return std::unexpected(text.error());
  if (*text == nullptr) return std::nullopt;
  const std::string& digits = **text;
  const auto number = parse_number<std::size_t>(digits);
  const bool usual = digits == "0" || !digits.starts_with('0');
  if (!number || !usual || *number < least || *number > most) {
    return bad_query(name,
                     fmt::format("Query parameter {} must be a number from {} to {}", name, least, most),
                     "int_range");
  }
  return *number;
}

Result<ListOrder> read_order(const Parameters& parameters) {
  const auto sort = find_one(parameters, "sort");
  if (!sort) return std::unexpected(sort.error());
  const auto direction = find_one(parameters, "order");
  if (!direction) return std::unexpected(direction.error());
  ListOrder order;
  if (*sort != nullptr) {
    const auto* const found = std::ranges::find(kSortKeys, **sort);
    if (found == kSortKeys.end())
      return bad_query(
          "sort", fmt::format("Query parameter sort must be one of {}", fmt::join(kSortKeys, ", ")), "enum");
    order.key = static_cast<SortKey>(found - kSortKeys.begin());
  }
  order.descending = order.key != SortKey::title;
  if (*direction == nullptr) return order;
  if (**direction != "asc" && **direction != "desc")
    return bad_query("order", "Query parameter order must be asc or desc", "enum");
  order.descending = **direction == "desc";
  return order;
}

Result<std::optional<std::string>> read_search(const Parameters& parameters) {
  const auto text = find_one(parameters, "q");
  if (!text) return std::unexpected(text.error());
  if (*text == nullptr) return std::nullopt;
  const auto whole = count_code_points(**text);
  if (!whole) return bad_query("q", "Query parameter q must be UTF-8 without U+0000", "string_unicode");
  const std::string_view trimmed = trim_white_space(**text);
  const std::size_t length = count_code_points(trimmed).value_or(0);
  if (length < 1 || length > limits::kSearchMaxCodePoints) {
    return bad_query(
        "q", fmt::format("Query parameter q must be 1 to {} characters", limits::kSearchMaxCodePoints),
        length == 0 ? "string_too_short" : "string_too_long");
  }
  return std::string(trimmed);
}

// Where the list begins: `limit`, `offset` and `cursor`.
Result<void> read_page(const Parameters& parameters, ListQuery& query) {
  const auto limit = read_number(parameters, "limit", 1, limits::kListLimitMax);
  if (!limit) return std::unexpected(limit.error());
  const auto offset = read_number(parameters, "offset", 0, limits::kListOffsetMax);
  if (!offset) return std::unexpected(offset.error());
  const auto cursor = find_one(parameters, "cursor");
  if (!cursor) return std::unexpected(cursor.error());
  if (*offset && !*limit) return bad_query("offset", "Query parameter offset needs limit", "unexpected");
  if (*offset && *cursor != nullptr)
    return bad_query("offset", "Query parameter offset cannot be used with cursor", "unexpected");
  query.limit = *limit;
  query.offset = offset->value_or(0);
  if (*cursor == nullptr) return {};
  if (!query.limit) query.limit = limits::kListLimitDefault;
  query.behind = read_cursor(**cursor, query.order, query.filter);
  if (!query.behind)
    return bad_query("cursor",
                     "Query parameter cursor is none of this list's: its order or filter is another one",
                     "cursor_mismatch");
  return {};
}

}  // namespace

Result<ListQuery> read_list_query(std::string_view text) {
  ListQuery query;
  if (text.empty()) return query;
  const Parameters parameters = query_parameters(text);
  const auto status = read_status(parameters);
  if (!status) return std::unexpected(status.error());
  query.filter.status = *status;
  const auto order = read_order(parameters);
  if (!order) return std::unexpected(order.error());
  query.order = *order;
  auto search = read_search(parameters);
  if (!search) return std::unexpected(std::move(search.error()));
  query.filter.search = std::move(*search);
  if (auto page = read_page(parameters, query); !page) return std::unexpected(std::move(page.error()));
  query.plain = !query.limit && !query.filter.search && query.order == ListOrder();
  return query;
}

Result<TaskFilter> read_deletion_query(std::string_view text) {
  const Parameters parameters = query_parameters(text);
  for (const std::string_view name : {"completed", "limit", "cursor", "offset", "sort", "order", "q"}) {
    if (find_last(parameters, name) != nullptr)
      return bad_query(
          name, fmt::format("Query parameter {} cannot be used here: status alone says what goes", name),
          "unexpected");
  }
  const auto status = find_one(parameters, "status");
  if (!status) return std::unexpected(status.error());
  if (*status == nullptr)
    return bad_query("status", "Query parameter status is required: completed, active or all", "missing");
  const auto known = status_of(**status);
  if (!known || **status == "pending") return bad_status("completed, active, all");
  return *known;
}

std::string link_to_next(std::string_view path, const ListQuery& query, const ListPlace& last) {
  std::string target = fmt::format("{}?limit={}", path_as_uri(path), query.limit.value_or(0));
  if (query.filter.status != TaskFilter::all)
    target += query.filter.status == TaskFilter::completed ? "&status=completed" : "&status=active";
  if (query.order != ListOrder()) {
    target += fmt::format("&sort={}&order={}", kSortKeys[static_cast<std::size_t>(query.order.key)],
                          query.order.descending ? "desc" : "asc");
  }
  if (query.filter.search) target += "&q=" + percent_encode(*query.filter.search);
  target += "&cursor=" + write_cursor(last, query.order, query.filter);
  return fmt::format(R"(<{}>; rel="next")", target);
}

}  // namespace tasklane
