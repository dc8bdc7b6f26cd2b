// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "analysis/streaming_checks.h"
#include "base/spark_error.h"
#include "connectors/options.h"
#include "service/handlers.h"
#include "service/stream_table.h"
#include "session/session.h"

namespace sluice::service {
namespace {

using spark::connect::WriteStreamOperationStart;

Result<QueryTrigger> TriggerOf(const WriteStreamOperationStart& command) {
  switch (command.trigger_case()) {
    case WriteStreamOperationStart::kAvailableNow:
      return QueryTrigger{TriggerKind::kAvailableNow, 0};
    case WriteStreamOperationStart::kOnce:
      return QueryTrigger{TriggerKind::kOnce, 0};
    case WriteStreamOperationStart::kProcessingTimeInterval:
      return ParseTrigger("processingTime " + command.processing_time_interval());
    case WriteStreamOperationStart::kContinuousCheckpointInterval:
      return ParseTrigger("continuous");
    case WriteStreamOperationStart::TRIGGER_NOT_SET:
      return QueryTrigger{};
    default:
      return NotSupported("This trigger is not supported; there are processingTime, availableNow and once.");
  }
}

Status RefuseWhatIsNotThere(const WriteStreamOperationStart& command) {
  if (command.clustering_column_names_size() > 0) return NotSupported("clusterBy is not supported.");
  return Status::OK();
}

// Keeps a batch's rows in the session whose client the function is.
class SessionFrames : public FrameKeeper {
 public:
  explicit SessionFrames(Session* session) : session_(session) {}
  std::string Keep(std::shared_ptr<arrow::Schema> schema,
                   std::vector<std::shared_ptr<arrow::RecordBatch>> rows) override {
    std::erase_if(rows, [](const auto& batch) { return batch->num_rows() == 0; });
    return session_->KeepFrame(MakeNode(plan::LocalRows{std::move(rows)}, {}, std::move(schema)));
  }
  void Drop(const std::string& frame) override { session_->DropFrame(frame); }

 private:
  Session* const session_;  // outlives its queries
};

Result<SinkOpener> ForeachBatchOf(Session* session, const spark::connect::StreamingForeachFunction& function) {
  if (!function.has_python_function()) return NotSupported("foreachBatch of a JVM is not supported.");
  SLUICE_ASSIGN(const std::string url, session->process().local_url());
  ForeachBatchFunction called;
  SLUICE_ASSIGN(called.settings, session->python_settings());
  called.command = function.python_function().command();
  called.python_version = function.python_function().python_ver();
  called.url = url + ";user_id=" + session->client().user_id;
  called.session_id = session->client().session_id;
  SLUICE_ASSIGN(std::shared_ptr<ForeachBatchWorker> worker, ForeachBatchWorker::Start(called));
  return ForeachBatchSink(std::move(worker), std::make_shared<SessionFrames>(session));
}

Result<SinkOpener> ForeachOf(Session* session, const spark::connect::StreamingForeachFunction& function) {
  if (!function.has_python_function()) return NotSupported("foreach of a JVM is not supported.");
  SLUICE_ASSIGN(PythonHome home, session->Python());
  PythonFunction writer;
  writer.name = "foreach";
  writer.command = function.python_function().command();
  writer.python_version = function.python_function().python_ver();
  writer.conf = std::move(home.conf);
  writer.workers = std::move(home.workers);
  return ForeachSink(std::move(writer));
}

}  // namespace

Result<Responses> StartStreamingQuery(Session* session, const WriteStreamOperationStart& command) {
  SLUICE_RETURN_IF_ERROR(RefuseWhatIsNotThere(command));
  QuerySpec spec;
  SLUICE_ASSIGN(spec.trigger, TriggerOf(command));
  SLUICE_ASSIGN(spec.plan, session->Resolve(command.input()));
  spec.name = command.query_name();
  spec.output_mode = command.output_mode().empty() ? "append" : command.output_mode();
  std::transform(spec.output_mode.begin(), spec.output_mode.end(), spec.output_mode.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  SLUICE_RETURN_IF_ERROR(CheckStreamingPlan(*spec.plan, spec.output_mode));
  spec.sink_format = command.format().empty() ? "parquet" : command.format();
  for (const auto& [name, value] : command.options()) spec.sink_options[name] = value;
  spec.sink_path = command.path().empty() ? Options(spec.sink_options).Get("path", "") : command.path();
  if (command.has_foreach_batch()) {
    spec.sink_format = "foreachBatch";
    SLUICE_ASSIGN(spec.open_sink, ForeachBatchOf(session, command.foreach_batch()));
  } else if (command.has_foreach_writer()) {
    spec.sink_format = "foreach";
    SLUICE_ASSIGN(spec.open_sink, ForeachOf(session, command.foreach_writer()));
  }
  spec.partition_columns.assign(command.partitioning_column_names().begin(), command.partitioning_column_names().end());
  SLUICE_ASSIGN(const std::shared_ptr<RunningQuery> query,
                command.table_name().empty()
                    ? session->StartQuery(std::move(spec))
                    : StartInto(session, command.table_name(), !command.format().empty(), std::move(spec)));
  spark::connect::ExecutePlanResponse response;
  auto* result = response.mutable_write_stream_operation_start_result();
  result->mutable_query_id()->set_id(query->id());
  result->mutable_query_id()->set_run_id(query->run_id());
  result->set_name(query->name());
  return Responses{std::move(response)};
}

}  // namespace sluice::service
