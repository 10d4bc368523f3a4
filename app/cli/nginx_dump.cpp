#include "cli/nginx_dump.h"

#include <fnmatch.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "base/text.h"

namespace tasklane {

namespace {

using Directives = std::vector<NginxDirective>;

constexpr std::string_view kFileMark = "# configuration file ";
constexpr int kNestingMax = 32;  // blocks and includes within each other

struct File {
  std::string path;
  std::string_view text;
};

std::vector<File> files_of(std::string_view dump) {
  std::vector<File> files;
  for (auto at = dump.find(kFileMark); at != std::string_view::npos;) {
    std::string_view rest = dump.substr(at + kFileMark.size());
    std::string path(take_until(rest, '\n'));
    if (path.ends_with(':')) path.pop_back();
    const auto next = dump.find(std::string("\n") + std::string(kFileMark), at);
    const auto begin = static_cast<std::size_t>(rest.data() - dump.data());
    const auto end = next == std::string_view::npos ? dump.size() : next + 1;
    files.push_back({std::move(path), begin < end ? dump.substr(begin, end - begin) : std::string_view()});
    at = next == std::string_view::npos ? next : next + 1;
  }
  return files;
}

struct Word {
  std::string text;  // quotes taken off
  char sign = 0;     // instead of a text: one of ; { }
};

// nullopt: the text has ended.
std::optional<Word> next_word(std::string_view& text) {
  text = trim_front(text, " \t\r\n");
  while (text.starts_with('#')) {
    take_until(text, '\n');
    text = trim_front(text, " \t\r\n");
  }
  if (text.empty()) return std::nullopt;
  const char first = text.front();
  if (first == ';' || first == '{' || first == '}') {
    text.remove_prefix(1);
    return Word{.text = {}, .sign = first};
  }
  const bool quoted = first == '"' || first == '\'';
  if (quoted) text.remove_prefix(1);
  Word word;
  while (!text.empty()) {
    const char c = text.front();
    if (quoted ? c == first : std::string_view(" \t\r\n;{").contains(c) && !word.text.ends_with('$')) break;
    if (c == '\\' && text.size() > 1) text.remove_prefix(1);
    word.text += text.front();
    text.remove_prefix(1);
  }
  if (quoted && !text.empty()) text.remove_prefix(1);
  return word;
}

class Reader {
 public:
  explicit Reader(std::vector<File> files) : files_(std::move(files)) {}

  Directives read() {
    if (files_.empty()) return {};
    std::string_view text = files_.front().text;
    return block(text, files_.front().path, 0);
  }

 private:
  Directives block(std::string_view& text, const std::string& file, int depth) {
    Directives found;
    std::vector<std::string> words;
    for (auto word = next_word(text); word && word->sign != '}'; word = next_word(text)) {
      if (word->sign == 0) {
        words.push_back(std::move(word->text));
        continue;
      }
      Directives inside;
      if (word->sign == '{' && depth < kNestingMax) inside = block(text, file, depth + 1);
      if (words.size() == 2 && words[0] == "include") {
        include(words[1], depth, found);
      } else if (!words.empty()) {
        found.push_back({std::move(words), std::move(inside), file});
      }
      words.clear();
    }
    return found;
  }

  // Relative to the first file's folder, as for nginx.
  void include(const std::string& pattern, int depth, Directives& found) {
    if (depth >= kNestingMax) return;
    const auto path = std::filesystem::path(files_.front().path).parent_path() / pattern;
    for (const File& file : files_) {
      if (::fnmatch(path.c_str(), file.path.c_str(), FNM_PATHNAME) != 0) continue;
      std::string_view text = file.text;
      for (auto& each : block(text, file.path, depth + 1)) found.push_back(std::move(each));
    }
  }

  std::vector<File> files_;
};

}  // namespace

std::vector<NginxDirective> read_nginx_dump(std::string_view dump) {
  return Reader(files_of(dump)).read();
}

}  // namespace tasklane
