#include "auth/jwks_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/descriptors.h"
#include "base/limits.h"
#include "base/log.h"

namespace tasklane {

namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

std::expected<std::string, std::string> read_text(const std::string& path) {
  // Non-blocking: a FIFO at the path must not stop the worker.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return std::unexpected(std::strerror(errno));
  std::string text(limits::kJwksFileMaxBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(std::strerror(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > limits::kJwksFileMaxBytes)
    return std::unexpected(fmt::format("it has more than {} bytes", limits::kJwksFileMaxBytes));
  text.resize(size);
  return text;
}

std::expected<ReadKeys, std::string> keys_in(std::string_view text, Algorithm rsa_algorithm) {
  ReadKeys file;
  auto added = file.keys.add_jwk_set(text, rsa_algorithm);
  if (!added) return std::unexpected(added.error());
  file.skipped = std::move(added->skipped);
  return file;
}

}  // namespace

std::expected<ReadKeys, std::string> read_key_file(const std::string& path, Algorithm rsa_algorithm) {
  const auto text = read_text(path);
  if (!text) return std::unexpected(text.error());
  return keys_in(*text, rsa_algorithm);
}

std::string mistake_in_key_file(const std::string& path, Algorithm rsa_algorithm) {
  const auto file = read_key_file(path, rsa_algorithm);
  if (!file) return fmt::format("{}: {}", path, file.error());
  if (file->keys.size() > 0) return "";
  if (file->skipped.empty()) return fmt::format("{}: the key set is empty", path);
  return fmt::format("{}: no key of it can be used: {}", path, file->skipped.front());
}

JwksFile::JwksFile(std::string path, Algorithm rsa_algorithm, Descriptor kept)
    : path_(std::move(path)), rsa_algorithm_(rsa_algorithm), kept_(std::move(kept)) {}

boost::asio::awaitable<Result<KeySet>> JwksFile::load() {
  auto keys = load_file();
  if (!keys && !loaded_once_ && kept_) {
    if (auto others = kept_keys()) keys = std::move(others);
  }
  loaded_once_ = loaded_once_ || keys.has_value();
  co_return keys;
}

Result<KeySet> JwksFile::load_file() {
  loaded_ = look();  // before reading: a change in between is seen as one later
  const auto text = read_text(path_);
  if (!text) return failure(text.error());
  auto keys = parse(*text);
  if (keys) keep(*text);
  return keys;
}

Result<KeySet> JwksFile::parse(std::string_view text) {
  auto file = keys_in(text, rsa_algorithm_);
  if (!file) return failure(file.error());
  if (file->skipped != skipped_) {  // the file is read every minute: say it once
    skipped_ = std::move(file->skipped);
    for (const std::string& reason : skipped_) {
      log::warning("key is skipped", {{"path", path_}, {"reason", reason}});
    }
  }
  return std::move(file->keys);
}

// Workers write the same, since they read the same file. A text that is cut by a worker's death is no key
// set.
void JwksFile::keep(std::string_view text) const {
  if (!kept_) return;
  if (::ftruncate(kept_.get(), static_cast<off_t>(text.size())) != 0 ||
      ::pwrite(kept_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    log::warning("the keys cannot be kept for a worker that starts later");
}

Result<KeySet> JwksFile::kept_keys() {
  std::string text(limits::kJwksFileMaxBytes, '\0');
  const ssize_t size = ::pread(kept_.get(), text.data(), text.size(), 0);
  if (size <= 0) return failure("no worker of this generation has read it");
  text.resize(static_cast<std::size_t>(size));
  auto keys = parse(text);
  if (keys) log::warning("the keys that were read last stay in force", {{"path", path_}});
  return keys;
}

bool JwksFile::changed() const {
  return look() != loaded_;
}

std::optional<JwksFile::Identity> JwksFile::look() const {
  struct stat status;
  if (::stat(path_.c_str(), &status) != 0) return std::nullopt;
  return Identity{.device = status.st_dev,
                  .inode = status.st_ino,
                  .size_bytes = status.st_size,
                  .modified_ns = status.st_mtim.tv_sec * kNanosecondsPerSecond + status.st_mtim.tv_nsec};
}

// The log knows the path; a client is told no more than that keys are missing.
std::unexpected<Error> JwksFile::failure(std::string_view what) const {
  log::warning("key file cannot be used", {{"path", path_}, {"reason", what}});
  return fail(ErrorType::service_unavailable, "Keys to verify tokens with cannot be read");
}

}  // namespace tasklane
