// SPDX-License-Identifier: Apache-2.0
#include "exec/running_parts.h"

#include "base/spark_error.h"

namespace sluice {

Status RunningParts::Begin(Operator* part) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || cancelled_) return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
  parts_.insert(part);
  return Status::OK();
}

void RunningParts::End(Operator* part) {
  const std::lock_guard lock(mutex_);
  parts_.erase(part);
}

void RunningParts::Stop(bool for_good) {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  cancelled_ = cancelled_ || for_good;
  for (Operator* part : parts_) part->Cancel();
}

void RunningParts::Restart() {
  const std::lock_guard lock(mutex_);
  stopped_ = false;
}

}  // namespace sluice
