#include "cli/nginx_site.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/config.h"
#include "base/text.h"

namespace tasklane {

namespace {

using Rendered = std::expected<std::string, std::string>;

constexpr std::string_view kInclude = "include \"@CONFIGURATION@/";
constexpr std::string_view kPrefix = "tasklane_";
constexpr int kDepthMax = 8;  // a template that includes itself is a mistake, not a loop

bool is_part_of_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The name in a line that includes another template; it may have a @NAME@ in it.
std::optional<std::string_view> included(std::string_view line) {
  const auto start = line.find_first_not_of(' ');
  if (start == std::string_view::npos || !line.substr(start).starts_with(kInclude)) return std::nullopt;
  const std::string_view name = line.substr(start + kInclude.size());
  return name.substr(0, name.find('"'));
}

void append_indented(std::string& text, std::string_view part, std::size_t columns) {
  while (!part.empty()) {
    const std::string_view line = take_until(part, '\n');
    if (!line.empty()) text.append(columns, ' ').append(line);
    text += '\n';
  }
}

Rendered render_part(const std::string& name, std::string_view instance, const TemplateValues& values,
                     const TemplateSource& source, int depth) {
  if (depth > kDepthMax) return std::unexpected(fmt::format("{}: includes itself", name));
  const auto text = source(name);
  if (!text) return text;
  std::string rendered;
  std::size_t number = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::string_view line = take_until(rest, '\n');
    ++number;
    const auto part = included(line);
    const auto one = render_template(part ? std::string(*part) : name_for_instance(line, instance), values);
    if (!one) return std::unexpected(fmt::format("{}.template:{}: {}", name, number, one.error()));
    if (!part) {
      rendered += *one + '\n';
      continue;
    }
    if (one->empty()) continue;  // nothing is included there
    const auto inner = render_part(*one, instance, values, source, depth + 1);
    if (!inner) return inner;
    append_indented(rendered, *inner, line.find('i'));
  }
  return rendered;
}

}  // namespace

std::string name_for_instance(std::string_view text, std::string_view instance) {
  if (instance == kDefaultInstance) return std::string(text);
  std::string ours(instance);
  std::ranges::replace(ours, '-', '_');
  std::string named;
  std::size_t from = 0;
  for (auto at = text.find(kPrefix); at != std::string_view::npos; at = text.find(kPrefix, from)) {
    named += text.substr(from, at + kPrefix.size() - from);
    from = at + kPrefix.size();
    if (at == 0 || !is_part_of_a_name(text[at - 1])) named += ours + "__";
  }
  return named += text.substr(from);
}

std::expected<std::string, std::string> render_site(const std::string& name, std::string_view instance,
                                                    const TemplateValues& values,
                                                    const TemplateSource& source) {
  return render_part(name, instance, values, source, 0);
}

}  // namespace tasklane
