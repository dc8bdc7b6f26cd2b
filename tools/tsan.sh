#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests that share data between threads under ThreadSanitizer; `make tsan` has built them. librdkafka itself is
# not instrumented, but its threads and locks are known (tests/tsan/c11_threads.cc).
set -euo pipefail
cd "$(dirname "$0")/.."
export TSAN_OPTIONS="suppressions=$PWD/tools/tsan.supp:halt_on_error=1:second_deadlock_stack=1"
for program in base checkpoint env exec connectors streaming; do
  printf 'tsan: %s\n' "$program"
  python3 tools/servers with-s3 build/tsan/"$program"_test --gtest_brief=1
done
