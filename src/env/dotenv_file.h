// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/status.h"
#include "env/env.h"

namespace sluice {

// A .env file that is read again when it changes: people paste fresh keys into it while a query runs. Values under
// secret names are registered for redaction. Thread-safe.
class DotenvFile {
 public:
  // An error when there is no such file or a line of it is wrong.
  static Result<std::shared_ptr<DotenvFile>> Open(const std::string& path);
  // Values that never change, and no file.
  static std::shared_ptr<DotenvFile> Fixed(std::map<std::string, std::string> values);

  // What the file says now. A file that went away or cannot be read counts as unchanged (one warning a change).
  std::optional<std::string> Find(const std::string& name);
  // True when the file had just this when it was opened: a variable of the environment that equals it was exported
  // from the file, and follows it.
  bool HadAtFirst(const std::string& name, const std::string& value) const;
  // All that the file had when it was opened.
  const std::map<std::string, std::string>& first_values() const { return first_values_; }
  const std::string& path() const { return path_; }  // absolute; empty when fixed

 private:
  explicit DotenvFile(std::string path) : path_(std::move(path)) {}
  Result<std::map<std::string, std::string>> Read() const;
  void ReadAgainIfChanged();

  const std::string path_;
  std::map<std::string, std::string> first_values_;
  std::mutex mutex_;
  std::string stamp_;
  std::map<std::string, std::string> values_;
};

// The real outside world, with the environment over `dotenv` (null: none).
std::shared_ptr<Env> MakeRealEnv(std::shared_ptr<DotenvFile> dotenv);

// Changes when a local file does: inode, size and time; "" for none.
std::string FileStamp(const std::string& path);

}  // namespace sluice
