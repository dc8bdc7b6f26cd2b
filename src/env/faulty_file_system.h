// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "env/file_system.h"

namespace sluice {

// What goes wrong with a call.
enum class FaultWay {
  kError,        // nothing is done, an error is returned
  kLostReply,    // it is done, an error is returned
  kCrashBefore,  // nothing is done; the process is dead from here on
  kCrashAfter,   // it is done; the process is dead from here on
};

// For tests: passes calls on to another file system, counts them, and makes the k-th go wrong. A sweep runs the same
// work for k = 1, 2, ... until calls() stays below k. Every method of FileSystem but Uri is a call, and so are Write,
// CopyFrom, Publish and Replace of its pending files. Thread-safe.
//
// A dead process does nothing more: after a crash every call fails with SLUICE_SIMULATED_CRASH until Revive(). What a
// pending file leaves behind when it is destroyed is up to the file system below.
class FaultyFileSystem : public FileSystem {
 public:
  explicit FaultyFileSystem(std::shared_ptr<FileSystem> base);
  ~FaultyFileSystem() override;

  // Counts from zero again and makes call `first` (from 1) and the `count` - 1 after it go wrong. `crash` is called
  // once when a crash happens: a child process can end itself there.
  void FailAt(int64_t first, FaultWay way, int64_t count = 1, std::function<void()> crash = {});
  // No more faults, and no longer dead; counts from zero.
  void Revive();
  int64_t calls() const;
  // The calls since the count began, "CreateAtomic offsets/0".
  std::vector<std::string> log() const;
  // Whether the fault has happened.
  bool fired() const;

  Result<std::string> ReadFile(const std::string& path) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::vector<FileInfo>> List(const std::string& folder, bool recursive) override;
  Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) override;
  Result<std::unique_ptr<PendingFile>> OpenForWrite(const std::string& path) override;
  Status Delete(const std::vector<std::string>& paths) override;
  std::string Uri(const std::string& path) const override;

 private:
  class Faults;  // shared with the pending files
  class File;
  const std::shared_ptr<FileSystem> base_;
  const std::shared_ptr<Faults> faults_;
};

}  // namespace sluice
