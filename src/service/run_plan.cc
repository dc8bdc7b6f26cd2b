// SPDX-License-Identifier: Apache-2.0
#include "service/run_plan.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>

#include "analysis/connect_types.h"
#include "base/spark_error.h"
#include "exec/operator.h"
#include "service/caught.h"
#include "service/error_reply.h"
#include "service/handlers.h"
#include "service/lost_client.h"
#include "service/observed_metrics.h"
#include "service/plan_bytes.h"
#include "service/query_events.h"
#include "service/query_waits.h"
#include "service/result_batches.h"
#include "session/session.h"

namespace sluice {
namespace {

using spark::connect::Command;
using spark::connect::ExecutePlanRequest;
using spark::connect::ExecutePlanResponse;

constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
// Largest piece of a batch that a message carries when the client takes pieces.
constexpr int64_t kChunkBytes = 120'795'955;
constexpr int64_t kSmallestChunk = 1024;

ResultLimits LimitsOf(const ExecutePlanRequest& request, const Conf& conf) {
  ResultLimits limits;
  if (const auto rows = conf.Find("spark.sql.execution.arrow.maxRecordsPerBatch")) {
    const int64_t wanted = std::strtoll(rows->c_str(), nullptr, 10);
    limits.rows = wanted > 0 ? wanted : kForever;
  }
  for (const auto& option : request.request_options()) {
    if (!option.has_result_chunking_options()) continue;
    const auto& chunking = option.result_chunking_options();
    if (!chunking.allow_arrow_batch_chunking()) continue;
    const int64_t wanted = chunking.preferred_arrow_chunk_size();
    limits.message_bytes = wanted >= kSmallestChunk ? std::min(wanted, kChunkBytes) : kChunkBytes;
  }
  return limits;
}

Status PushRows(const std::shared_ptr<ServedSession>& served, const ExecutePlanRequest& request,
                const std::shared_ptr<Operation>& operation, const spark::connect::Relation& relation) {
  Measurements measurements;
  SLUICE_ASSIGN(Execution execution, service::ExecuteMeasured(served->session(), relation, &measurements));
  // What the rows use lives as long as an interrupt may still call them.
  auto running = std::make_shared<Execution>(std::move(execution));
  operation->OnInterrupt([running] { running->rows->Cancel(); });
  ExecutePlanResponse first;
  SLUICE_ASSIGN(*first.mutable_schema(), SchemaToConnect(*running->schema));
  SLUICE_RETURN_IF_ERROR(operation->Push(std::move(first)));
  const Conf conf = served->session()->conf();
  ResultBatches batches(running->schema, conf.time_zone(), LimitsOf(request, conf),
                        [&](ExecutePlanResponse response) { return operation->Push(std::move(response)); });
  for (;;) {
    SLUICE_ASSIGN(const auto rows, running->rows->Next());
    if (rows == nullptr) break;
    SLUICE_RETURN_IF_ERROR(batches.Add(rows));
  }
  SLUICE_RETURN_IF_ERROR(batches.Finish());
  ExecutePlanResponse metrics;
  metrics.mutable_metrics();
  SLUICE_RETURN_IF_ERROR(operation->Push(std::move(metrics)));
  operation->OnInterrupt(nullptr);
  running.reset();  // with its operators, which then have told what they saw
  SLUICE_ASSIGN(auto observed, ObservedMetricsOf(measurements));
  for (ExecutePlanResponse& response : observed) SLUICE_RETURN_IF_ERROR(operation->Push(std::move(response)));
  return Status::OK();
}

// A source that never pauses keeps this waiting for ever.
Result<service::Responses> ProcessAll(ServedSession* served, const Operation& operation, const Command& command) {
  const auto& wanted = command.streaming_query_command();
  const auto query = served->session()->queries().Find(wanted.query_id().run_id());
  // The handler says what is wrong.
  if (query == nullptr) return service::CommandQuery(served->session().get(), wanted);
  SLUICE_RETURN_IF_ERROR(query->ProcessAllAvailable([&] { return operation.interrupted(); }));
  ExecutePlanResponse response;
  *response.mutable_streaming_query_command_result()->mutable_query_id() = wanted.query_id();
  return service::Responses{std::move(response)};
}

Result<service::Responses> RunCommand(ServedSession* served, const Operation& operation, const Command& command) {
  if (command.has_streaming_query_command()) {
    const bool all = command.streaming_query_command().has_process_all_available();
    Result<service::Responses> done =
        all ? ProcessAll(served, operation, command) : service::ExecuteCommand(served->session().get(), command);
    if (!done.ok() && !operation.interrupted()) return AsQueryFailure(*served, command, done.status());
    return done;
  }
  // What a PySpark client says last when its program ends. There is no such cache, and the call is refused: a client
  // whose call succeeds gives it back on a thread that the end of Python stops at any place, and then may wait for it
  // for ever.
  if (command.ml_command().has_clean_cache()) ClientLeaves(served);
  return service::ExecuteCommand(served->session().get(), command);
}

// The C++ API gets the plain text of a failure; Spark's clients cut off the name of the class in front of it.
void ShowAsException(const Command& command, ExecutePlanResponse* response) {
  if (!response->streaming_query_command_result().has_exception()) return;
  auto* exception = response->mutable_streaming_query_command_result()->mutable_exception();
  if (!exception->has_exception_message()) return;
  const auto& id = command.streaming_query_command().query_id();
  exception->set_exception_message(
      fmt::format("org.apache.spark.sql.streaming.StreamingQueryException: [STREAM_FAILED] Query [id = {}, runId = {}] "
                  "terminated with exception: {} SQLSTATE: XXKST",
                  id.id(), id.run_id(), exception->exception_message()));
  exception->set_error_class("STREAM_FAILED");
}

Status PushCommand(ServedSession* served, Operation* operation, const Command& command) {
  if (command.streaming_query_listener_bus_command().has_remove_listener_bus_listener()) {
    served->bus()->Close();
    return Status::OK();
  }
  SLUICE_ASSIGN(service::Responses responses, RunCommand(served, *operation, command));
  for (ExecutePlanResponse& response : responses) {
    if (response.has_write_stream_operation_start_result()) {
      auto* started = response.mutable_write_stream_operation_start_result();
      served->StartedQuery(operation->key().id, operation->key().tags, started->query_id().run_id());
      const auto query = served->session()->queries().Find(started->query_id().run_id());
      if (query != nullptr && served->bus()->on()) {
        started->set_query_started_event_json(QueryStartedJson(*query, served->process().env()->clock().NowMillis()));
      }
    }
    ShowAsException(command, &response);
    SLUICE_RETURN_IF_ERROR(operation->Push(std::move(response)));
  }
  return Status::OK();
}

Status NoPlan(const std::string& message, const std::string& field) {
  return UserError(
      "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET",
      fmt::format("The Spark Connect plan is invalid. This oneof field in {} is not set: {}.", message, field),
      {{"fullName", message}, {"name", field}});
}

// False: the operation goes on waiting, and `waiting` ends it.
Result<bool> Run(const std::shared_ptr<ServedSession>& session, const ExecutePlanRequest& request,
                 const std::shared_ptr<Operation>& operation, const std::shared_ptr<WaitingOperations>& waiting) {
  spark::connect::Plan plan = request.plan();
  SLUICE_RETURN_IF_ERROR(CompletePlan(session->artifacts(), &plan));
  switch (plan.op_type_case()) {
    case spark::connect::Plan::kRoot:
      if (plan.root().rel_type_case() == 0) return NoPlan("spark.connect.Relation", "rel_type");
      SLUICE_RETURN_IF_ERROR(PushRows(session, request, operation, plan.root()));
      return true;
    case spark::connect::Plan::kCommand:
      if (std::optional<Wait> wait = WaitOf(session, operation, plan.command(), waiting)) {
        waiting->Add(operation, *std::move(wait));
        return false;
      }
      SLUICE_RETURN_IF_ERROR(PushCommand(session.get(), operation.get(), plan.command()));
      return true;
    default:
      return NoPlan("spark.connect.Plan", "op_type");
  }
}

}  // namespace

void RunPlan(const std::shared_ptr<ServedSession>& session, const ExecutePlanRequest& request,
             const std::shared_ptr<Operation>& operation, const std::shared_ptr<WaitingOperations>& waiting) {
  const Result<bool> done = Caught([&] { return Run(session, request, operation, waiting); });
  if (!done.ok() || *done) EndOperation(operation.get(), done.status());
}

}  // namespace sluice
