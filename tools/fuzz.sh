#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/fuzz.sh SECONDS [target...]   runs each target of tests/fuzz that long under libFuzzer, ASan and UBSan, two at a
# time; `make fuzz` has built them. New inputs stay in build/fuzz/corpus, findings in build/fuzz/findings: put those
# into tests/fuzz/regressions/<target> with the mend. Exit 1 when there are any.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}; shift || true
targets=("$@")
[ ${#targets[@]} = 0 ] && mapfile -t targets < <(ls tests/fuzz/corpus)
# libarrow is not instrumented, so containers that cross into it look overflown.
export ASAN_OPTIONS=detect_container_overflow=0:detect_leaks=0:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1

run() { # target seconds
  local corpus=build/fuzz/corpus/$1 log=build/fuzz/$1.log seeds=(tests/fuzz/corpus/"$1")
  mkdir -p "$corpus" "build/fuzz/findings/$1"
  [ -d "tests/fuzz/regressions/$1" ] && seeds+=("tests/fuzz/regressions/$1")
  FUZZ_TARGET=$1 build/fuzz/sluice_fuzz -max_total_time="$2" -timeout=20 -rss_limit_mb=2500 -max_len=4096 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$1/" "$corpus" "${seeds[@]}" >"$log" 2>&1
  local code=$? runs
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf 'fuzz: %-14s %10s runs%s\n' "$1" "${runs:-?}" "$([ $code = 0 ] || printf ', FOUND something: %s' "$log")"
  return $code
}
export -f run
printf '%s\n' "${targets[@]}" | xargs -P2 -I{} bash -c "run {} $seconds"
