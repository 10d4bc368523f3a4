#pragma once
// What the texts of settings must be. What passes can stand in an nginx configuration as it is: these values
// are written into one.

#include <string>
#include <string_view>

namespace tasklane {

// What is wrong with a text that is not empty, a sentence without the setting's name; empty: nothing.
using Wrong = std::string;

Wrong wrong_in_database_url(const std::string& text);

// Whether others know a secret: "is Better Auth's own published default". Empty: it is none of those.
std::string_view publicly_known(std::string_view secret);
Wrong wrong_in_secret(const std::string& text);

Wrong wrong_in_path(const std::string& text);
Wrong wrong_in_socket_length(const std::string& text);
// Identifiers that need no quotes but for their capitals (PostgreSQL manual, section 4.1.1).
Wrong wrong_in_table(const std::string& text);

// Fit for a unit's name, a path, and with _ for - a variable of nginx's.
Wrong wrong_in_instance(const std::string& text);

Wrong wrong_in_nginx_user(const std::string& text);
Wrong wrong_in_host_names(const std::string& text);

// ADDRESS:PORT or off.
Wrong wrong_in_operations_listen(const std::string& text);

// ADDRESS:PORT.
Wrong wrong_in_fastcgi_listen(const std::string& text);

// As nginx's upstream takes it: host:port, [IPv6]:port or unix:/path.
bool is_upstream(const std::string& text);
Wrong wrong_in_upstream(const std::string& text);

// ADDRESS or ADDRESS/BITS.
bool is_network(const std::string& text);
// The same, but not the network of all addresses.
bool is_bounded_network(const std::string& text);

// A bounded network or "unix:" (any peer on a unix socket).
bool is_trusted_proxy(const std::string& text);

// RFC 6454 section 6.2: scheme "://" host [":" port], as a browser sends it in Origin: in lower case and
// without the scheme's own port. Apps have schemes of their own: tauri://localhost. Anything else would never
// match.
bool is_origin(const std::string& text);

// An origin of https.
Wrong wrong_in_public_url(const std::string& text);

// An origin of http or https.
bool is_web_origin(const std::string& text);

// An IP address as nginx has it in `listen`: IPv6 in brackets.
bool is_listen_address(const std::string& text);

// RFC 9110 section 5.1, and of the characters those that headers have in practice: letters, digits, - and _.
bool is_header_name(const std::string& text);

}  // namespace tasklane
