#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

#include "auth/base64url.h"

using namespace tasklane;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(base64url)

BOOST_AUTO_TEST_CASE(encodes_and_decodes_the_vectors_of_rfc_4648_without_padding) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    BOOST_TEST(encode_base64url(bytes) == text);
    BOOST_TEST(decode_base64url(text).value() == bytes);
  }
}

BOOST_AUTO_TEST_CASE(uses_the_url_safe_alphabet) {
  BOOST_TEST(encode_base64url("\xFB\xFF\xFE") == "-__-");
  BOOST_TEST(decode_base64url("-__-").value() == "\xFB\xFF\xFE");
}

BOOST_AUTO_TEST_CASE(gives_back_any_bytes) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 256);
    BOOST_TEST((decode_base64url(encode_base64url(bytes)) == bytes));
  }
}

BOOST_AUTO_TEST_CASE(refuses_every_byte_outside_the_alphabet_at_every_place) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int byte = 0; byte < 256; ++byte) {
    if (alphabet.find(static_cast<char>(byte)) != alphabet.npos) continue;
    for (const std::size_t size : {2U, 3U, 4U, 6U, 7U, 8U}) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'A');
        text[at] = static_cast<char>(byte);
        BOOST_TEST(!decode_base64url(text).has_value(), "byte " << byte << " at " << at << " of " << size);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_padding_white_space_and_the_ordinary_alphabet) {
  for (const auto& text :
       {"Zg=="s, "Zm8="s, "Zm9v\n"s, " Zm9v"s, "Zm 9v"s, "+/+/"s, "Zm9v===="s, "Zm9v\0"s}) {
    BOOST_TEST(!decode_base64url(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_single_character_left_over) {
  BOOST_TEST(!decode_base64url("A").has_value());
  BOOST_TEST(!decode_base64url("Zm9vY").has_value());
}

BOOST_AUTO_TEST_CASE(refuses_set_bits_after_the_last_byte) {
  BOOST_TEST(decode_base64url("Zg").value() == "f");
  for (const char* text : {"Zh", "Zi", "Zj", "Zv", "Zm9", "Zm-", "Zm9vYh", "Zm9vYmF"}) {
    BOOST_TEST(!decode_base64url(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
