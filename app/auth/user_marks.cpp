#include "auth/user_marks.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <random>

#include "auth/keyed_hash.h"
#include "base/event.h"

namespace tasklane {

namespace {

constexpr char kUnread[] = "Whether the account may be used cannot be read; try again";

std::array<unsigned char, 16> random_key() {
  std::array<unsigned char, 16> key;
  std::random_device device;
  for (unsigned char& byte : key) byte = static_cast<unsigned char>(device());
  return key;
}

}  // namespace

UserMarks::UserMarks(std::unique_ptr<MarkSource> source, std::size_t deleted_max)
    : source_(std::move(source)), deleted_max_(deleted_max), key_(random_key()) {}
UserMarks::~UserMarks() = default;

std::uint64_t UserMarks::hash(const std::string& user) const {
  return keyed_hash(key_, user);
}

// "iat" may be in whole seconds: of the second of the sign-out all are refused, and the next is not.
UserMarks::Standing UserMarks::look_up(const VerifiedToken& token) const {
  const auto found = marks_.find(hash(token.user.value()));
  if (found == marks_.end()) return Standing::good;
  const Mark& mark = found->second;
  if (mark.deleted) return Standing::deleted;
  if (mark.blocked) return Standing::blocked;
  return token.issued_at < mark.signed_out_at ? Standing::signed_out : Standing::good;
}

void UserMarks::look(boost::asio::any_io_executor executor) {
  if (!source_ || looking_) return;
  looking_ = std::make_shared<Event>(executor);
  boost::asio::co_spawn(executor, read(), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
}

// A look that began before may be too old for this request: then another one follows.
boost::asio::awaitable<Result<void>> UserMarks::know_at(Time time) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto until = std::chrono::steady_clock::now() + limits::kMarksPatience;
  while (!known_at(time)) {
    look(executor);
    // It has ended by now where nothing had to be waited for.
    if (const auto looking = looking_; looking && !co_await looking->wait(until))
      co_return fail(ErrorType::service_unavailable, kUnread);
    if (error_) co_return std::unexpected(*error_);
  }
  co_return Result<void>();
}

boost::asio::awaitable<void> UserMarks::read() {
  const auto looking = looking_;
  const auto end = [&] {
    looking_.reset();
    looking->set();
  };
  try {
    const Time began = std::chrono::steady_clock::now();
    std::size_t changed;
    do {
      const auto marks = co_await source_->changed_since(change_);
      error_ = marks ? std::nullopt
                     : std::optional(Error{.type = ErrorType::service_unavailable, .detail = kUnread});
      changed = marks ? marks->size() : 0;
      if (marks) {
        for (const UserMark& mark : *marks) take(mark);
      }
    } while (changed == limits::kMarksReadMax);
    if (!error_) asked_at_ = began;
  } catch (...) {
    end();
    throw;
  }
  end();
}

void UserMarks::take(const UserMark& mark) {
  change_ = std::max(change_, mark.change);
  const std::uint64_t user = hash(mark.user);
  if (!mark.blocked && !mark.deleted && mark.signed_out_at == VerifiedToken::kNotSaid) {
    marks_.erase(user);
    return;
  }
  const bool newly_deleted = mark.deleted && !marks_[user].deleted;
  marks_[user] = {.blocked = mark.blocked, .deleted = mark.deleted, .signed_out_at = mark.signed_out_at};
  if (!newly_deleted) return;
  deleted_.push_back(user);
  if (deleted_.size() <= deleted_max_) return;
  marks_.erase(deleted_.front());
  deleted_.pop_front();
}

}  // namespace tasklane
