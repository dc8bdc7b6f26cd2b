// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/memory_budget.h"
#include "base/status.h"

namespace sluice {

// What one operator that keeps rows has taken from the memory budget; given back when it is destroyed. Never waits: an
// operator that cannot go on without more memory fails by name (SLUICE_MEMORY_BUDGET). One thread at a time.
class MemoryReservation {
 public:
  // `budget` may be null (unlimited) and must outlive this. `what` names the holder in the error: "a sort".
  MemoryReservation(MemoryBudget* budget, std::string what) : budget_(budget), what_(std::move(what)) {}
  ~MemoryReservation() { Release(); }
  MemoryReservation(const MemoryReservation&) = delete;
  MemoryReservation& operator=(const MemoryReservation&) = delete;

  // Holds at least `bytes` from now on; what is taken grows in steps, and shrinks by Release only.
  Status Cover(int64_t bytes);
  void Release();
  int64_t held() const { return held_; }

 private:
  MemoryBudget* budget_;
  std::string what_;
  int64_t held_ = 0;
};

}  // namespace sluice
