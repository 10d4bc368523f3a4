#include "base/endpoint.h"

#include <algorithm>

namespace tasklane {

namespace {

struct Labels {
  std::string_view spelling;
  std::string_view route;
  std::string_view method;
};

// By Endpoint.
constexpr std::array<Labels, kEndpoints> kLabels = {{
    {"list_tasks", "/api/tasks", "GET"},
    {"create_task", "/api/tasks", "POST"},
    {"get_task", "/api/tasks/{id}", "GET"},
    {"update_task", "/api/tasks/{id}", "PUT"},
    {"delete_task", "/api/tasks/{id}", "DELETE"},
    {"delete_tasks", "/api/tasks", "DELETE"},
    {"complete_task", "/api/tasks/{id}/complete", "PATCH"},
    {"task_stats", "/api/tasks/stats", "GET"},
    {"healthz", "/healthz", "GET"},
    {"readyz", "/readyz", "GET"},
    {"metrics", "/metrics", "GET"},
    {"status", "/status", "GET"},
    {"unknown", "other", "other"},
}};

}  // namespace

std::string_view spelling(Endpoint endpoint) {
  return kLabels[static_cast<std::size_t>(endpoint)].spelling;
}

std::string_view route_label(Endpoint endpoint) {
  return kLabels[static_cast<std::size_t>(endpoint)].route;
}

std::string_view method_label(Endpoint endpoint) {
  return kLabels[static_cast<std::size_t>(endpoint)].method;
}

std::size_t method_index(std::string_view method) {
  const auto found = std::find(kMethods.begin(), kMethods.end() - 1, method);
  return static_cast<std::size_t>(found - kMethods.begin());
}

}  // namespace tasklane
