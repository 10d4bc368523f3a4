#pragma once
// What nginx's templates need to know of the proxies in front and of the addresses that clients use: trusted
// peers, where TLS ends, host names, the public origin. A part of template_values (nginx_template.h).

#include <string>

#include "base/config.h"
#include "cli/nginx_template.h"

namespace tasklane {

TemplateValues proxy_values(const Config& config);

}  // namespace tasklane
