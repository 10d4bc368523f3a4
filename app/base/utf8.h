#pragma once
// UTF-8 (RFC 3629) as bytes: how long a character is, how many there are, and white space around them.
// Well-formed means: no overlong form, no surrogate, nothing past U+10FFFF. Nothing here allocates.

#include <cstddef>
#include <optional>
#include <string_view>

namespace tasklane {

// Bytes of the well-formed sequence at the front of a text that is not empty; 0 when there is none.
std::size_t utf8_sequence_length(std::string_view text);

// Number of code points of `text` if it is well-formed and without U+0000, which no text of a task or a user
// may have.
std::optional<std::size_t> count_code_points(std::string_view text);

// Well-formed text without the 25 code points of White_Space (Unicode 15, PropList.txt) at both ends.
std::string_view trim_white_space(std::string_view text);

}  // namespace tasklane
