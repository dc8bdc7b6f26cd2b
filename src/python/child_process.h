// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/status.h"
#include "env/posix_file.h"

namespace sluice {

// A program beside this process, in a process group of its own, with just the environment that it is given. Its
// standard input is a pipe of ours, so that a program that waits for its end learns of our end, however we end. Its
// output is read and logged, so that it never waits for a reader. Thread-safe, but for ReadOutput and DrainOutput.
class ChildProcess {
 public:
  // `words`: the program, found by PATH, and its arguments. `environment`: "NAME=value".
  static Result<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& words,
                                                     const std::vector<std::string>& environment);
  // Closes the standard input, waits for a moment, and kills what is left of the group.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next bytes of standard output. An error when it ends or takes longer. Not after DrainOutput.
  Status ReadOutput(char* out, size_t count, int timeout_ms);
  // From now on standard output is logged too.
  void DrainOutput();
  Status WriteInput(std::string_view bytes);
  // Whether it still runs.
  bool alive() const;
  // The end of what it wrote to standard error.
  std::string last_words() const;

 private:
  ChildProcess(pid_t pid, int input, int output, int errors);
  void Drain(int fd, bool keep);
  void Keep(std::string_view bytes);
  void CloseInput();

  const pid_t pid_;
  const FileDescriptor output_;
  const FileDescriptor errors_;
  std::atomic<bool> closing_{false};
  mutable std::mutex mutex_;
  int input_;  // -1: closed
  std::string words_;
  std::thread drain_errors_;
  std::thread drain_output_;
};

// A folder of mode 0700 in $TMPDIR, else /tmp, that goes with what is in it.
class PrivateFolder {
 public:
  static Result<std::unique_ptr<PrivateFolder>> Make(const std::string& prefix);
  ~PrivateFolder();
  const std::string& path() const { return path_; }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

}  // namespace sluice
