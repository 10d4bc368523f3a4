#include "http/router.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace tasklane {

namespace {

struct Method {
  std::string_view name;
  Endpoint endpoint;
};

// What a path offers. `allow` is the Allow header of its 405.
struct Resource {
  std::array<Method, 4> methods;
  std::string_view allow;
};

constexpr Resource kCollection = {
    {{{"GET", Endpoint::list_tasks}, {"POST", Endpoint::create_task}, {"DELETE", Endpoint::delete_tasks}}},
    "GET, HEAD, POST, DELETE"};
constexpr Resource kItem = {{{{"GET", Endpoint::get_task},
                              {"PUT", Endpoint::update_task},
                              {"PATCH", Endpoint::update_task},
                              {"DELETE", Endpoint::delete_task}}},
                            "GET, HEAD, PUT, PATCH, DELETE"};
constexpr Resource kStats = {{{{"GET", Endpoint::task_stats}}}, "GET, HEAD"};
constexpr Resource kComplete = {{{{"PATCH", Endpoint::complete_task}}}, "PATCH"};
constexpr Resource kHealthz = {{{{"GET", Endpoint::healthz}}}, "GET, HEAD"};
constexpr Resource kReadyz = {{{{"GET", Endpoint::readyz}}}, "GET, HEAD"};
constexpr Resource kMetrics = {{{{"GET", Endpoint::metrics}}}, "GET, HEAD"};
constexpr Resource kStatus = {{{{"GET", Endpoint::status}}}, "GET, HEAD"};

// A path cut at its slashes: at most five segments are of interest. A trailing slash makes no segment.
struct Segments {
  std::array<std::string_view, 5> at;
  std::size_t count = 0;
  bool overflow = false;
};

Segments split(std::string_view path) {
  Segments segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    if (path.empty()) break;  // a trailing slash
    if (segments.count == segments.at.size()) {
      segments.overflow = true;
      break;
    }
    segments.at[segments.count++] = path.substr(0, end);
    path.remove_prefix(end);
  }
  return segments;
}

// 0 when it is no positive 63-bit integer in plain decimal: such a task cannot exist.
std::int64_t parse_task_id(std::string_view text) {
  const auto id = parse_number<std::int64_t>(text);
  return id && *id > 0 && text.front() != '0' ? *id : 0;
}

// The resource below /api[/{user}]/tasks, from the segment after "tasks".
const Resource* find_task_resource(const Segments& segments, std::size_t next, Route& route) {
  if (segments.count == next) return &kCollection;
  if (segments.count == next + 1 && segments.at[next] == "stats") return &kStats;
  route.task_id = parse_task_id(segments.at[next]);
  if (segments.count == next + 1) return &kItem;
  if (segments.count != next + 2) return nullptr;
  const std::string_view action = segments.at[next + 1];
  return action == "complete" || action == "toggle-complete" ? &kComplete : nullptr;
}

const Resource* find_resource(const Segments& segments, Route& route) {
  if (segments.overflow || segments.count == 0) return nullptr;
  if (segments.count == 1) {
    if (segments.at[0] == "healthz") return &kHealthz;
    if (segments.at[0] == "readyz") return &kReadyz;
    if (segments.at[0] == "metrics") return &kMetrics;
    if (segments.at[0] == "status") return &kStatus;
    return nullptr;
  }
  if (segments.at[0] != "api") return nullptr;
  if (segments.at[1] == "tasks") return find_task_resource(segments, 2, route);
  // /api/{user_id}/tasks…; /api/auth/… belongs to Better Auth and never is a user's.
  if (segments.count < 3 || segments.at[2] != "tasks") return nullptr;
  route.path_user = percent_decode(segments.at[1]);
  if (!route.path_user || route.path_user->empty() || route.path_user == "auth") return nullptr;
  return find_task_resource(segments, 3, route);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A form's name or value: '+' is a space, and a broken escape stays as sent.
std::string decode_form(std::string_view text) {
  std::string value(text);
  std::ranges::replace(value, '+', ' ');
  return percent_decode(value).value_or(value);
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// With everything escaped that is neither a letter or digit nor among `others`.
std::string escape(std::string_view text, std::string_view others) {
  std::string escaped;
  for (const char c : text) {
    if (is_alphanumeric(c) || others.contains(c)) {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    }
  }
  return escaped;
}

}  // namespace

Result<Route> find_route(const Request& request) {
  const std::string_view target = request.target;
  const auto question = target.find('?');
  Route route{.endpoint = Endpoint::unknown};
  route.path = target.substr(0, question);
  if (question != std::string_view::npos) route.query = target.substr(question + 1);

  const Resource* resource = find_resource(split(route.path), route);
  if (resource == nullptr) return fail(ErrorType::not_found_error, "Not found");

  route.head = request.method == "HEAD";
  const std::string_view method = route.head ? "GET" : std::string_view(request.method);
  const auto found = std::ranges::find(resource->methods, method, &Method::name);
  if (found == resource->methods.end() || method.empty()) {
    return std::unexpected(Error{.type = ErrorType::method_not_allowed,
                                 .detail = "Method not allowed",
                                 .allow = std::string(resource->allow)});
  }
  route.endpoint = found->endpoint;
  return route;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const bool whole = text.size() - i > 2;
    const int high = whole ? hex_digit(text[i + 1]) : -1;
    const int low = whole ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  std::optional<std::string> value;
  while (!query.empty()) {
    std::string_view text = take_until(query, '&');
    const std::string_view key = take_until(text, '=');
    if (decode_form(key) == name) value = decode_form(text);
  }
  return value;
}

std::vector<std::pair<std::string, std::string>> query_parameters(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    std::string_view text = take_until(query, '&');
    std::string name = decode_form(take_until(text, '='));
    parameters.emplace_back(std::move(name), decode_form(text));
  }
  return parameters;
}

std::string percent_encode(std::string_view text) {
  return escape(text, "-._~");
}

std::string path_as_uri(std::string_view path) {
  return escape(path, "-._~!$&'()*+,;=:@/%");
}

}  // namespace tasklane
