// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "service/handlers.h"
#include "session/session.h"

namespace sluice::service {
namespace {

using spark::connect::ExecutePlanResponse;
using spark::connect::StreamingQueryCommand;
using spark::connect::StreamingQueryCommandResult;
using spark::connect::StreamingQueryManagerCommand;

void SetStatus(const RunningQuery& query, StreamingQueryCommandResult* result) {
  const QueryStatus status = query.status();
  auto* out = result->mutable_status();
  out->set_status_message(status.message);
  out->set_is_data_available(status.data_available);
  out->set_is_trigger_active(status.trigger_active);
  out->set_is_active(query.IsActive());
}

void SetProgress(const RunningQuery& query, bool only_last, StreamingQueryCommandResult* result) {
  auto* out = result->mutable_recent_progress();
  if (only_last) {
    if (const auto last = query.last_progress()) out->add_recent_progress_json(ProgressToJson(*last));
    return;
  }
  for (const QueryProgress& progress : query.recent_progress()) out->add_recent_progress_json(ProgressToJson(progress));
}

void SetException(const RunningQuery& query, StreamingQueryCommandResult* result) {
  auto* out = result->mutable_exception();
  const std::optional<Status> failure = query.exception();
  if (!failure) return;
  const SparkErrorDetail* detail = FindSparkError(*failure);
  out->set_exception_message(Redact(detail != nullptr ? detail->ToString() : failure->message()));
  if (detail != nullptr) out->set_error_class(detail->error_class);
}

void SetInstance(const RunningQuery& query,
                 spark::connect::StreamingQueryManagerCommandResult::StreamingQueryInstance* out) {
  out->mutable_id()->set_id(query.id());
  out->mutable_id()->set_run_id(query.run_id());
  if (!query.name().empty()) out->set_name(query.name());
}

template <typename Message>
std::optional<int64_t> TimeoutOf(const Message& message) {
  if (!message.has_timeout_ms()) return std::nullopt;
  return message.timeout_ms();
}

}  // namespace

Result<Responses> CommandQuery(Session* session, const StreamingQueryCommand& command) {
  const std::shared_ptr<RunningQuery> query = session->queries().Find(command.query_id().run_id());
  if (query == nullptr) {
    return UserError(
        "STREAMING_QUERY_NOT_FOUND",
        fmt::format("There is no streaming query with run id {} in this session.", command.query_id().run_id()));
  }
  ExecutePlanResponse response;
  StreamingQueryCommandResult* result = response.mutable_streaming_query_command_result();
  *result->mutable_query_id() = command.query_id();
  switch (command.command_case()) {
    case StreamingQueryCommand::kStatus:
      SetStatus(*query, result);
      break;
    case StreamingQueryCommand::kLastProgress:
      SetProgress(*query, true, result);
      break;
    case StreamingQueryCommand::kRecentProgress:
      SetProgress(*query, false, result);
      break;
    case StreamingQueryCommand::kStop:
      SLUICE_RETURN_IF_ERROR(query->Stop());
      break;
    case StreamingQueryCommand::kProcessAllAvailable:
      SLUICE_RETURN_IF_ERROR(query->ProcessAllAvailable());
      break;
    case StreamingQueryCommand::kException:
      SetException(*query, result);
      break;
    case StreamingQueryCommand::kAwaitTermination: {
      SLUICE_ASSIGN(const bool ended, query->AwaitTermination(TimeoutOf(command.await_termination())));
      result->mutable_await_termination()->set_terminated(ended);
      break;
    }
    default:
      return NotSupported("This command of a streaming query is not supported.");
  }
  return Responses{std::move(response)};
}

Result<Responses> CommandQueryManager(Session* session, const StreamingQueryManagerCommand& command) {
  ExecutePlanResponse response;
  auto* result = response.mutable_streaming_query_manager_command_result();
  switch (command.command_case()) {
    case StreamingQueryManagerCommand::kActive:
      result->mutable_active();
      for (const auto& query : session->queries().Active())
        SetInstance(*query, result->mutable_active()->add_active_queries());
      break;
    case StreamingQueryManagerCommand::kGetQuery:
      if (const auto query = session->queries().Find(command.get_query())) SetInstance(*query, result->mutable_query());
      break;
    case StreamingQueryManagerCommand::kAwaitAnyTermination: {
      SLUICE_ASSIGN(const bool ended,
                    session->queries().AwaitAnyTermination(TimeoutOf(command.await_any_termination())));
      result->mutable_await_any_termination()->set_terminated(ended);
      break;
    }
    case StreamingQueryManagerCommand::kResetTerminated:
      session->queries().ResetTerminated();
      result->set_reset_terminated(true);
      break;
    default:
      return NotSupported("Streaming query listeners are not supported.");
  }
  return Responses{std::move(response)};
}

}  // namespace sluice::service
