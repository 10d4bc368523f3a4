// The table of `tasklane status`: the answer of /status, twice, as --watch shows it.

#include <algorithm>

#include "cli/status_table.h"
#include "fuzz.h"

using namespace tasklane;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view second = fuzz::text_of(data, size);
  const std::string_view first = take_until(second, '\n');
  StatusTable plain(false), coloured(true);
  for (const std::string_view status : {first, second}) {
    const auto text = plain.render(status);
    require(coloured.render(status).has_value() == text.has_value(), "colours change nothing");
    if (!text) continue;
    std::string_view rest = *text;
    while (!rest.empty())
      require(fuzz::is_printable(take_until(rest, '\n')), "a terminal has nothing to obey");
    require(std::ranges::count(*text, '\n') >= 3, "there is a head");
  }
  return 0;
}
