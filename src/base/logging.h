// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/redaction.h"

namespace sluice {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError, kOff };

// Logs go to standard error, a line each, text or JSON. Every line passes through Redact. Thread-safe.
void SetLogLevel(LogLevel level);
bool ParseLogLevel(const std::string& text, LogLevel* level);
void SetLogJson(bool json);
bool LogEnabled(LogLevel level);
void LogLine(LogLevel level, std::string_view text);

template <typename... Args>
void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(level)) LogLine(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace sluice
