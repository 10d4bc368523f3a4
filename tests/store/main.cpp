// Boost.Test's main for the tests against Postgres. Run it by scripts/with-postgres.
#define BOOST_TEST_MODULE tasklane_store
#include <boost/test/unit_test.hpp>
