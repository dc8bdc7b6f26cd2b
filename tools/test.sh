#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole test command: checks, the debug build (ASan, UBSan) and the release build, unit tests on the first, tests
# with real servers on the second. Last line: 'N passed, N failed, N skipped'. CI=true turns a missing server into a
# failure, and so a skip that tests/expected_skips.txt does not name. A part that fails does not stop the others.
# Samples and random histories are drawn by SLUICE_SEED, a new one for each run; it is printed first and last.
set -uo pipefail
cd "$(dirname "$0")/.."
results=$PWD/build/test-results
failed=()
stage() { # name command...
  local name=$1 start=$SECONDS; shift
  "$@" || failed+=("$name")
  printf 'test: %s, %d s\n' "$name" $((SECONDS - start))
}

unit_tests() {
  # libarrow is not instrumented, so containers that cross into it look overflown.
  ASAN_OPTIONS=detect_container_overflow=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 SLUICE_TEST_RESULTS=$results \
    python3 tools/servers with-s3 ctest --test-dir build/debug -j"$(nproc)" --timeout 3600 --output-on-failure >"$results/ctest.log" 2>&1 ||
    { sed -n '/Start .*: /!p' "$results/ctest.log" | tail -200; return 1; }
}

python_tests() {
  nice -n 5 .venv/bin/python -m pytest -q --junitxml="$results/pytest.xml" tests >"$results/pytest.log" 2>&1 ||
    { tail -250 "$results/pytest.log"; return 1; }
}

export SLUICE_SEED=${SLUICE_SEED:-$((RANDOM * 32768 + RANDOM + 1))}
printf 'test: SLUICE_SEED=%s\n' "$SLUICE_SEED"
tools/deps.sh test || exit 1
rm -rf "$results"; mkdir -p "$results"
tools/build.sh debug configure || exit 1
stage 'debug build (ASan, UBSan)' tools/build.sh debug all
stage 'release build' tools/build.sh release sluice faulty_sluice examples bench
stage 'layer order' python3 tools/check_layers.py --quiet
stage 'style, names and test lists' .venv/bin/python tools/check_style.py --tests
stage 'changes that tests must notice' python3 tools/mutants.py check
stage 'unit tests' unit_tests
stage 'tests with real servers' python_tests
stage 'clang-format and clang-tidy' python3 tools/check_changed.py
programs=$(ctest --test-dir build/debug --show-only=json-v1 2>/dev/null |
  python3 -c 'import json,sys; print(*[t["name"] for t in json.load(sys.stdin)["tests"]])')
[ ${#failed[@]} = 0 ] || printf 'test: failed part: %s\n' "${failed[@]}"
printf 'test: the same samples again: SLUICE_SEED=%s make test\n' "$SLUICE_SEED"
# shellcheck disable=SC2086
python3 tools/count_tests.py "$results" $programs pytest || failed+=(counts)
[ ${#failed[@]} = 0 ]
