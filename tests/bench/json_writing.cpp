// What a list costs a worker once the database has answered: rows to tasks, tasks to JSON, and both; and what
// copying as many bytes costs. Tasks as seed.sql makes them, with ordinary texts and with ones that JSON has
// to escape. bytes_per_second is of JSON, per second of CPU time. Run with --benchmark_repetitions=9 and read
// the medians.

#include <benchmark/benchmark.h>
#include <libpq-fe.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "store/pg_task_store.h"
#include "tasks/task_json.h"

using namespace tasklane;

namespace {

constexpr const char* kUser = "user-4711";

struct Texts {
  std::string title;
  std::string description;
};
constexpr auto plain = [](int number) {
  return Texts{"Task " + std::to_string(number) + " of " + kUser,
               "What has to be done, in about the length of a sentence."};
};
constexpr auto accented = [](int number) {
  return Texts{"Größe der Aufgabe " + std::to_string(number),
               "Für später: Käse, crème fraîche – 3 € – 👍🏽."};
};
constexpr auto escaped = [](int number) {
  return Texts{"The \"" + std::to_string(number) + "th\" task",
               "First line\nsecond line\n\tand a \"quoted\" path: C:\\tasks\n"};
};

// As the server sends an int8 and a timestamptz: the most significant byte first.
std::array<char, 8> binary(std::int64_t value) {
  std::array<char, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
  return bytes;
}

void set(PGresult* result, int row, int column, std::string_view value) {
  std::string bytes(value);
  PQsetvalue(result, row, column, bytes.data(), static_cast<int>(bytes.size()));
}

Rows make_rows(int count, auto texts_of) {
  PGresult* result = PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK);
  std::array<char, 2> name = {'c', '\0'};
  std::array<PGresAttDesc, 6> columns{};
  for (PGresAttDesc& column : columns) column.name = name.data();
  PQsetResultAttrs(result, static_cast<int>(columns.size()), columns.data());
  for (int row = 0; row < count; ++row) {
    const auto id = binary(400'000 + row);
    const auto stamp = binary(849'265'412'123'456 - 60'000'000LL * row);
    const Texts texts = texts_of(row);
    set(result, row, 0, {id.data(), id.size()});
    set(result, row, 1, texts.title);
    set(result, row, 2, texts.description);
    set(result, row, 3, {row % 3 == 0 ? "\1" : "\0", 1});
    set(result, row, 4, {stamp.data(), stamp.size()});
    set(result, row, 5, {stamp.data(), stamp.size()});
  }
  return Rows({result, [](const PGresult* made) { PQclear(const_cast<PGresult*>(made)); }});
}

void decode(benchmark::State& state, auto texts_of) {
  const Rows rows = make_rows(static_cast<int>(state.range()), texts_of);
  for (auto _ : state) benchmark::DoNotOptimize(read_tasks(rows));
  state.SetItemsProcessed(state.iterations() * state.range());
}

void write(benchmark::State& state, auto texts_of) {
  const Tasks tasks = *read_tasks(make_rows(static_cast<int>(state.range()), texts_of));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string json = write_tasks(tasks, kUser);
    benchmark::DoNotOptimize(json.data());
    bytes += json.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void decode_and_write(benchmark::State& state, auto texts_of) {
  const Rows rows = make_rows(static_cast<int>(state.range()), texts_of);
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string json = write_tasks(*read_tasks(rows), kUser);
    benchmark::DoNotOptimize(json.data());
    bytes += json.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

// The JSON is there, and only copied, from one place to another in a warm cache.
void copy(benchmark::State& state, auto texts_of) {
  const std::string json =
      write_tasks(*read_tasks(make_rows(static_cast<int>(state.range()), texts_of)), kUser);
  std::string place(json.size(), '\0');
  for (auto _ : state) {
    std::memcpy(place.data(), json.data(), json.size());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}

BENCHMARK_CAPTURE(write, plain, plain)->Arg(10)->Arg(1000)->Arg(10'000);
BENCHMARK_CAPTURE(write, accented, accented)->Arg(1000);
BENCHMARK_CAPTURE(write, escaped, escaped)->Arg(1000);
BENCHMARK_CAPTURE(decode, plain, plain)->Arg(10)->Arg(1000);
BENCHMARK_CAPTURE(decode_and_write, plain, plain)->Arg(10)->Arg(1000);
BENCHMARK_CAPTURE(copy, plain, plain)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
