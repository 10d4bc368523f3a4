#pragma once
// What a dump does not hold, and a restored database needs: roles, logins, the roles' settings, new signing
// keys. And what a backup and a restore look at before they begin.

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/database_error.h"

namespace tasklane {

struct ServerFacts {
  int major = 0;  // of PostgreSQL's version
  std::string role;
  std::string database;
  std::vector<std::string> relations;   // tables, views and sequences that are not the server's own
  std::vector<std::string> unreadable;  // of these, what this role may not read
};

std::expected<ServerFacts, DatabaseError> look_at_server(const std::string& url);

// Makes those of the roles that are missing, without a login, and has the role of `url` act for the owners.
// Returns which it has made. Fails when it may not: the sentence has the administrator's statements.
std::expected<std::vector<std::string>, DatabaseError> make_roles(const std::string& url,
                                                                  const std::set<std::string>& owners,
                                                                  const std::set<std::string>& others);

struct Login {
  std::string role;
  std::string verifier;  // of its password, as postgres/scram_verifier.h makes it; empty: none
};

// Lets the role log in, unless it may already: its password stays then. The server is never shown the
// password itself. Returns whether anything was changed.
std::expected<bool, DatabaseError> admit(const std::string& url, const Login& login);

// The rights and settings of `role`, and of every role that serves already, as tasklane_grant gives them.
std::expected<void, DatabaseError> grant_again(const std::string& url, const std::string& role);

// No key signs any more: Better Auth makes a new one with the next token. Returns how many there were.
std::expected<int, DatabaseError> expire_keys(const std::string& url, const std::string& keys_table);

// What migrations could not do for the role that serves, one sentence each: it is missing, has no rights, has
// no timeouts. A role of that name that does not exist stands for tasklane_api.
std::expected<std::vector<std::string>, DatabaseError> undone_for(const std::string& url,
                                                                  const std::string& role);

struct SessionFacts {
  std::string role;
  bool read_only = false;
};

std::expected<SessionFacts, DatabaseError> look_at_session(const std::string& url);

struct KeyFacts {
  std::int64_t count = 0;
  std::optional<std::int64_t> newest_age_seconds;  // not known: this role may not read it, or there is no key
};

// Of Better Auth's table of that name, as the role of `url`.
std::expected<KeyFacts, DatabaseError> look_at_keys(const std::string& url, const std::string& keys_table);

}  // namespace tasklane
