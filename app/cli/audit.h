#pragma once
// The audit trail: what an operator did to a user, one JSON line each, in the system's log (syslog(3),
// facility authpriv, identifier tasklane-audit), or on stderr where there is none. No secret is in a line.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tasklane {

// `event` is spelled as in docs/operations/users.md. Who and from where is found out: the login behind sudo,
// and the address behind SSH.
std::string audit_line(std::string_view event, std::string_view user,
                       std::initializer_list<std::pair<std::string_view, std::string_view>> more = {});

void audit(std::string_view event, std::string_view user,
           std::initializer_list<std::pair<std::string_view, std::string_view>> more = {});

}  // namespace tasklane
