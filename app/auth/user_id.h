#pragma once
// A user id that a verified token vouched for. There is no other way to make one: the constructor is private
// and its only friend is the verifier, so a statement that binds a UserId cannot run for an unproven user.

#include <string>
#include <utility>

namespace tasklane {

class UserId {
 public:
  const std::string& value() const { return value_; }  // 1–255 code points, valid UTF-8, no U+0000
  friend bool operator==(const UserId&, const UserId&) = default;

 private:
  friend class TokenVerifier;
  explicit UserId(std::string value) : value_(std::move(value)) {}
  std::string value_;
};

}  // namespace tasklane
