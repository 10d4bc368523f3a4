#pragma once
// What a worker and its master say to each other on the socket between them, one message each. Words that end
// in a blank go on with a reason in a sentence, at most limits::kLastWordsMaxBytes.

#include <string_view>

namespace tasklane::words {

// The worker's.
inline constexpr std::string_view kReady = "ready";
inline constexpr std::string_view kUnreachable = "unreachable ";  // ready, but its database is not there
inline constexpr std::string_view kUnfit = "unfit ";              // ready, but it is refused what it needs
inline constexpr std::string_view kFailed = "failed ";            // cannot get ready; its end follows
inline constexpr std::string_view kReaches = "reaches";           // its database: the answer to kTry
inline constexpr std::string_view kReachesNot = "reaches not";

// The master's.
inline constexpr std::string_view kServe = "serve";  // accept requests; until then a worker accepts none
inline constexpr std::string_view kTry = "try";      // your database

}  // namespace tasklane::words
