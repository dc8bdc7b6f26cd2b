// SPDX-License-Identifier: Apache-2.0
#include "streaming/progress_printer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log_context.h"
#include "base/logging.h"
#include "base/printable.h"
#include "base/redaction.h"
#include "base/terminal_line.h"
#include "streaming/progress.h"
#include "streaming/query_listener.h"

namespace sluice {
namespace {

constexpr int kBarWidth = 24;

// What `latest` has beyond `end`, over all partitions: {"reviews":{"0":120,"1":80}}.
int64_t Distance(const nlohmann::json& end, const nlohmann::json& latest) {
  if (latest.is_number_integer()) {
    return std::max<int64_t>(latest.get<int64_t>() - (end.is_number_integer() ? end.get<int64_t>() : 0), 0);
  }
  int64_t distance = 0;
  if (!latest.is_object()) return distance;
  for (const auto& [key, value] : latest.items()) {
    distance += Distance(end.is_object() && end.contains(key) ? end[key] : nlohmann::json(), value);
  }
  return distance;
}

// Records that the sources hold beyond the batch, where they tell.
std::optional<int64_t> LagOf(const QueryProgress& progress) {
  std::optional<int64_t> lag;
  for (const SourceProgress& source : progress.sources) {
    if (source.metrics.count("maxOffsetsBehindLatest") == 0) continue;
    const auto end = nlohmann::json::parse(source.end_offset, nullptr, /*allow_exceptions=*/false);
    const auto latest = nlohmann::json::parse(source.latest_offset, nullptr, /*allow_exceptions=*/false);
    lag = lag.value_or(0) + Distance(end, latest);
  }
  return lag;
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
  else if (text == "lines")
    *style = ProgressStyle::kLines;
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
  const std::optional<int64_t> lag = LagOf(progress);
  return fmt::format("{}{}batch {}: {} rows, {:.0f} rows/s, {} rows in all{}{}", progress.name,
                     progress.name.empty() ? "" : " ", progress.batch_id, progress.input_rows(),
                     progress.processed_rows_per_second, RowsOf(progress), lag ? fmt::format(", lag {}", *lag) : "",
                     bad);
}

int64_t ProgressPrinter::RowsOf(const QueryProgress& progress) const {
  const auto found = rows_.find(progress.id);
  return found == rows_.end() ? 0 : found->second;
}

std::string ProgressPrinter::BarOf(const QueryProgress& progress) const {
  const int64_t expected =
      expected_rows_ == kWhatIsThere ? RowsOf(progress) + LagOf(progress).value_or(0) : expected_rows_;
  return expected > 0 ? Bar(RowsOf(progress), expected) : "";
}

void ProgressPrinter::Show(const QueryProgress& progress) {
  Show(progress, style_ == ProgressStyle::kJson ? ProgressToJson(progress) : "");
}

void ProgressPrinter::Show(const QueryProgress& progress, const std::string& json) {
  std::lock_guard lock(mutex_);
  rows_[progress.id] += progress.input_rows();
  switch (style_) {
    case ProgressStyle::kJson:
      std::cout << ForStdout(Redact(json)) << std::endl;
      break;
    case ProgressStyle::kBar:
      last_ = BarOf(progress) + Summary(progress);
      busy_until_ = std::chrono::system_clock::now();
      waiting_ = false;
      DrawTerminalLine(last_);
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

void ProgressPrinter::Waiting() {
  std::lock_guard lock(mutex_);
  constexpr std::chrono::seconds kWorthTelling{1};
  if (style_ != ProgressStyle::kBar || waiting_ || std::chrono::system_clock::now() - busy_until_ < kWorthTelling)
    return;
  waiting_ = true;
  const std::time_t since = std::chrono::system_clock::to_time_t(busy_until_);
  DrawTerminalLine(
      fmt::format("{}{}waiting for data since {:%H:%M:%S}", last_, last_.empty() ? "" : ", ", fmt::localtime(since)));
}

void ProgressPrinter::Finish() {
  EndTerminalLine();
}

QueryListener ListenerOf(std::shared_ptr<ProgressPrinter> printer) {
  QueryListener listener;
  listener.progress = [printer](const QueryProgress& progress) { printer->Show(progress); };
  listener.no_new_data = [printer] { printer->Waiting(); };
  listener.ended = [printer] { printer->Finish(); };
  return listener;
}

}  // namespace sluice
