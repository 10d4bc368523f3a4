// What is read of pg_restore's texts, and what pg_dump is told.

#include <boost/test/unit_test.hpp>

#include "cli/archive.h"
#include "cli/database_tool.h"

using namespace tasklane;

namespace {

constexpr char kList[] = R"list(;
; Archive created at 2026-11-30 16:00:00 UTC
;     dbname: tasks
;     Dumped from database version: 15.18 (Debian 15.18-0+deb12u1)
;     Dumped by pg_dump version: 17.2
;
3; 2615 2200 SCHEMA - public pg_database_owner
2; 3079 16500 EXTENSION - pg_trgm
3500; 0 0 COMMENT - EXTENSION pg_trgm
216; 1259 16400 TABLE public tasks tasklane_owner
3400; 0 16400 TABLE DATA public tasks tasklane_owner
3401; 0 16401 TABLE DATA auth jwks tasklane_auth
3481; 0 0 ACL - SCHEMA public pg_database_owner
)list";

constexpr char kSchema[] = R"sql(
ALTER TABLE public.tasks OWNER TO tasklane_owner;
ALTER PROCEDURE public."the ""grant"""(IN role regrole) OWNER TO "An ""Owner""";
CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $$
GRANT ALL ON tasks TO nobody_at_all;
$$;
REVOKE ALL ON FUNCTION public.f() FROM PUBLIC;
GRANT SELECT(title),UPDATE(title) ON TABLE public.tasks TO tasklane_api WITH GRANT OPTION;
GRANT SELECT ON TABLE public.tasks TO pg_monitor;
ALTER DEFAULT PRIVILEGES FOR ROLE tasklane_auth_owner IN SCHEMA public GRANT SELECT ON TABLES  TO tasklane_auth;
)sql";

using Names = std::set<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(archive)

BOOST_AUTO_TEST_CASE(the_versions_are_of_the_server_and_of_the_program) {
  BOOST_TEST(dumped_server_version(kList).value() == 15);
  BOOST_TEST(dumping_version(kList).value() == 17);
  BOOST_TEST(!dumping_version("no list"));
}

BOOST_AUTO_TEST_CASE(data_of_a_table_is_found_in_any_schema) {
  BOOST_TEST(has_table_data(kList, "jwks"));
  BOOST_TEST(has_table_data(kList, "tasks"));
  BOOST_TEST(!has_table_data(kList, "auth"));
  BOOST_TEST(!has_table_data(kList, "jwkss"));
}

BOOST_AUTO_TEST_CASE(extensions_and_the_schema_that_is_there_are_left_out) {
  const std::string kept = restorable_entries(kList);
  BOOST_TEST(!kept.contains("EXTENSION"));
  BOOST_TEST(!kept.contains("SCHEMA - public"));
  BOOST_TEST(kept.contains("ACL - SCHEMA public"));
  BOOST_TEST(kept.contains("TABLE public tasks"));
}

BOOST_AUTO_TEST_CASE(roles_are_owners_and_who_is_granted_something) {
  const ArchiveRoles roles = roles_in(kSchema);
  BOOST_TEST((roles.owners == Names{"tasklane_owner", "An \"Owner\"", "tasklane_auth_owner"}));
  BOOST_TEST((roles.others == Names{"tasklane_api", "tasklane_auth"}));
}

BOOST_AUTO_TEST_CASE(a_column_of_a_copy_is_read_row_by_row) {
  const std::string copy =
      "--\nCOPY public.jwks (id, \"publicKey\", \"privateKey\") FROM "
      "stdin;\na\tb\tc\nd\te\t\\N\n\\.\nx\ty\tz\n";
  BOOST_TEST((copied_values(copy, "privateKey") == std::vector<std::string>{"c", ""}));
  BOOST_TEST(copied_values(copy, "private_key").empty());
  BOOST_TEST(copied_values("nothing", "id").empty());
}

BOOST_AUTO_TEST_CASE(a_password_never_stands_in_what_a_program_is_told) {
  const std::string told = without_password("postgresql://u:s%27ecret@h:5433/it%27s?sslmode=require").value();
  BOOST_TEST(!told.contains("ecret"));
  for (const char* part : {"user='u'", "host='h'", "port='5433'", "dbname='it\\'s'", "sslmode='require'", "connect_timeout=10"})
    BOOST_TEST(told.contains(part), part);
  BOOST_TEST(!without_password("postgresql://u@h/d?sslpassword=x"));
  BOOST_TEST(password_line("a:b\\c") == "*:*:*:*:a\\:b\\\\c\n");
}

BOOST_AUTO_TEST_SUITE_END()
