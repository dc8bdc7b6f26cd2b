// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace sluice {

struct QueryProgress;
struct QueryListener;

enum class ProgressStyle { kAuto, kBar, kLines, kJson, kNone };
// "auto", "bar", "lines", "json" or "none".
bool ParseProgressStyle(const std::string& text, ProgressStyle* style);

// Prints the progress of queries: on a terminal one line that is drawn over, elsewhere a line a batch on standard
// error; JSON goes to standard output, a line a batch. Thread-safe.
class ProgressPrinter {
 public:
  // What a full bar means: a number of rows, or, with kWhatIsThere, those read so far and the lag behind them.
  static constexpr int64_t kUnknown = 0;
  static constexpr int64_t kWhatIsThere = -1;

  explicit ProgressPrinter(ProgressStyle style, int64_t expected_rows = kUnknown);
  void Show(const QueryProgress& progress);
  // A batch at a server: its own JSON, and what the lines need of it.
  void Show(const QueryProgress& progress, const std::string& json);
  // The query has nothing to do; called again and again. On a terminal the line says since when.
  void Waiting();
  // Ends the drawn line, if there is one.
  void Finish();

 private:
  std::string Summary(const QueryProgress& progress) const;
  std::string BarOf(const QueryProgress& progress) const;
  int64_t RowsOf(const QueryProgress& progress) const;

  std::mutex mutex_;
  ProgressStyle style_;
  const int64_t expected_rows_;
  std::map<std::string, int64_t> rows_;  // so far, by the query's id
  std::string last_;                     // what the line says of the last batch
  std::chrono::system_clock::time_point busy_until_ = std::chrono::system_clock::now();
  bool waiting_ = false;  // the line says so
};

// Shows the queries that it listens to; the drawn line ends with each of them.
QueryListener ListenerOf(std::shared_ptr<ProgressPrinter> printer);

}  // namespace sluice
