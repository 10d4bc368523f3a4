# Building, and putting the result into STATE/app.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by common.sh and scripts/up

programs=(tasklane-master tasklane-worker tasklane)

# The release preset is configured here; a folder that --build names is somebody's own, and only built.
build() {
  if [ "$build" = "$project/build/release" ]; then
    say "building a release (some minutes the first time)"
    (cd "$project" && cmake --preset release >"$state/log/build.log" 2>&1) || {
      tail -n 40 "$state/log/build.log" >&2
      fail 1 "cmake could not configure the build"
    }
  else
    say "building in $build"
  fi
  cmake --build "$build" --target "${programs[@]}" || fail 1 "the build failed"
}

install_build() {
  local program
  for program in "${programs[@]}"; do
    [ -x "$build/app/$program" ] || fail 1 "there is no $build/app/$program: run without --no-build, or name another --build"
  done
  rm -rf -- "$state/app"
  cmake --install "$build" --prefix "$state/app" >"$state/log/install.log" 2>&1 || {
    tail -n 20 "$state/log/install.log" >&2
    fail 1 "cmake could not install into $state/app"
  }
  ln -sf -- "$state/tasklane.env" "$state/app/etc/tasklane/tasklane.env"  # where the installed command looks
}
