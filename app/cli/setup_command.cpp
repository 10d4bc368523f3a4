#include "cli/setup_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "base/exit_codes.h"
#include "cli/config_files.h"

namespace tasklane {

int setup_command(Arguments arguments) {
  std::string program = (installed_prefix() / "libexec" / "tasklane" / "setup").string();
  std::vector<std::string> words(arguments.begin(), arguments.end());
  std::vector<char*> argv = {program.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  fmt::print(stderr, "tasklane: {}: {}; it comes with the installed package\n", program,
             std::strerror(errno));
  return kExitFailure;
}

}  // namespace tasklane
