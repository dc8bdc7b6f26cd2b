#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests that share data between threads under ThreadSanitizer; `make tsan` has built them.
set -euo pipefail
cd "$(dirname "$0")/.."
export TSAN_OPTIONS="suppressions=$PWD/tools/tsan.supp:halt_on_error=1:second_deadlock_stack=1"
build/tsan/base_test --gtest_brief=1
build/tsan/connectors_test --gtest_brief=1 --gtest_filter='*Kafka*'
build/tsan/streaming_test --gtest_brief=1
