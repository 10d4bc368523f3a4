// Boost.Test's main, once for every unit test executable.
#define BOOST_TEST_MODULE tasklane
#include <boost/test/unit_test.hpp>
