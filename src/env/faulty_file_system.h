// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/fault_plan.h"
#include "env/file_system.h"

namespace sluice {

// For tests: passes calls on to another file system, counts them, and makes the k-th go wrong. A sweep runs the same
// work for k = 1, 2, ... until calls() stays below k. Every method of FileSystem but Uri and
// WithPrivateModes is a call, and so are Write,
// CopyFrom, Publish and Replace of its pending files. Thread-safe.
//
// A dead process does nothing more: after a crash every call fails with SLUICE_SIMULATED_CRASH until Revive(). What a
// pending file leaves behind when it is destroyed is up to the file system below.
class FaultyFileSystem : public FileSystem {
 public:
  // `plan` may be shared with other seams, so that one count goes through all.
  explicit FaultyFileSystem(std::shared_ptr<FileSystem> base,
                            std::shared_ptr<FaultPlan> plan = std::make_shared<FaultPlan>());

  // The plan's: see there.
  void FailAt(int64_t first, FaultWay way, int64_t count = 1, std::function<void()> crash = {}) {
    plan_->FailAt(first, way, count, std::move(crash));
  }
  void Revive() { plan_->Revive(); }
  int64_t calls() const { return static_cast<int64_t>(plan_->log().size()); }
  std::vector<std::string> log() const { return plan_->log(); }
  bool fired() const { return plan_->fired(); }

  Result<std::string> ReadFile(const std::string& path) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::vector<FileInfo>> List(const std::string& folder, bool recursive) override;
  Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) override;
  Result<std::unique_ptr<PendingFile>> OpenForWrite(const std::string& path) override;
  Status Delete(const std::string& root, const std::vector<std::string>& paths) override;
  Status MakeDurable(const std::string& folder) override;
  std::string Uri(const std::string& path) const override;
  std::shared_ptr<FileSystem> WithPrivateModes() override;

 private:
  class File;
  const std::shared_ptr<FileSystem> base_;
  const std::shared_ptr<FaultPlan> plan_;
};

}  // namespace sluice
