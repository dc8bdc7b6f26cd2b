// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "base/status.h"
#include "exec/operator.h"

namespace sluice {

// The operators of the parts that run, so that they can be stopped together. Any thread.
class RunningParts {
 public:
  // Lets the part be stopped while `use` reads it. OPERATION_CANCELED when the parts are stopped already.
  Status Use(std::unique_ptr<Operator> part, const std::function<Status(Operator* part)>& use);
  // Calls use(0) .. use(count - 1) on up to `threads` threads, or in turn on the caller's. The first that fails stops
  // the others, and its error is the result. Not from two threads at a time.
  Status ForEach(int count, int threads, const std::function<Status(int part)>& use);
  // Makes the parts that run end soon, and those that begin until the next ForEach; `for_good`: for ever.
  void Stop(bool for_good);

 private:
  Status Begin(Operator* part);
  void End(Operator* part);

  std::mutex mutex_;
  std::set<Operator*> parts_;
  bool stopped_ = false;
  bool cancelled_ = false;
};

}  // namespace sluice
