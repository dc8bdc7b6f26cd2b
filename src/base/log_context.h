// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

// What the log lines of a thread are about. Empty fields are left out of the lines.
struct LogContext {
  std::string query_id;
  std::string run_id;
  std::optional<int64_t> batch;
};

// Of this thread; another thread that works for it gets a copy.
LogContext CurrentLogContext();

// Sets this thread's context for a while; then the former one holds again.
class ScopedLogContext {
 public:
  explicit ScopedLogContext(LogContext context);
  ~ScopedLogContext();
  ScopedLogContext(const ScopedLogContext&) = delete;
  ScopedLogContext& operator=(const ScopedLogContext&) = delete;

 private:
  LogContext former_;
};

// True when each line on standard error is to be a JSON object, so that whoever else writes there must log instead.
bool LogsAreJson();

}  // namespace sluice
