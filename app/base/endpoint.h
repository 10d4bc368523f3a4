#pragma once
// The endpoints there are, and the few methods: the bounded labels by which requests are counted and logged.

#include <array>
#include <cstddef>
#include <string_view>

namespace tasklane {

// Also the first index of WorkerMetrics::requests.
enum class Endpoint {
  list_tasks,
  create_task,
  get_task,
  update_task,
  delete_task,
  delete_tasks,
  complete_task,
  task_stats,
  healthz,
  readyz,
  metrics,
  status,
  unknown,  // no endpoint: 404 or 405
};
inline constexpr std::size_t kEndpoints = 13;

std::string_view spelling(Endpoint endpoint);

// The path's template, such as /api/tasks/{id}, for both of the paths that mean it; "other" for `unknown`.
std::string_view route_label(Endpoint endpoint);
// The method that leads to an endpoint (HEAD leads where GET does); "other" for `unknown`.
std::string_view method_label(Endpoint endpoint);

// A client can name a method as it likes: the last one stands for all others.
inline constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST", "PUT",
                                                             "PATCH", "DELETE", "other"};
std::size_t method_index(std::string_view method);

}  // namespace tasklane
