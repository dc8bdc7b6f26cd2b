// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_query.h"

#include <nlohmann/json.hpp>

#include "base/spark_error.h"
#include "channel/channel.h"
#include "exec/operator.h"
#include "streaming/progress.h"
#include "streaming/progress_printer.h"

namespace sluice::cli {
namespace {

using spark::connect::Command;
using spark::connect::ExecutePlanResponse;
using spark::connect::StreamingQueryCommand;
using spark::connect::StreamingQueryCommandResult;

Result<ExecutePlanResponse> Send(Channel* channel, Command command) {
  spark::connect::ExecutePlanRequest request;
  *request.mutable_plan()->mutable_command() = std::move(command);
  SLUICE_ASSIGN(Execution execution, channel->ExecutePlan(std::move(request)));
  if (execution.messages.empty()) {
    return EnvironmentError("SLUICE_REMOTE.FAILED", "The server gave no answer about a streaming query.");
  }
  return std::move(execution.messages.front());
}

std::string TextOf(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

template <typename Number>
Number NumberOf(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<Number>() : Number{0};
}

SourceProgress SourceOf(const nlohmann::json& json) {
  SourceProgress source;
  source.input_rows = NumberOf<int64_t>(json, "numInputRows");
  if (json.contains("endOffset")) source.end_offset = json["endOffset"].dump();
  if (json.contains("latestOffset")) source.latest_offset = json["latestOffset"].dump();
  if (!json.contains("metrics") || !json["metrics"].is_object()) return source;
  for (const auto& [name, value] : json["metrics"].items()) {
    source.metrics[name] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return source;
}

// What is printed of a batch.
QueryProgress ProgressOf(const nlohmann::json& json) {
  QueryProgress progress;
  progress.id = TextOf(json, "id");
  progress.run_id = TextOf(json, "runId");
  progress.name = TextOf(json, "name");
  progress.batch_id = NumberOf<int64_t>(json, "batchId");
  progress.processed_rows_per_second = NumberOf<double>(json, "processedRowsPerSecond");
  if (!json.contains("sources") || !json["sources"].is_array()) return progress;
  for (const auto& source : json["sources"]) {
    if (source.is_object()) progress.sources.push_back(SourceOf(source));
  }
  return progress;
}

}  // namespace

RemoteQuery::RemoteQuery(std::shared_ptr<Channel> channel,
                         const spark::connect::WriteStreamOperationStartResult& started)
    : channel_(std::move(channel)), id_(started.query_id()), name_(started.name()) {}

Result<RemoteQuery> RemoteQuery::Start(std::shared_ptr<Channel> channel, Command command) {
  SLUICE_ASSIGN(const ExecutePlanResponse response, Send(channel.get(), std::move(command)));
  return RemoteQuery(std::move(channel), response.write_stream_operation_start_result());
}

Result<StreamingQueryCommandResult> RemoteQuery::Ask(StreamingQueryCommand command) {
  *command.mutable_query_id() = id_;
  Command whole;
  *whole.mutable_streaming_query_command() = std::move(command);
  SLUICE_ASSIGN(const ExecutePlanResponse response, Send(channel_.get(), std::move(whole)));
  return response.streaming_query_command_result();
}

Result<bool> RemoteQuery::AwaitTermination(int64_t timeout_ms) {
  StreamingQueryCommand command;
  command.mutable_await_termination()->set_timeout_ms(timeout_ms);
  SLUICE_ASSIGN(const auto result, Ask(std::move(command)));
  return result.await_termination().terminated();
}

Status RemoteQuery::ShowProgress(ProgressPrinter* printer) {
  StreamingQueryCommand command;
  command.set_recent_progress(true);
  SLUICE_ASSIGN(const auto result, Ask(std::move(command)));
  const auto& recent = result.recent_progress().recent_progress_json();
  int next = 0;
  for (int i = recent.size(); i > 0 && next == 0; --i) {
    if (recent.Get(i - 1) == last_shown_) next = i;
  }
  for (int i = next; i < recent.size(); ++i) {
    last_shown_ = recent.Get(i);
    const auto json = nlohmann::json::parse(last_shown_, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) continue;
    const QueryProgress progress = ProgressOf(json);
    last_batch_ = progress.batch_id;
    printer->Show(progress, last_shown_.find('\n') == std::string::npos ? last_shown_ : json.dump());
  }
  return Status::OK();
}

Status RemoteQuery::Stop() {
  StreamingQueryCommand command;
  command.set_stop(true);
  return Ask(std::move(command)).status();
}

}  // namespace sluice::cli
