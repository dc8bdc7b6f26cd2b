// SPDX-License-Identifier: Apache-2.0
#include "base/logging.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log_context.h"
#include "base/printable.h"
#include "base/redaction.h"
#include "base/terminal_line.h"

namespace sluice {
namespace {

std::atomic<LogLevel> current_level{LogLevel::kWarn};
std::atomic<bool> as_json{false};
thread_local LogContext context;

constexpr std::pair<std::string_view, LogLevel> kLevelNames[] = {
    {"trace", LogLevel::kTrace}, {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo},
    {"warn", LogLevel::kWarn},   {"error", LogLevel::kError}, {"off", LogLevel::kOff},
};

std::string_view NameOf(LogLevel level) {
  return kLevelNames[static_cast<size_t>(level)].first;
}

spdlog::logger& Logger() {
  static spdlog::logger* logger = [] {
    auto* made = new spdlog::logger("sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string ContextText() {
  std::string text;
  if (!context.query_id.empty()) text += fmt::format("query={} ", context.query_id);
  if (!context.run_id.empty()) text += fmt::format("run={} ", context.run_id);
  if (context.batch) text += fmt::format("batch={} ", *context.batch);
  return text;
}

std::string JsonLine(const std::string& time, LogLevel level, const std::string& message) {
  nlohmann::ordered_json line = {{"time", time}, {"level", NameOf(level)}};
  if (!context.query_id.empty()) line["queryId"] = context.query_id;
  if (!context.run_id.empty()) line["runId"] = context.run_id;
  if (context.batch) line["batchId"] = *context.batch;
  line["message"] = message;
  // Whatever bytes a message has, the line is valid: ASCII alone, what is no UTF-8 replaced.
  return line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

LogContext CurrentLogContext() {
  return context;
}

ScopedLogContext::ScopedLogContext(LogContext next) : former_(std::exchange(context, std::move(next))) {}

ScopedLogContext::~ScopedLogContext() {
  context = std::move(former_);
}

bool LogsAreJson() {
  return as_json;
}

void SetLogLevel(LogLevel level) {
  current_level = level;
}

bool ParseLogLevel(const std::string& text, LogLevel* level) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "warning") lower = "warn";
  if (lower == "all") lower = "trace";
  if (lower == "fatal") lower = "error";
  for (const auto& [name, value] : kLevelNames) {
    if (name == lower) {
      *level = value;
      return true;
    }
  }
  return false;
}

void SetLogJson(bool json) {
  as_json = json;
}

bool LogEnabled(LogLevel level) {
  return level >= current_level.load(std::memory_order_relaxed);
}

void LogLine(LogLevel level, std::string_view text) {
  const std::string safe = Redact(text);
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const std::string time =
      fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms % 1000);
  ClearTerminalLine();
  if (as_json) {
    Logger().info(JsonLine(time, level, safe));
  } else {
    Logger().info(fmt::format("{} {:5} {}{}", time, NameOf(level), ContextText(), PrintableLine(safe)));
  }
}

}  // namespace sluice
