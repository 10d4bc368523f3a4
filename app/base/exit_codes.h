#pragma once
// Exit statuses of all three executables, after s6 and daemontools: 100 is permanent, 111 temporary.

namespace tasklane {
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;          // a check failed, a worker was killed, ...
inline constexpr int kExitUsage = 2;            // the command line
inline constexpr int kExitConfiguration = 100;  // do not restart: a person has to change something
inline constexpr int kExitTemporary = 111;      // try again later
}  // namespace tasklane
