// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_printer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/log_context.h"
#include "base/logging.h"
#include "base/printable.h"
#include "base/redaction.h"
#include "streaming/progress.h"

namespace sluice::cli {
namespace {

constexpr int kBarWidth = 24;

// Records that the source holds beyond the batch, where the source tells; nothing otherwise.
std::string LagOf(const QueryProgress& progress) {
  for (const SourceProgress& source : progress.sources) {
    const auto lag = source.metrics.find("maxOffsetsBehindLatest");
    if (lag != source.metrics.end()) return ", lag " + lag->second;
  }
  return "";
}

std::string Bar(int64_t done, int64_t all) {
  const auto filled =
      static_cast<size_t>(std::clamp<int64_t>(done * kBarWidth / std::max<int64_t>(all, 1), 0, kBarWidth));
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "] ";
}

}  // namespace

bool ParseProgressStyle(const std::string& text, ProgressStyle* style) {
  if (text == "auto")
    *style = ProgressStyle::kAuto;
  else if (text == "bar")
    *style = ProgressStyle::kBar;
  else if (text == "json")
    *style = ProgressStyle::kJson;
  else if (text == "none")
    *style = ProgressStyle::kNone;
  else
    return false;
  return true;
}

ProgressPrinter::ProgressPrinter(ProgressStyle style, int64_t expected_rows)
    : style_(style), expected_rows_(expected_rows) {
  if (style_ == ProgressStyle::kAuto)
    style_ = ::isatty(STDERR_FILENO) != 0 && !LogsAreJson() ? ProgressStyle::kBar : ProgressStyle::kLines;
}

std::string ProgressPrinter::Summary(const QueryProgress& progress) const {
  const std::string bad =
      progress.bad_records > 0 ? fmt::format(", {} bad records set aside", progress.bad_records) : std::string();
  return fmt::format("batch {}: {} rows, {:.0f} rows/s, {} rows in all{}{}", progress.batch_id, progress.input_rows(),
                     progress.processed_rows_per_second, rows_, LagOf(progress), bad);
}

void ProgressPrinter::Show(const QueryProgress& progress) {
  std::lock_guard lock(mutex_);
  rows_ += progress.input_rows();
  switch (style_) {
    case ProgressStyle::kJson:
      std::cout << ForStdout(Redact(ProgressToJson(progress))) << std::endl;
      break;
    case ProgressStyle::kBar:
      std::cerr << "\r\033[K" << (expected_rows_ > 0 ? Bar(rows_, expected_rows_) : "") << Summary(progress)
                << std::flush;
      drawn_ = true;
      break;
    case ProgressStyle::kLines:
      if (LogsAreJson()) {
        const ScopedLogContext about({progress.id, progress.run_id, progress.batch_id});
        LogLine(LogLevel::kInfo, Summary(progress));
      } else {
        std::cerr << Summary(progress) << std::endl;
      }
      break;
    default:
      break;
  }
}

void ProgressPrinter::Finish() {
  std::lock_guard lock(mutex_);
  if (drawn_) std::cerr << std::endl;
  drawn_ = false;
}

}  // namespace sluice::cli
