# The kinds of tests that scripts/test runs, adding up what they report, what failed, and what each test file took.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/test

passed=0 failed=0 failures=''
# of pytest, a Boost test, node, a sanitizer, scripts/fuzz, a compiler
failure_line='^(FAILED|ERROR) |: (fatal )?error: in |^ *✖ |ERROR: .*Sanitizer|is broken by |^FAILED: |: error: '

count() { { grep -oE "[0-9]+ (test cases? out of [0-9]+ )?($1)" || true; } | awk '{ n += $1 } END { print n + 0 }'; }

tally() {  # STATUS REPORT: adds up what a run reported; one that failed without a count is one failure
  local bad
  bad=$(count 'failed|aborted|errors?' <<<"$2")
  [ "$1" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
  passed=$((passed + $(count passed <<<"$2"))) failed=$((failed + bad))
  [ "$bad" -eq 0 ] || failures+="$heading"$'\n'"$(failures_of "$output")"$'\n'
}

# Node tells its tests' errors only at its end: they are added.
failures_of() {  # OUTPUT
  grep -E "$failure_line" "$1" | head -n 20 || true
  sed '1,/^✖ failing tests:/d' "$1" | head -n 60
}

boost_tests() {  # PRESET KIND
  local test how status tests
  mapfile -t tests < <(find "build/$1/tests/$2" -maxdepth 1 -type f -executable -name "$2_*" | sort)
  [ "${#tests[@]}" -gt 0 ] || { say "No $2 tests were built"; tally 1 ''; }
  for test in "${tests[@]}"; do
    say "${test##*/} ($1)"
    how=("$test" --report_level=short --color_output=no)
    [ "$2" = unit ] || how=(scripts/with-postgres -- "${how[@]}")
    timed "${test##*/}" "${how[@]}" && status=0 || status=$?
    tally "$status" "$(grep 'test case' "$output" || true)"
  done
}

system_tests() {  # PRESET MARK [PYTEST ARGUMENT]…
  local status how=()
  [ "$2" != 'not load' ] || how=(-n "$(($(nproc) + 1))" --dist loadfile)  # they wait more than they work
  say "System tests ($1, $2)"
  TASKLANE_BUILD="build/$1" TASKLANE_TEST_TIMES=$times PYTHONDONTWRITEBYTECODE=1 run /usr/bin/python3 -m pytest \
    -c tests/system/pytest.ini tests/system -m "$2" "${how[@]}" "${@:3}" && status=0 || status=$?
  [ "$status" -ne 5 ] || status=0  # none of this kind was asked for
  tally "$status" "$(tail -n 1 "$output")"
}

browser_tests() {  # PRESET
  local status
  say "The web app in a browser ($1)"
  TASKLANE_TEST_TIMES=$times run tests/e2e/run --build "build/$1" && status=0 || status=$?
  tally "$status" "$(grep -E '^[0-9]+ passed, ' "$output" || true)"
}

fuzz_targets() {
  local status
  say "Fuzzing, a minute in all"
  run scripts/fuzz --minutes 1 && status=0 || status=$?
  tally "$status" "$(tail -n 1 "$output")"
}

# Repeated at the end of the output: a truncated log still has it there.
show_failures() {
  [ -n "$failures" ] || return 0
  say "What failed"
  printf '%s' "$failures"
}

# Files of one run side by side count each with all of its time.
show_times() {
  [ -s "$times" ] || return 0
  say "What each test file took, in seconds"
  sort -rn "$times" | awk '{ printf "%8.1f  %s\n", $1, $2 }'
}
