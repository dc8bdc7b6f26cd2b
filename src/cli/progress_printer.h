// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace sluice {
struct QueryProgress;
}

namespace sluice::cli {

enum class ProgressStyle { kAuto, kBar, kLines, kJson, kNone };
// "auto", "bar", "json" or "none".
bool ParseProgressStyle(const std::string& text, ProgressStyle* style);

// Prints a query's progress: on a terminal one line that is drawn over, elsewhere a line a batch on standard error;
// JSON goes to standard output, a line a batch. Thread-safe.
class ProgressPrinter {
 public:
  // `expected_rows`: what a full bar means; 0: unknown.
  explicit ProgressPrinter(ProgressStyle style, int64_t expected_rows = 0);
  void Show(const QueryProgress& progress);
  // Ends the drawn line, if there is one.
  void Finish();
  int64_t rows() const { return rows_; }

 private:
  std::string Summary(const QueryProgress& progress) const;

  std::mutex mutex_;
  ProgressStyle style_;
  const int64_t expected_rows_;
  int64_t rows_ = 0;
  bool drawn_ = false;
};

}  // namespace sluice::cli
