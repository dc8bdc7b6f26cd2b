// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <set>

#include "base/status.h"
#include "exec/operator.h"

namespace sluice {

// The operators of the parts that run, so that they can be stopped together. Any thread.
class RunningParts {
 public:
  // OPERATION_CANCELED when the parts are stopped. The operator lives until End.
  Status Begin(Operator* part);
  void End(Operator* part);
  // Makes the parts that run end soon, and those that begin until Restart; `for_good`: for ever.
  void Stop(bool for_good);
  // Lets parts begin again, unless they were stopped for good.
  void Restart();

 private:
  std::mutex mutex_;
  std::set<Operator*> parts_;
  bool stopped_ = false;
  bool cancelled_ = false;
};

}  // namespace sluice
