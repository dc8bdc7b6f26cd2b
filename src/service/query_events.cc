// SPDX-License-Identifier: Apache-2.0
#include "service/query_events.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "session/session.h"

namespace sluice {
namespace {

// "2026-11-27T22:01:02.003Z"
std::string IsoTime(int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", text, ms % 1000);
}

std::string Dumped(const nlohmann::json& json) {
  // What is no UTF-8 becomes U+FFFD.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string QueryStartedJson(const RunningQuery& query, int64_t now_ms) {
  nlohmann::json json = {{"id", query.id()}, {"runId", query.run_id()}, {"timestamp", IsoTime(now_ms)}};
  json["name"] = query.name().empty() ? nlohmann::json() : nlohmann::json(query.name());
  json["jobTags"] = nlohmann::json::array();
  return Dumped(json);
}

std::string QueryTerminatedJson(const RunningQuery& query) {
  nlohmann::json json = {{"id", query.id()}, {"runId", query.run_id()}};
  json["exception"] = nullptr;
  json["errorClassOnException"] = nullptr;
  if (const auto failure = query.exception()) {
    const SparkErrorDetail* detail = FindSparkError(*failure);
    json["exception"] = Redact(detail != nullptr ? detail->ToString() : failure->message());
    if (detail != nullptr && !detail->error_class.empty()) json["errorClassOnException"] = detail->error_class;
  }
  return Dumped(json);
}

}  // namespace sluice
