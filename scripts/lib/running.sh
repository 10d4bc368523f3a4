# Running one thing after another, however this was started, with what it says kept and what it takes noted.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by scripts/test

child=

# However this was started. What is ignored is inherited: in a background job that is SIGINT and SIGQUIT.
ready_ourselves() {
  [ -e "/proc/$$/fd/0" ] || exec </dev/null
  [ -e "/proc/$$/fd/1" ] || exec >/dev/null
  [ -e "/proc/$$/fd/2" ] || exec 2>/dev/null
  umask 022
  export LC_ALL=C.UTF-8
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM
  trap 'interrupted 129' HUP
}

interrupted() {  # STATUS: what runs ends what it has started
  trap '' INT TERM HUP
  [ -z "$child" ] || { kill -s TERM "$child" 2>/dev/null || true; wait "$child" || true; }
  exit "$1"
}

# COMMAND…: in the background, so that a signal is heard at once. Shows what it says, and keeps it in $output.
run() {
  local status=0 reader
  : >"$output"
  env --default-signal=INT,QUIT,PIPE "$@" >"$output" 2>&1 </dev/null &
  child=$!
  tail -n +1 -f -s 0.1 --pid="$child" "$output" &
  reader=$!
  wait "$child" || status=$?
  child=
  wait "$reader" || true
  return "$status"
}

timed() {  # NAME COMMAND…: as run, and notes what it took
  local begun=$EPOCHREALTIME status=0
  run "${@:2}" || status=$?
  awk -v name="$1" -v from="$begun" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f %s\n", to - from, name }' >>"$times"
  return "$status"
}

# PRESET TARGET…; through the compiler cache, which knows a file again in another clone: there, paths are relative.
build() {
  local cache=()
  say "Building $1"
  if command -v ccache >/dev/null; then
    cache=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache)
    export CCACHE_NOHASHDIR=1
    [ -n "$(ccache --get-config base_dir)" ] || export CCACHE_BASEDIR=$PWD
  fi
  run cmake --preset "$1" "${cache[@]}" >/dev/null || { cat "$output"; exit 1; }
  run cmake --build --preset "$1" ${2:+--target "${@:2}"}
}
