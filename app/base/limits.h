#pragma once
// Every bound of the product that is not configuration, each with its unit in its name and its reason.
// docs/LIMITS.md lists the same names; a test compares the two.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tasklane::limits {

using namespace std::chrono_literals;

// The chain of waits: each one is shorter than the one that waits for it, so that the innermost answers.
// nginx's fastcgi_read_timeout is 10 s.
inline constexpr std::chrono::milliseconds kRequestDeadline = 8s;
inline constexpr std::chrono::milliseconds kStatementTimeout = 5s;  // ALTER ROLE tasklane_api, sql/
inline constexpr std::chrono::milliseconds kReadinessTimeout = 2s;  // /readyz: the database's answer

// Connecting is no part of a request's time. Each address of each host gets connect_timeout of the URL: a
// suspended cloud database wakes up, a distant one needs some ten round trips.
inline constexpr std::chrono::seconds kConnectTimeout = 10s;  // when the URL has none
inline constexpr std::chrono::seconds kConnectTimeoutMin = 2s;
inline constexpr std::chrono::seconds kConnectTimeoutMax = 60s;  // 0 and less, too: libpq's "no limit"
// A starting worker waits so long for its connections, and gets ready without them.
inline constexpr std::chrono::milliseconds kFirstAttemptTimeout = 5s;

// FastCGI. nginx buffers whole requests and responses, so these bound only a stuck nginx, and peers that are
// no nginx.
inline constexpr std::chrono::milliseconds kFastcgiIoTimeout =
    2s;  // a whole request once it has begun; all of an answer, or of its next piece
inline constexpr int kListenBacklog = 4096;                    // a full queue is an immediate 502 in nginx
// A peer by TCP that says nothing any more is gone after 10 s: nginx closes an idle connection after 1 s.
inline constexpr std::chrono::seconds kTcpIdle = 5s;             // then it is asked
inline constexpr std::chrono::seconds kTcpProbeInterval = 1s;    // and again
inline constexpr int kTcpProbesMax = 5;                          // unanswered: it is gone
inline constexpr std::chrono::seconds kTcpUnacknowledged = 10s;  // so is one that does not confirm an answer
inline constexpr std::chrono::seconds kRefusedPeerToldInterval = 60s;  // FASTCGI_ALLOW, in each worker's log
inline constexpr std::size_t kConnectionsPerWorkerMax = 8192;  // FastCGI connections held open
inline constexpr std::size_t kAcceptsPerTurnMax = 256;  // of the loop: the rest may be another worker's
inline constexpr std::size_t kRequestBodyMaxBytes = 256 * 1024;  // 10,000 escaped code points fit
inline constexpr std::size_t kDrainMaxBytes = 1024 * 1024;  // a body that is too large is read to its end
inline constexpr std::size_t kAuthorizationMaxBytes = 16 * 1024;
inline constexpr std::size_t kFastcgiParametersMaxBytes = 128 * 1024;  // nginx takes 16,000 bytes of head
inline constexpr std::size_t kFastcgiParametersMax = 5000;      // a head of 16,000 bytes has 4,000 names
inline constexpr std::size_t kGetValuesMaxBytes = 1024;         // the three names there are have 42
inline constexpr std::size_t kFastcgiRepliesMax = 64;  // to records that are no request, before one begins
inline constexpr std::size_t kReadAtOnceMaxBytes = 64 * 1024;  // of a connection, before the others' turn
inline constexpr std::size_t kPartlyReadMaxBytes = 128 * 1024 * 1024;  // of requests that are not whole

inline constexpr std::size_t kUnwrittenMaxBytes = 8 * 1024 * 1024;  // past it no piece more of a list is made
inline constexpr std::size_t kUnwrittenLimitBytes = 128 * 1024 * 1024;  // past it an answer is broken off

// JSON.
inline constexpr std::size_t kJsonDepthMax = 8;

// Tasks (docs/openapi.yaml).
inline constexpr std::size_t kTitleMaxCodePoints = 200;
inline constexpr std::size_t kDescriptionMaxCodePoints = 10'000;
inline constexpr std::size_t kUserIdMaxCodePoints = 255;
inline constexpr std::size_t kListFirstRowsMax = 128;  // of a list's first page; the statements name it, too
inline constexpr std::size_t kListPageRowsMax = 1000;  // of each further one
inline constexpr std::size_t kListPageMaxBytes = 256 * 1024;             // of its texts, and one row more
inline constexpr std::size_t kListLimitMax = 1000;
inline constexpr std::size_t kListLimitDefault = 100;     // with a cursor alone
inline constexpr std::size_t kListOffsetMax = 1'000'000;  // each task passed over is read
inline constexpr std::size_t kQuickOffsetMax = 1000;      // past it a read counts as a long one
inline constexpr std::size_t kSearchMaxCodePoints = 200;
inline constexpr std::size_t kCursorMaxCharacters = 1100;  // the longest title in base64url has 1091
inline constexpr std::size_t kSliceRowsMax = 1000;  // of a list without a limit, where an index has its order
inline constexpr std::size_t kSortedSliceRowsMax =
    5000;  // where none has: each slice reads all of a user's tasks
inline constexpr std::size_t kSliceMaxBytes =
    2 * 1024 * 1024;  // of descriptions; longer ones are read by themselves
inline constexpr std::size_t kDescriptionsAtOnceMax = 50;  // of these
inline constexpr std::size_t kDeletedRowsMax = 2000;       // by one statement; the statement names it, too
// Of many tasks: no step begins behind it, and the last one ends before nginx's patience does.
inline constexpr std::chrono::milliseconds kDeletionTimeout = 2s;
inline constexpr std::int64_t kTaskIdMax = (std::int64_t{1} << 53) - 1;  // exact in every JSON reader
// Since 1970: the years 0001 to 9999, which RFC 3339 has four digits for.
inline constexpr std::int64_t kTimestampMinMicroseconds = -62'135'596'800'000'000;
inline constexpr std::int64_t kTimestampMaxMicroseconds = 253'402'300'799'999'999;

// Idempotency keys (docs/adr/0010-idempotency-keys.md). The statements and sql/ name the lifetime, too.
inline constexpr std::size_t kIdempotencyKeyMaxCharacters = 255;
inline constexpr std::chrono::hours kIdempotencyKeyLifetime{24};
inline constexpr std::chrono::milliseconds kKeySweepInterval = 60s;  // from 30 s on: workers take turns
inline constexpr std::size_t kKeySweepKeysMax = 500;  // in one statement: others wait behind it
inline constexpr std::chrono::milliseconds kKeySweepLockTimeout = 10ms;  // the statement names it, too

// Postgres.
inline constexpr std::size_t kBatchStatementsMax = 256;  // one Sync, one commit
inline constexpr std::size_t kBatchMaxBytes =
    4 * 1024 * 1024;  // of parameters; writes' answers are about as large
inline constexpr std::size_t kBatchAtOnceMaxBytes = 8 * 1024;  // of parameters; past it the COMMIT waits
inline constexpr std::chrono::milliseconds kQuickBatch = 4ms;  // a batch that reads wait for rather than part
inline constexpr std::size_t kQueuedStatementsMax = 4096;      // per connection; past it 503
inline constexpr std::chrono::milliseconds kReconnectDelayMin = 50ms;
// With the time to connect, a near database that is back is noticed within 1 s.
inline constexpr std::chrono::milliseconds kReconnectDelayMax = 500ms;
inline constexpr std::chrono::milliseconds kDeadlineTick = 100ms;  // how late a deadline may be noticed
inline constexpr int kConflictsMax = 3;                            // a statement that keeps losing; then 503
inline constexpr int kCancelsMax = 8;  // threads that tell the server to stop; past it none is told

// The operator's command.
inline constexpr std::chrono::milliseconds kMigrationPatience = 30s;  // another migration, a busy table
inline constexpr std::chrono::milliseconds kMigrationLockTimeout =
    500ms;                                                            // workers queue behind a table's lock
inline constexpr std::chrono::milliseconds kMigrationLockPause = 1s;  // and are served before the next try
inline constexpr std::chrono::milliseconds kMigrationStatementTimeout = 15min;  // an index of a large table
inline constexpr std::size_t kMigrationFileMaxBytes = 1024 * 1024;
inline constexpr std::size_t kMaintenanceMessageMaxCodePoints = 500;   // `tasklane maintenance on --message`
inline constexpr std::chrono::seconds kMaintenanceLook = 1s;           // nginx's open_file_cache_valid
inline constexpr std::chrono::seconds kIssuedTokenTtlMax = 365 * 24h;  // `tasklane token`

// Keys and tokens.
inline constexpr std::size_t kSecretMinBytes = 32;
inline constexpr std::size_t kSecretVersionsMax =
    8;  // a token that none of them has signed is tried with each
inline constexpr std::size_t kKeySetKeysMax = 256;
inline constexpr std::size_t kKeysTriedMax = 8;  // for one token without a kid: each costs a signature check
inline constexpr std::chrono::milliseconds kKeyRefreshIntervalMin =
    5s;  // an unknown kid looks again at most this often
inline constexpr std::chrono::milliseconds kKeyRefreshIntervalMax =
    60s;  // and no token counts by keys that are older
inline constexpr std::chrono::milliseconds kKeysInVainMax =
    2s;  // for a request: with its deadline behind that it would outlast nginx's patience
inline constexpr std::chrono::milliseconds kDifferenceToldInterval = 60s;  // a wrong issuer, in the log
inline constexpr std::chrono::milliseconds kKeyTick = 1s;      // how late a changed key file may be noticed
inline constexpr std::chrono::hours kKeyGracePeriod{24 * 30};  // Better Auth publishes expired keys this long
inline constexpr std::size_t kJwksFileMaxBytes = 1024 * 1024;

// Users that are blocked, signed out or deleted (docs/adr/0019-user-marks.md).
inline constexpr std::chrono::milliseconds kMarksAgeMax = 1s;  // no request counts by what is older
inline constexpr std::chrono::milliseconds kMarksPatience =
    2s;  // for a request: with its deadline behind that it would outlast nginx's patience
inline constexpr std::size_t kMarksReadMax = 5000;  // by one statement; the statement names it, too
// A worker remembers the last ones; the tokens of earlier ones have long expired, and the database stores
// nothing of theirs.
inline constexpr std::size_t kDeletedUsersMax = 200'000;

// The rate limit per user, in the workers' shared memory: 1 MiB, of which only what is used is taken.
inline constexpr std::size_t kUserBucketSets = 8192;
inline constexpr std::size_t kUserBucketsPerSet = 8;  // two cache lines; 65,536 users in all
inline constexpr std::size_t kUserBurstPerRate = 2;   // so many seconds' worth of requests may come at once

// Supervision.
inline constexpr std::size_t kWorkersMax = 64;
inline constexpr std::size_t kGenerationsMax = 4;  // one serves, one comes, two may still be draining
// Places in the shared metrics: each generation may have one worker more, that retires another.
inline constexpr std::size_t kSlotsMax = 4 * (64 + 1);
static_assert(kSlotsMax == kGenerationsMax * (kWorkersMax + 1));
inline constexpr std::chrono::milliseconds kSocketLockTimeout = 500ms;  // masters in one folder take turns
inline constexpr std::chrono::milliseconds kReadyTimeout = 10s;         // start to "ready"
static_assert(kFirstAttemptTimeout < kReadyTimeout);
inline constexpr std::chrono::milliseconds kRestartDelayMin = 100ms;
inline constexpr std::chrono::milliseconds kRestartDelayMax = 10s;
inline constexpr std::chrono::milliseconds kRestartStableAfter =
    10s;                                      // ready this long: the backoff starts anew
inline constexpr int kRestartLifeFactor = 4;  // ready for so many times the last delay: it does not double
inline constexpr std::chrono::milliseconds kHeartbeatInterval = 500ms;   // a worker's loop counts
inline constexpr std::chrono::milliseconds kHeartbeatLookInterval = 1s;  // the master looks
inline constexpr unsigned kHeartbeatsMissedMax =
    5;  // looks without a new count: killed, replaced within 10 s
inline constexpr std::size_t kLastWordsMaxBytes = 1024;  // a worker's reason why it does not get ready
// A worker of the generation that serves says whether it reaches its database; past it that counts as a no.
inline constexpr std::chrono::milliseconds kAnswerTimeout = 6s;
static_assert(kFirstAttemptTimeout < kAnswerTimeout);
// Of settings, handed to workers. The largest come from a .env file of 64 KiB and four secrets of 16.
inline constexpr std::size_t kHandedValuesMaxBytes = 1024 * 1024;
inline constexpr std::size_t kControlClientsMax = 16;    // past it the oldest that waits for nothing goes
inline constexpr std::size_t kControlLineMaxBytes = 64;  // the longest command has 12
inline constexpr std::chrono::milliseconds kControlLineTimeout = 5s;  // for a client to say what it wants
inline constexpr std::chrono::milliseconds kControlAnswerTimeout = 10s;  // `tasklane pool`: the master's turn
// `tasklane reload --wait`: past an earlier reload's drain, readiness, and its own (DRAIN_TIMEOUT_SECONDS is
// 3,600 at most). `tasklane drain --wait`: past DRAIN_DELAY_SECONDS.
inline constexpr std::chrono::milliseconds kControlWaitTimeout = 7500s;
// The service manager is asked to wait so much longer than the drain may take.
inline constexpr std::chrono::milliseconds kStopMargin = 10s;
inline constexpr std::chrono::milliseconds kUpgradeCheckTimeout = 5s;  // a new executable says whether it can
inline constexpr std::size_t kMasterStateMaxBytes = 256 * 1024;        // handed to a new executable

}  // namespace tasklane::limits
