// SPDX-License-Identifier: Apache-2.0
#include "exec/memory_reservation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int64_t kStep = 1 << 20;  // small queries take no lock for every slice

}  // namespace

Status MemoryReservation::Cover(int64_t bytes) {
  if (budget_ == nullptr || bytes <= held_) return Status::OK();
  const int64_t more = bytes - held_;
  const int64_t stepped = std::max(more, std::min(kStep, budget_->limit() / 64));
  const int64_t taken = budget_->TryHold(stepped) ? stepped : budget_->TryHold(more) ? more : 0;
  if (taken == 0) {
    return EnvironmentError("SLUICE_MEMORY_BUDGET",
                            fmt::format("{} needs {} bytes, but {} of the memory budget of {} bytes are in use (rows "
                                        "that must stay may take three quarters). Raise spark.sluice.memory (or "
                                        "--memory), or reduce the rows that it must keep.",
                                        what_, bytes, budget_->used(), budget_->limit()));
  }
  held_ += taken;
  return Status::OK();
}

void MemoryReservation::Release() {
  if (budget_ != nullptr && held_ > 0) budget_->GiveHeld(held_);
  held_ = 0;
}

}  // namespace sluice
