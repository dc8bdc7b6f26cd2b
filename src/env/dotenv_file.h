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
// secret names are registered for redaction; a file that holds some and that others may read gets a warning.
// Thread-safe.
class DotenvFile {
 public:
  // A file that the user named. An error when there is no such file or a line of it is wrong.
  static Result<std::shared_ptr<DotenvFile>> Open(const std::string& path);
  // `path` of the current folder, which nobody named: who can put a file there must not decide what this program does.
  // Null when there is none, and with a warning when another user owns it or may change or replace it. Names that
  // redirect requests or run programs (AWS_ENDPOINT_URL, AWS_PROFILE, see IsRedirectingName) count only while the
  // file's own access key and secret key are the ones in use.
  static Result<std::shared_ptr<DotenvFile>> OpenFound(const std::string& path);
  // Values that never change, and no file.
  static std::shared_ptr<DotenvFile> Fixed(std::map<std::string, std::string> values);

  // What the file says now. A file that went away or cannot be read counts as unchanged (one warning a change).
  std::optional<std::string> Find(const std::string& name);
  // True when the file had just this when it was opened: a variable of the environment that equals it was exported
  // from the file, and follows it.
  bool HadAtFirst(const std::string& name, const std::string& value) const;
  // All that the file had when it was opened.
  const std::map<std::string, std::string>& first_values() const { return first_values_; }
  // Nobody named the file: see OpenFound.
  bool found() const { return found_; }
  const std::string& path() const { return path_; }  // absolute; empty when fixed

 private:
  DotenvFile(std::string path, bool found) : path_(std::move(path)), found_(found) {}
  Status ReadFirst();
  Result<std::map<std::string, std::string>> Read() const;
  // Whether the file's keys of AWS are the ones in use: they are whole, and the environment has no others.
  bool OwnKeysAreUsed(const std::map<std::string, std::string>& values) const;
  void ReadAgainIfChanged();

  const std::string path_;
  const bool found_;
  std::map<std::string, std::string> first_values_;
  std::mutex mutex_;
  std::string stamp_;
  std::map<std::string, std::string> values_;
};

// The real outside world, with the environment over `dotenv` (null: none).
std::shared_ptr<Env> MakeRealEnv(std::shared_ptr<DotenvFile> dotenv);

// Names whose values say where requests or credentials go, whose certificates count, or which program is run.
bool IsRedirectingName(const std::string& name);

// Changes when a local file does: inode, size and time; "" for none.
std::string FileStamp(const std::string& path);

}  // namespace sluice
