// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/status.h"
#include "env/clock.h"
#include "env/file_system.h"

namespace sluice {

class Conf;

// A file system with the path inside it.
struct Location {
  std::shared_ptr<FileSystem> fs;
  std::string path;  // without a trailing slash
};

// The outside world behind one seam. Thread-safe.
class Env {
 public:
  virtual ~Env() = default;
  virtual Clock& clock() = 0;
  // A random (version 4) uuid.
  virtual std::string NewUuid() = 0;
  // A variable of the environment, or else of the .env file.
  virtual std::optional<std::string> Variable(const std::string& name) = 0;
  // Resolves "/path", "relative/path", "file:///path", "s3a://bucket/key" and "s3://bucket/key". Settings of the file
  // system (spark.hadoop.fs.s3a.*) come from `conf`; equal settings share one file system.
  virtual Result<Location> Locate(const std::string& uri, const Conf& conf) = 0;
};

// The real one: system clock, local disk, S3, environment over `dotenv`.
std::shared_ptr<Env> MakeRealEnv(std::map<std::string, std::string> dotenv = {});

// For tests: a clock of the caller's and one file system for every path.
std::shared_ptr<Env> MakeTestEnv(std::shared_ptr<Clock> clock, std::shared_ptr<FileSystem> fs);

// Env::Locate for what holds offsets and records: with spark.sluice.privateFiles, files and folders that are made there
// are 0600 and 0700, whatever the umask.
Result<Location> LocatePrivate(Env* env, const std::string& uri, const Conf& conf);

// Reads KEY=VALUE lines: comments, `export`, single and double quotes; errors name file and line.
Result<std::map<std::string, std::string>> ParseDotenv(const std::string& text, const std::string& file_name);

}  // namespace sluice
