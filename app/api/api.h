#pragma once
// A request's way on one screen: route, authenticate, handle, or problem.

#include <chrono>
#include <optional>

#include "api/operations.h"
#include "api/user_limit.h"
#include "auth/authenticator.h"
#include "auth/user_marks.h"
#include "base/awaitable.h"
#include "base/metrics.h"
#include "http/message.h"
#include "http/router.h"
#include "tasks/task_handlers.h"

namespace tasklane {

class Api {
 public:
  Api(Authenticator& authenticator, TaskStore& store, Operations& operations, WorkerMetrics& metrics,
      std::size_t requests_in_flight_max, std::chrono::milliseconds slow_request, UserLimit user_limit = {},
      UserMarks* marks = nullptr);

  // Always answers: failures of any kind become problems, exceptions too.
  boost::asio::awaitable<Response> handle(Request request);

  // Once the response is written, or will never be: counts its time, and tells of a request that took longer
  // than `slow_request`, or whose body broke off.
  void written(const Response& response, const Error* broken_off = nullptr);

 private:
  using Answer = boost::asio::awaitable<Result<Response>>;

  // `route` and `token` are what is found out on the way, kept until the answer.
  Answer answer(const Request& request, Route& route, std::optional<VerifiedToken>& token);
  static Answer at_once(Result<Response> answer);
  Answer authenticate(const Request& request, const Route& route, std::optional<VerifiedToken>& token);
  Answer answer_token(const Request& request, const Route& route, const VerifiedToken& token);
  Answer answer_unsure(const Request& request, const Route& route, const VerifiedToken& token);
  // Behind a failure: the database leaves out what a deleted user stores, and what is known may be older.
  boost::asio::awaitable<void> look_again(const VerifiedToken& token, Result<Response>& result);
  std::optional<Error> refusal(const VerifiedToken& token);
  Answer answer_user(const Request& request, const Route& route, const UserId& user);
  void answered(const Trace& trace, int status);

  Authenticator& authenticator_;
  TaskHandlers tasks_;
  Operations& operations_;
  WorkerMetrics& metrics_;
  std::size_t requests_in_flight_max_;
  std::chrono::milliseconds slow_request_;
  UserLimit user_limit_;
  UserMarks* marks_;  // null: there are none
};

}  // namespace tasklane
