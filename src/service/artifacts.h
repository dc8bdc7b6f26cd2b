// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/memory_budget.h"
#include "base/status.h"
#include "exec/memory_reservation.h"

namespace sluice {

// The bytes that a client sent for its session, by name ("cache/<sha256>", "pyfiles/lib.py"). They are kept in memory
// and never touch the disk, so no name can leave a folder; they count in the memory budget. Thread-safe.
class Artifacts {
 public:
  // Of all artifacts of a session together.
  static constexpr int64_t kMostBytes = 256 << 20;

  // `budget` may be null (unlimited) and must outlive this.
  explicit Artifacts(MemoryBudget* budget = nullptr) : held_(budget, "What this session was sent (artifacts)") {}

  // INVALID_ARTIFACT_PATH for a name that is absolute or has "..", ARTIFACT_ALREADY_EXISTS for other bytes under the
  // name, SLUICE_ARTIFACTS_TOO_LARGE, SLUICE_MEMORY_BUDGET.
  Status Add(const std::string& name, std::string bytes);
  // Null when there is none.
  std::shared_ptr<const std::string> Find(const std::string& name) const;
  bool empty() const;
  Status CopyFrom(const Artifacts& other);
  // Forgets all; what still comes is refused.
  void Close();

  static Status CheckName(const std::string& name);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>> artifacts_;
  int64_t bytes_ = 0;  // with the names
  MemoryReservation held_;
  bool closed_ = false;
};

}  // namespace sluice
