#pragma once
// The site file: the templates put together into one text. An include of another template becomes that
// template's text, and every name that nginx shares between sites (variables, zones, upstreams, log formats)
// carries the instance's name.

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "cli/nginx_template.h"

namespace tasklane {

// The text of a template, by its name without the suffix; or a sentence.
using TemplateSource = std::function<std::expected<std::string, std::string>(const std::string& name)>;

// What nginx is to read of this template. Or a sentence with the file and line of what is wrong.
std::expected<std::string, std::string> render_site(const std::string& name, std::string_view instance,
                                                    const TemplateValues& values,
                                                    const TemplateSource& source);

// The text with `tasklane_x` as `tasklane_INSTANCE__x`; as it is for the default instance. Two underscores:
// no name of another instance can be the same.
std::string name_for_instance(std::string_view text, std::string_view instance);

}  // namespace tasklane
