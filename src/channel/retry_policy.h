// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace sluice {

// How long a call that a server may still answer is tried again: waits grow fourfold, as those of Spark's clients do,
// but nobody waits for ten minutes on a server that never was there.
struct RetryPolicy {
  int64_t first_wait_ms = 50;
  int64_t longest_wait_ms = 10'000;
  int64_t before_first_answer_ms = 5'000;  // of all waits, as long as the server has not answered yet
  int64_t afterwards_ms = 180'000;         // of all waits, for a server that did
  std::function<void(int64_t)> sleep_ms;   // none: really sleeps
};

}  // namespace sluice
