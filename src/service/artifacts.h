// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"

namespace sluice {

// The bytes that a client sent for its session, by name ("cache/<sha256>", "pyfiles/lib.py"). They are kept in memory
// and never touch the disk, so no name can leave a folder. Thread-safe.
class Artifacts {
 public:
  // Of all artifacts of a session together.
  static constexpr int64_t kMostBytes = 256 << 20;

  // INVALID_ARTIFACT_PATH for a name that is absolute or has "..", ARTIFACT_ALREADY_EXISTS for other bytes under the
  // name, SLUICE_ARTIFACTS_TOO_LARGE.
  Status Add(const std::string& name, std::string bytes);
  // Null when there is none.
  std::shared_ptr<const std::string> Find(const std::string& name) const;
  bool empty() const;
  void CopyFrom(const Artifacts& other);
  void Clear();

  static Status CheckName(const std::string& name);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>> artifacts_;
  int64_t bytes_ = 0;
};

}  // namespace sluice
