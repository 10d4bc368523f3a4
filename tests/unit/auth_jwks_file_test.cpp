#include "base/awaitable.h"

#include <sys/mman.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "auth/jwks_file.h"
#include "auth_fixtures.h"
#include "base/limits.h"
#include "temporary_folder.h"

using namespace tasklane;
using namespace fixtures;
namespace asio = boost::asio;

namespace {

const std::string kKey =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"})";

struct Folder : TemporaryFolder {
  std::string file() const { return *this / "jwks.json"; }
  void write(const std::string& text) const { std::ofstream(file(), std::ios::binary) << text; }
  void replace(const std::string& text) const {
    std::ofstream(*this / "new", std::ios::binary) << text;
    std::filesystem::rename(*this / "new", file());
  }
};

// The number of keys, or "unavailable".
std::string load(JwksFile& source) {
  asio::io_context loop;
  std::string answer;
  const auto ask = [&]() -> asio::awaitable<void> {
    const auto keys = co_await source.load();
    if (!keys) BOOST_TEST((keys.error().type == ErrorType::service_unavailable));
    answer = keys ? std::to_string(keys->size()) : "unavailable";
  };
  asio::co_spawn(loop, ask, [](std::exception_ptr fault) {
    if (fault) std::rethrow_exception(fault);
  });
  loop.run();
  return answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(jwks_file)

BOOST_AUTO_TEST_CASE(reads_the_keys_and_skips_what_it_cannot_use) {
  const Folder folder;
  folder.write("{\"keys\":[" + kKey + R"(,{"kty":"oct","k":"AAAA"}]})");
  JwksFile source(folder.file(), Algorithm::RS256);
  BOOST_TEST(load(source) == "1");
}

BOOST_AUTO_TEST_CASE(sees_each_change_once) {
  const Folder folder;
  folder.write(R"({"keys":[]})");
  JwksFile source(folder.file(), Algorithm::RS256);
  BOOST_TEST(source.changed());
  BOOST_TEST(load(source) == "0");
  BOOST_TEST(!source.changed());
  folder.replace("{\"keys\":[" + kKey + "]}");
  BOOST_TEST(source.changed());
  BOOST_TEST(load(source) == "1");
  BOOST_TEST(!source.changed());
  folder.write(R"({"keys":[]})");  // in place: the same inode
  BOOST_TEST(source.changed());
}

BOOST_AUTO_TEST_CASE(is_unavailable_without_the_file_until_it_comes) {
  const Folder folder;
  JwksFile source(folder.file(), Algorithm::RS256);
  BOOST_TEST(load(source) == "unavailable");
  BOOST_TEST(!source.changed());
  folder.write("{\"keys\":[" + kKey + "]}");
  BOOST_TEST(source.changed());
  BOOST_TEST(load(source) == "1");
  std::filesystem::remove(folder.file());
  BOOST_TEST(source.changed());
}

BOOST_AUTO_TEST_CASE(is_unavailable_with_a_broken_file_and_does_not_read_it_again_in_vain) {
  const Folder folder;
  JwksFile source(folder.file(), Algorithm::RS256);
  for (const auto* text : {"", "{\"keys\":[{\"kty\":", "[]", R"({"keys":{}})"}) {
    folder.write(text);
    BOOST_TEST(load(source) == "unavailable", text);
    BOOST_TEST(!source.changed());
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_file_above_the_limit_and_one_that_is_no_file) {
  const Folder folder;
  const std::string start = "{\"keys\":[]", end = "}";
  JwksFile source(folder.file(), Algorithm::RS256);
  folder.write(start + std::string(limits::kJwksFileMaxBytes - start.size() - 1, ' ') + end);
  BOOST_TEST(load(source) == "0");
  folder.write(start + std::string(limits::kJwksFileMaxBytes - start.size(), ' ') + end);
  BOOST_TEST(load(source) == "unavailable");
  JwksFile directory(folder.path(), Algorithm::RS256);
  BOOST_TEST(load(directory) == "unavailable");
}

BOOST_AUTO_TEST_CASE(takes_what_another_one_has_read_only_while_it_has_never_read_the_file_itself) {
  const Folder folder;
  const Descriptor kept(::memfd_create("keys", MFD_CLOEXEC));
  const auto source = [&] {
    return JwksFile(folder.file(), Algorithm::RS256, Descriptor(::dup(kept.get())));
  };
  JwksFile first = source();
  BOOST_TEST(load(first) == "unavailable");  // nobody has read it
  folder.write("{\"keys\":[" + kKey + "]}");
  BOOST_TEST(load(first) == "1");
  folder.replace("{\"keys\":[");
  BOOST_TEST(load(first) == "unavailable");  // what it knows stays in force
  JwksFile second = source();
  BOOST_TEST(load(second) == "1");
  BOOST_TEST(!second.changed());
  folder.replace(R"({"keys":[]})");
  BOOST_TEST(second.changed());
  BOOST_TEST(load(second) == "0");
  std::filesystem::remove(folder.file());
  JwksFile third = source();
  BOOST_TEST(load(third) == "0");
}

// What keeps a worker from starting, with the sentence that `tasklane check` says, too.
BOOST_AUTO_TEST_CASE(is_a_mistake_at_the_start_when_no_key_can_be_used) {
  const Folder folder;
  const auto mistake = [&](const std::string& text) {
    folder.write(text);
    return mistake_in_key_file(folder.file(), Algorithm::RS256);
  };
  const std::string path = folder.file() + ": ";
  BOOST_TEST(mistake_in_key_file(folder.file(), Algorithm::RS256) == path + "No such file or directory");
  BOOST_TEST(mistake_in_key_file(folder.path(), Algorithm::RS256) == folder.path() + ": Is a directory");
  BOOST_TEST(mistake("") == path + "the key set is not valid JSON");
  BOOST_TEST(mistake("[]") == path + "the key set has no list named \"keys\"");
  BOOST_TEST(mistake(R"({"keys":[]})") == path + "the key set is empty");
  BOOST_TEST(mistake(R"({"keys":[{"kty":"oct","k":"AAAA"}]})") ==
             path + "no key of it can be used: key 1: it is a symmetric key");
  BOOST_TEST(mistake("{\"keys\":[" + kKey + R"(,{"kty":"oct","k":"AAAA"}]})") == "");
}

BOOST_AUTO_TEST_CASE(counts_the_first_keys_of_a_set_that_is_too_large) {
  const Folder folder;
  std::string keys = kKey;
  for (std::size_t i = 0; i < limits::kKeySetKeysMax; ++i) keys += "," + kKey;
  folder.write("{\"keys\":[" + keys + "]}");
  const auto file = read_key_file(folder.file(), Algorithm::RS256);
  BOOST_REQUIRE(file);
  BOOST_TEST(file->keys.size() == limits::kKeySetKeysMax);
  BOOST_REQUIRE(file->skipped.size() == 1U);
  BOOST_TEST(file->skipped.front() == "key 257 and all behind it: only the first 256 count");
}

BOOST_AUTO_TEST_SUITE_END()
