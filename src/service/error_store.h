// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/status.h"

namespace sluice {

class Env;

// The last errors of a session, whose details a client fetches by id, once. Thread-safe.
class ErrorStore {
 public:
  static constexpr size_t kMost = 20;
  static constexpr int64_t kKeptMs = 60'000;
  static constexpr size_t kLongest = 1 << 20;

  explicit ErrorStore(Env* env) : env_(env) {}
  // The id by which the error is fetched; empty for one that is too long to be kept: what the client gets is all.
  std::string Keep(const Status& error);
  std::optional<Status> Take(const std::string& id);

 private:
  struct Entry {
    std::string id;
    Status error;
    int64_t since_ms = 0;  // monotonic
  };
  Env* const env_;
  std::mutex mutex_;
  int64_t next_ = 0;
  std::map<int64_t, Entry> entries_;
};

}  // namespace sluice
