#include "documents/parts.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(documents)

BOOST_AUTO_TEST_CASE(are_current) {
  for (const Part& part : parts()) {
    std::ifstream file(TASKLANE_FIXTURES "/../../" + part.path);
    const std::string document(std::istreambuf_iterator<char>(file), {});
    BOOST_TEST((with_part(document, part) == document),
               part.path << " is not current (" << part.name << "): run scripts/render-documents");
  }
}

BOOST_AUTO_TEST_CASE(keep_what_stands_around_a_part) {
  const std::string document =
      "before\n<!-- made by scripts/render-documents: two -->\nold\n<!-- end of two -->\nafter\n";
  BOOST_TEST(with_part(document, {"page.md", "two", "a\nb\n"}) ==
             "before\n<!-- made by scripts/render-documents: two -->\na\nb\n<!-- end of two -->\nafter\n");
  BOOST_TEST(with_part(document, {"page.md", "two", "old\n"}) == document);
}

BOOST_AUTO_TEST_CASE(without_both_marks_are_refused) {
  for (const char* document : {"", "# made by scripts/render-documents: two", "# end of two\n",
                               "# made by scripts/render-documents: two\ntext\n",
                               "# end of two\n# made by scripts/render-documents: two\n"})
    BOOST_CHECK_THROW(with_part(document, {"page.md", "two", ""}), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
