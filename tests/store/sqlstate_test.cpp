// What an error of the server becomes, and how often what failed has run: a sequence keeps what a rolled back
// transaction has counted.

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "base/text.h"
#include "pool_fixture.h"

using namespace tasklane;

namespace {

struct Expected {
  const char* sqlstate;
  const char* write;  // what its request is told
  const char* read;
  int executions;  // of the write
};

std::ostream& operator<<(std::ostream& out, const Expected& expected) {
  return out << expected.sqlstate;
}

// docs/ERRORS.md has the same table.
constexpr Expected kTable[] = {
    // Lost against another transaction: three more times.
    {"40001", "service_unavailable", "service_unavailable", 4},
    {"40P01", "service_unavailable", "service_unavailable", 4},
    {"23505", "service_unavailable", "service_unavailable", 4},
    // Rolled back, and not run again.
    {"40002", "service_unavailable", "service_unavailable", 1},
    {"57014", "service_unavailable", "service_unavailable", 1},
    {"55P03", "service_unavailable", "service_unavailable", 1},
    {"53100", "service_unavailable", "service_unavailable", 1},
    {"53300", "service_unavailable", "service_unavailable", 1},
    {"25006", "service_unavailable", "service_unavailable", 1},
    {"22021", "internal_server_error", "internal_server_error", 1},
    {"23514", "internal_server_error", "internal_server_error", 1},
    {"42501", "internal_server_error", "internal_server_error", 1},
    {"P0001", "internal_server_error", "internal_server_error", 1},
    // It may have happened, although the connection lives on.
    {"08000", "outcome_unknown", "service_unavailable", 1},
    {"08006", "outcome_unknown", "service_unavailable", 1},
    {"08P01", "outcome_unknown", "service_unavailable", 1},
    {"40003", "outcome_unknown", "service_unavailable", 1},
    {"57P01", "outcome_unknown", "service_unavailable", 1},
    {"57P02", "outcome_unknown", "service_unavailable", 1},
    {"57P03", "outcome_unknown", "service_unavailable", 1},
    {"58000", "outcome_unknown", "service_unavailable", 1},
    {"58030", "outcome_unknown", "service_unavailable", 1},
    {"XX000", "outcome_unknown", "internal_server_error", 1},
    {"XX001", "outcome_unknown", "internal_server_error", 1},
    {"HV000", "outcome_unknown", "internal_server_error", 1},
    {"ZZ999", "outcome_unknown", "internal_server_error", 1},
};

struct ErrorFixture : OwnPoolFixture {
  ErrorFixture() {
    own.run(R"(
      CREATE SEQUENCE executions;
      CREATE TABLE fault (sqlstate text);
      INSERT INTO fault VALUES (NULL);
      CREATE FUNCTION fail(counted bigint) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
      DECLARE state text;
      BEGIN
        SELECT sqlstate INTO state FROM fault;
        IF state IS NOT NULL THEN RAISE EXCEPTION 'as told' USING ERRCODE = state; END IF;
        RETURN true;
      END $$;
      CREATE FUNCTION fail_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        PERFORM fail(nextval('executions'));
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail BEFORE INSERT ON tasks FOR EACH ROW WHEN (NEW.title = 'bad') EXECUTE FUNCTION fail_insert();)");
    connect();
  }
  void fail_with(const char* sqlstate) const {
    own.run(fmt::format("UPDATE fault SET sqlstate = '{}'; ALTER SEQUENCE executions RESTART", sqlstate));
  }
  int executions() const {
    return parse_number<int>(
               own.value("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM executions"))
        .value();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sqlstates)

BOOST_DATA_TEST_CASE_F(ErrorFixture, a_write_is_told_as_what_its_error_proves, kTable, expected) {
  fail_with(expected.sqlstate);
  BOOST_TEST(outcome(run(create("bad"))) == expected.write);
  BOOST_TEST(executions() == expected.executions);
  BOOST_TEST(count("bad") == "0");
}

// The others run again, once, since ROLLBACK has undone them.
BOOST_DATA_TEST_CASE_F(ErrorFixture, in_a_batch_too_and_the_others_notice_nothing, kTable, expected) {
  fail_with(expected.sqlstate);
  Creations pending;
  for (const char* title : {"one", "bad", "two"}) pending.push_back(start(create(title)));
  pending.push_back(start(get(1)));
  BOOST_TEST(wait(pending));
  BOOST_TEST(pending[0]->outcome() == "ok");
  BOOST_TEST(pending[1]->outcome() == expected.write);
  BOOST_TEST(pending[2]->outcome() == "ok");
  BOOST_TEST(pending[3]->outcome() == "ok");
  BOOST_TEST(executions() == expected.executions);
  BOOST_TEST(count("one") == "1");
  BOOST_TEST(count("two") == "1");
  BOOST_TEST(count("bad") == "0");
}

// Row security calls the function for each row that is read.
BOOST_DATA_TEST_CASE_F(ErrorFixture, a_read_is_told_as_what_it_is, kTable, expected) {
  const TaskId id = make("good");
  own.run(R"(
    ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
    CREATE POLICY failing ON tasks USING (fail(0)))");
  fail_with(expected.sqlstate);
  BOOST_TEST(outcome(run(get(id))) == expected.read);
  own.run("UPDATE fault SET sqlstate = NULL");
  BOOST_TEST(outcome(run(get(id))) == "ok");
  BOOST_TEST(read(metrics.database_connection_losses) == 0U);
}

// At the end of the transaction the server has not said that it is undone, if its error does not say so.
BOOST_DATA_TEST_CASE_F(ErrorFixture, a_commit_that_fails_is_told_to_all_its_writes, kTable, expected) {
  own.run(R"(
    DROP TRIGGER fail ON tasks;
    CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON tasks DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.title = 'bad') EXECUTE FUNCTION fail_insert();)");
  fail_with(expected.sqlstate);
  const bool proven = std::string_view(expected.write) != "outcome_unknown";
  Creations pending;
  for (const char* title : {"one", "bad", "two"}) pending.push_back(start(create(title)));
  BOOST_TEST(wait(pending));
  BOOST_TEST(pending[1]->outcome() == expected.write);
  for (const std::size_t other : {0U, 2U})
    BOOST_TEST(pending[other]->outcome() == (proven ? "ok" : "outcome_unknown"));
  BOOST_TEST(count("one") == (proven ? "1" : "0"));
  BOOST_TEST(count("two") == (proven ? "1" : "0"));
  BOOST_TEST(count("bad") == "0");
  BOOST_TEST(executions() == (proven ? expected.executions + 1 : 1));  // in the batch, and then by itself
}

BOOST_AUTO_TEST_SUITE_END()
