// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace sluice {

// What goes wrong with a call.
enum class FaultWay {
  kError,        // nothing is done, an error is returned
  kLostReply,    // it is done, an error is returned
  kCrashBefore,  // nothing is done; the process is dead from here on
  kCrashAfter,   // it is done; the process is dead from here on
};

// For tests: counts the calls through the seams that share it, and makes the k-th go wrong. A dead process does nothing
// more: after a crash every call fails with SLUICE_SIMULATED_CRASH until Revive(). Thread-safe.
class FaultPlan {
 public:
  // Counts from zero again and makes call `first` (from 1) and the `count` - 1 after it go wrong. `crash` is called
  // once when a crash happens: a child process can end itself there.
  void FailAt(int64_t first, FaultWay way, int64_t count = 1, std::function<void()> crash = {});
  // No more faults, and no longer dead; counts from zero.
  void Revive();
  // The calls since the count began, "CreateAtomic offsets/0".
  std::vector<std::string> log() const;
  // Whether the fault has happened.
  bool fired() const;

  // Makes a call under the plan. `call` returns a Status or a Result.
  template <typename Call>
  auto Run(const char* name, const std::string& what, Call call) -> decltype(call()) {
    FaultWay way;
    switch (Enter(name, what, &way)) {
      case Turn::kDead:
        return Error(name, what, /*dead=*/true);
      case Turn::kPasses:
        return call();
      case Turn::kFaulty:
        break;
    }
    if (way == FaultWay::kLostReply || way == FaultWay::kCrashAfter) (void)call();
    if (way == FaultWay::kCrashBefore || way == FaultWay::kCrashAfter) {
      Die();
      return Error(name, what, /*dead=*/true);
    }
    return Error(name, what, /*dead=*/false);
  }

 private:
  enum class Turn { kPasses, kFaulty, kDead };
  Turn Enter(const char* name, const std::string& what, FaultWay* way);
  void Die();
  static Status Error(const char* name, const std::string& what, bool dead);

  mutable std::mutex mutex_;
  int64_t first_ = 0;
  int64_t count_ = 0;
  FaultWay way_ = FaultWay::kError;
  std::function<void()> crash_;
  bool fired_ = false;
  bool dead_ = false;
  std::vector<std::string> log_;
};

}  // namespace sluice
