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

namespace sc = spark::connect;

// How long the end of a query may go unnoticed.
constexpr int64_t kLookMs = 100;

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

sc::ExecutePlanResponse EventOf(std::string json, sc::StreamingQueryEventType type) {
  sc::ExecutePlanResponse response;
  auto* event = response.mutable_streaming_query_listener_events_result()->add_events();
  event->set_event_json(std::move(json));
  event->set_event_type(type);
  return response;
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

Status ListenToQueries(ServedSession* session, Operation* operation,
                       const sc::StreamingQueryListenerBusCommand& command) {
  ListenerBus& bus = *session->bus();
  if (command.has_remove_listener_bus_listener()) {
    bus.Close();
    return Status::OK();
  }
  (void)session->TakeEndedQueries();  // before its time
  const int64_t listener = bus.Open();
  sc::ExecutePlanResponse added;
  added.mutable_streaming_query_listener_events_result()->set_listener_bus_listener_added(true);
  SLUICE_RETURN_IF_ERROR(operation->Push(std::move(added)));
  for (;;) {
    // Whoever has ended has told its progress before.
    std::vector<std::string> ended = session->TakeEndedQueries();
    std::deque<std::string> progress;
    if (!bus.Take(listener, ended.empty() ? kLookMs : 0, &progress)) return Status::OK();
    for (std::string& json : progress) {
      SLUICE_RETURN_IF_ERROR(operation->Push(EventOf(std::move(json), sc::QUERY_PROGRESS_EVENT)));
    }
    for (std::string& json : ended) {
      SLUICE_RETURN_IF_ERROR(operation->Push(EventOf(std::move(json), sc::QUERY_TERMINATED_EVENT)));
    }
    if (operation->interrupted()) {
      bus.Close();
      return UserError("OPERATION_CANCELED", "Operation has been canceled.");
    }
  }
}

}  // namespace sluice
