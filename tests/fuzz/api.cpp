// Whole requests through Api, with the in-memory store: two users in turns, each answer against the model.

#include "api/api.h"
#include "api_model.h"
#include "awaiting.h"
#include "bodies.h"
#include "memory_task_store.h"
#include "users.h"

using namespace tasklane;
using namespace tasklane::fuzz;

namespace {

constexpr UnixTime kNow = 1'700'000'000;

std::string authorization_of(const std::string& subject) {
  return "Bearer " +
         issue_token(
             {.subject = subject, .issued_at = kNow, .expires_at = kNow + 3600, .issuer = {}, .audience = {}},
             kTestSecret);
}

class Session {
 public:
  explicit Session(FuzzedDataProvider& input) : input_(input) {}

  void request() {
    user_ = input_.ConsumeBool() ? &alice_ : &bob_;
    switch (input_.ConsumeIntegralInRange(0, 10)) {
      case 0:
        return list();
      case 1:
      case 2:
        return create();
      case 3:
        return get();
      case 4:
        return update();
      case 5:
        return remove();
      case 6:
        return complete();
      case 7:
        return walk();
      case 8:
        return remove_many();
      case 9:
        return stats();
      default:
        return stranger();
    }
  }

 private:
  Response send(std::string_view method, std::string target, std::string body = {}, std::string_view key = {},
                std::optional<std::string_view> if_match = {}, std::string_view if_none_match = {}) {
    static const std::string alice = authorization_of("alice"), bob = authorization_of("bob");
    Request request{};
    request.method = method;
    request.target = target;
    request.authorization = user_ == &alice_ ? alice : bob;
    request.request_id = "id";
    if (!key.empty()) request.idempotency_key = key;
    request.if_match = if_match;
    request.if_none_match = if_none_match;
    request.content_type = body.empty() ? "" : "application/json; charset=UTF-8";
    request.body = std::move(body);
    request.received = request.read = std::chrono::steady_clock::now();
    Response response = await(loop_, api_.handle(std::move(request)));
    response.body = whole_body(loop_, response);
    api_.written(response);
    return response;
  }
  // Both spellings of the path.
  std::string path(std::string_view rest = {}) {
    return input_.ConsumeBool() ? fmt::format("/api/tasks{}", rest)
                                : fmt::format("/api/{}/tasks{}", user_->name(), rest);
  }
  // One of the user's tasks, the other's, or none at all.
  std::int64_t pick_id() {
    const User& other =
        input_.ConsumeIntegralInRange(0, 3) == 0 ? (user_ == &alice_ ? bob_ : alice_) : *user_;
    if (other.tasks.empty()) return input_.ConsumeIntegral<std::int64_t>();
    return other.tasks[input_.ConsumeIntegral<std::uint8_t>() % other.tasks.size()].id;
  }
  std::string_view pick_key() {
    return input_.ConsumeIntegralInRange(0, 2) == 0 ? input_.ConsumeBool() ? "k1" : "\"k2\"" : "";
  }

  // If-Match of a task that may be there: what is sent, and what it asks for.
  struct Condition {
    std::optional<std::string> header = {};
    bool sound = true, matches = true;
    std::string meaning = {};  // for a key
  };
  Condition pick_condition(std::int64_t id) {
    const ModelTask* const task = user_->find(id);
    const std::int64_t version = task == nullptr ? 1 : task->version;
    switch (input_.ConsumeIntegralInRange(0, 9)) {
      case 0:
        return {.header = "*"};
      case 1:
        return {.header = fmt::format("\"{}\"", version), .meaning = fmt::format(" if {}", version)};
      case 2:
        return {.header = fmt::format("W/\"{}\" , \"{}\",", version, version),
                .meaning = fmt::format(" if {}", version)};
      case 3:
        return {.header = fmt::format("W/\"{}\"", version), .matches = false, .meaning = " if "};
      case 4:
        return {.header = fmt::format("\"{}\", \"x\"", version + 1),
                .matches = false,
                .meaning = fmt::format(" if {}", version + 1)};
      case 5:
        return {.header = input_.PickValueInArray({"", "1", "\"1", "\"1\" \"2\"", "*,*", ","}),
                .sound = false};
      default:
        return {};
    }
  }
  static void require_mismatch(const Response& response, const ModelTask& task) {
    require_problem(response, 412, "precondition_failed");
    require(header_of(response, "ETag") == User::tag(task), "412 tells the version of now");
  }
  void require_changed(const Response& response, ModelTask& task) {
    ++task.version;
    require(response.status == 200 && header_of(response, "ETag") == User::tag(task), "a change adds one");
    user_->require_task(json_of(response), task, true);
  }

  void list() {
    const Query query = input_.PickValueInArray(kQueries);
    const std::string method = input_.ConsumeBool() ? "GET" : "HEAD";
    const Response response = send(method, path(query.text));
    if (!query.sound) return require_problem(response, 400, "validation_error");
    user_->require_list(response, query.completed);
    const std::string tag = header_of(response, "ETag");
    if (tag.empty()) return;
    require(tag.starts_with("W/"), "a list's tag is weak");
    const Response again = send(method, path(query.text), {}, {}, {}, tag);
    require(again.status == 304 && again.body.empty() && header_of(again, "ETag") == tag, "a list is known");
  }

  // From page to page, as the Link header leads.
  void walk() {
    const Pages pages = make_pages(input_);
    const std::vector<std::int64_t> expected = user_->ids_of(pages);
    std::string target = path(pages.query);
    std::size_t at = 0;
    while (!target.empty()) {
      const Response response = send("GET", target);
      const JsonValue page = json_of(response);
      require(response.status == 200 && page.array() != nullptr, "a page is an array");
      require(page.array()->size() == std::min(pages.limit, expected.size() - at),
              "a page is full, or the last");
      for (const JsonValue& json : *page.array()) {
        const std::int64_t id = *json.find("id")->integer();
        require(id == expected[at++], "pages are in order");
        user_->require_task(json, *user_->find(id), false);
      }
      const std::string link = header_of(response, "Link");
      require(link.empty() == (at == expected.size()), "a Link leads on while there are more");
      target = link.empty() ? link : link.substr(1, link.find('>') - 1);
    }
  }

  void remove_many() {
    constexpr std::array kStatuses = {"?status=completed", "?status=active", "?status=all", "",
                                      "?status=all&q=a"};
    const auto dice = input_.ConsumeIntegralInRange<std::size_t>(0, 4);
    const Response response = send("DELETE", path(kStatuses[dice]));
    if (dice > 2) return require_problem(response, 400, "validation_error");
    const auto gone = std::erase_if(
        user_->tasks, [&](const ModelTask& task) { return dice == 2 || task.completed == (dice == 0); });
    require(response.status == 200 && response.body == fmt::format(R"({{"deleted":{}}})", gone),
            "many are deleted");
  }

  void create() {
    const Body body = make_body(input_);
    const std::string_view key = pick_key();
    const Response response = send("POST", path(), body.json, key);
    if (!fields_are_good(body, true, false)) return require_problem(response, 400, "validation_error");
    ModelTask task{.title = body.title.trimmed};
    if (body.description.kind == Field::text) task.description = body.description.value;
    const std::string meaning = fmt::format("create {} {} {}", task.title, task.description.has_value(),
                                            task.description.value_or(""));
    if (answered_before(key, meaning, response, 201)) return;
    require(response.status == 201, "a task is made");
    const JsonValue json = json_of(response);
    task.id = *json.find("id")->integer();
    require(task.id > newest_id_ && header_of(response, "Location") == fmt::format("/api/tasks/{}", task.id),
            "a task has a new id");
    newest_id_ = task.id;
    user_->require_task(json, task, true);
    require(task.created_at == task.updated_at, "times are equal on creation");
    require(header_of(response, "ETag") == "\"1\"", "a task begins with version 1");
    user_->tasks.push_back(task);
    keep(key, meaning, task);
  }

  void get() {
    const std::int64_t id = pick_id();
    ModelTask* const task = user_->find(id);
    const int dice = input_.ConsumeIntegralInRange(0, 4);
    const std::string known = dice == 0   ? "\"1"
                              : dice == 1 ? "*"
                              : dice == 2 ? fmt::format("W/\"{}\"", task == nullptr ? 1 : task->version)
                              : dice == 3 ? "\"0\""
                                          : "";
    const Response response = send("GET", path(fmt::format("/{}", id)), {}, {}, {}, known);
    if (dice == 0) return require_problem(response, 400, "validation_error");
    if (task == nullptr) return require_problem(response, 404, "not_found_error");
    require(header_of(response, "ETag") == User::tag(*task), "a task has its version");
    if (dice <= 2) return require(response.status == 304 && response.body.empty(), "a task is known");
    require(response.status == 200, "a task is shown");
    user_->require_task(json_of(response), *task, false);
  }

  void stats() { user_->require_stats(send("GET", path("/stats"))); }

  void update() {
    const std::int64_t id = pick_id();
    const Body body = make_body(input_);
    const std::string_view key = pick_key();
    const Condition condition = pick_condition(id);
    const Response response = send(input_.ConsumeBool() ? "PUT" : "PATCH", path(fmt::format("/{}", id)),
                                   body.json, key, condition.header);
    if (!fields_are_good(body, false, true) || !condition.sound)
      return require_problem(response, 400, "validation_error");
    ModelTask* const task = user_->find(id);
    const bool changed = body.title.kind != Field::absent || body.description.kind != Field::absent ||
                         body.completed != Body::absent;
    const std::string meaning = fmt::format(
        "update {} {} {} {} {} {}{}", id, body.title.kind == Field::absent ? "" : body.title.trimmed,
        body.title.kind == Field::absent, static_cast<int>(body.description.kind), body.description.value,
        static_cast<int>(body.completed), condition.meaning);
    if (changed && id > 0 && answered_before(key, meaning, response, 200)) return;
    if (task == nullptr) return require_problem(response, 404, "not_found_error");
    if (!condition.matches) return require_mismatch(response, *task);
    if (body.title.kind == Field::text) task->title = body.title.trimmed;
    if (body.description.kind == Field::null) task->description.reset();
    if (body.description.kind == Field::text) task->description = body.description.value;
    if (body.completed != Body::absent) task->completed = body.completed == Body::yes;
    if (changed) return require_changed(response, *task), keep(key, meaning, *task);
    require(response.status == 200, "nothing is changed");
    user_->require_task(json_of(response), *task, false);
  }

  void remove() {
    const std::int64_t id = pick_id();
    const std::string_view key = pick_key();
    const Condition condition = pick_condition(id);
    const Response response = send("DELETE", path(fmt::format("/{}", id)), {}, key, condition.header);
    if (!condition.sound) return require_problem(response, 400, "validation_error");
    const std::string meaning = fmt::format("delete {}{}", id, condition.meaning);
    if (id > 0 && answered_before(key, meaning, response, 204)) return;
    const ModelTask* const task = user_->find(id);
    if (task == nullptr) return require_problem(response, 404, "not_found_error");
    if (!condition.matches) return require_mismatch(response, *task);
    keep(key, meaning, *task);
    require(response.status == 204 && response.body.empty(), "a task is deleted");
    std::erase_if(user_->tasks, [&](const ModelTask& task) { return task.id == id; });
  }

  void complete() {
    const std::int64_t id = pick_id();
    const auto dice = input_.ConsumeIntegralInRange<std::size_t>(0, 4);
    const std::string_view key = pick_key();
    constexpr std::array kBodies = {"", "{}", R"({"completed":true})", R"({"completed":false})",
                                    R"({"completed":1})"};
    const Condition condition = pick_condition(id);
    const Response response =
        send("PATCH", path(fmt::format("/{}/complete", id)), kBodies[dice], key, condition.header);
    if (dice == 4 || !condition.sound) return require_problem(response, 400, "validation_error");
    ModelTask* const task = user_->find(id);
    const std::string meaning = fmt::format("complete {} {}{}", id, dice < 2 ? 0 : dice, condition.meaning);
    // An id that cannot be is none, whatever the key says.
    if (id > 0 && answered_before(key, meaning, response, 200)) return;
    if (task == nullptr) return require_problem(response, 404, "not_found_error");
    if (!condition.matches) return require_mismatch(response, *task);
    task->completed = dice < 2 ? !task->completed : dice == 2;
    require_changed(response, *task);
    keep(key, meaning, *task);
  }

  // Without a token, with a wrong one, to another user's path, to no path, by no method of the path's.
  void stranger() {
    const User& other = user_ == &alice_ ? bob_ : alice_;
    require_problem(send("GET", fmt::format("/api/{}/tasks", other.name())), 403, "authorization_error");
    require_problem(send("POST", "/api/task", "{}"), 404, "not_found_error");
    require_problem(send("PUT", path()), 405, "method_not_allowed");
    Request request{};
    request.method = "GET";
    request.target = "/api/tasks";
    const std::string token = input_.ConsumeRandomLengthString(40);
    request.authorization = token;
    require_problem(await(loop_, api_.handle(std::move(request))), 401, "authentication_error");
  }

  // Whether the key is known: then the answer is the first one's, or a conflict.
  bool answered_before(std::string_view key, const std::string& meaning, const Response& response,
                       int status) {
    const auto known = user_->keys.find(std::string(key));
    if (key.empty() || known == user_->keys.end()) return false;
    if (known->second.meaning != meaning) return require_problem(response, 409, "conflict"), true;
    require(response.status == status && header_of(response, "Idempotency-Replayed") == "true",
            "a repeated request is told");
    if (status == 204) return require(response.body.empty(), "a repeated deletion has no body"), true;
    require(header_of(response, "ETag") == User::tag(known->second.answer), "with its version");
    user_->require_task(json_of(response), known->second.answer, false);
    return true;
  }
  void keep(std::string_view key, const std::string& meaning, const ModelTask& task) {
    if (!key.empty()) user_->keys[std::string(key)] = {meaning, task};
  }

  static Metrics& metrics() {
    static Metrics metrics = Metrics::create();
    return metrics;
  }
  static boost::asio::awaitable<Result<void>> ready() { co_return Result<void>(); }

  FuzzedDataProvider& input_;
  User alice_{"alice"}, bob_{"bob"};
  User* user_ = nullptr;
  std::int64_t newest_id_ = 0;
  boost::asio::io_context loop_;
  MemoryTaskStore store_;
  Authenticator authenticator_{{kTestSecret},      nullptr, {}, 100, metrics().layout().workers[0],
                               [] { return kNow; }};
  Operations operations_{metrics().layout(), [](TracePtr) { return ready(); }};
  Api api_{authenticator_, store_, operations_, metrics().layout().workers[0], 8, std::chrono::seconds(1)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Session session(input);
  for (int turn = 0; turn < 100 && input.remaining_bytes() > 0; ++turn) session.request();
  return 0;
}
