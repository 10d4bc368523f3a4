#pragma once
// The configuration that `nginx -T` prints, as directives in nginx's own order: what a file includes stands
// in its place. Reads leniently; nginx itself has found the text right.

#include <string>
#include <string_view>
#include <vector>

namespace tasklane {

struct NginxDirective {
  std::vector<std::string> words;      // the name first; never empty
  std::vector<NginxDirective> inside;  // of a block
  std::string file;                    // absolute, as nginx names it
};

std::vector<NginxDirective> read_nginx_dump(std::string_view dump);

}  // namespace tasklane
