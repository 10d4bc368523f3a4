#pragma once
// nginx's configuration from its templates: @NAME@ in a template becomes a value of the configuration. The
// values hold no character that could end an nginx string or directive: base/config.cpp and template_values
// see to that.

#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "base/config.h"

namespace tasklane {

using TemplateValues = std::map<std::string, std::string, std::less<>>;

struct NginxHost {
  bool alone;                        // nginx serves nothing else: the whole nginx.conf is ours
  bool ipv6;                         // sockets of that family can be made
  std::string log_folder;            // absolute, or relative to nginx's prefix
  std::string configuration_folder;  // absolute: where the rendered files go
  std::string docs_folder;           // absolute: openapi.yaml, reference/, …
  std::string www_folder;            // absolute: the page at /
  bool http2_directive;              // nginx 1.25.1 and later: `http2 on;` instead of `listen … http2`
};

// The name of its site file, without .conf: tasklane, or tasklane-INSTANCE.
std::string site_name(std::string_view instance);

// Every name the templates may use. Or a sentence: a path that nginx could not be given.
std::expected<TemplateValues, std::string> template_values(const Config& config, const NginxHost& host);

// The text with every @NAME@ replaced; or a sentence with the line of a name that nobody knows.
std::expected<std::string, std::string> render_template(std::string_view text, const TemplateValues& values);

// Whether `nginx -v` tells of a version that has the http2 directive ("nginx version: nginx/1.26.3").
bool has_http2_directive(std::string_view version_line);

}  // namespace tasklane
