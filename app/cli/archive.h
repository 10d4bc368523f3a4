#pragma once
// What pg_restore tells of an archive: its table of contents, and the roles that its statements name. Pure
// functions of text.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tasklane {

// Major versions, from the head of `pg_restore --list`; nullopt: it does not say.
std::optional<int> dumped_server_version(std::string_view list);
std::optional<int> dumping_version(std::string_view list);

// Whether there is data of a table of this name, in whatever schema.
bool has_table_data(std::string_view list, std::string_view table);

// The list for --use-list: without extensions, which an owner may not make, and without the schema public,
// which every database has.
std::string restorable_entries(std::string_view list);

struct ArchiveRoles {
  std::set<std::string> owners;
  std::set<std::string> others;  // who is granted something
  std::set<std::string> all() const;
};

// From the statements of the schema. Roles of the server's own (pg_…) and PUBLIC are none.
ArchiveRoles roles_in(std::string_view schema_sql);

// The values of one column in the text of `COPY table (columns…) FROM stdin`, row by row; nulls are empty.
// None: there is no such column.
std::vector<std::string> copied_values(std::string_view copy, std::string_view column);

}  // namespace tasklane
