// SPDX-License-Identifier: Apache-2.0
#include "sluice/streaming.h"

#include "base/spark_error.h"
#include "client/errors.h"
#include "client/handles.h"
#include "exec/operator.h"

namespace sluice {
namespace {

using spark::connect::Command;
using spark::connect::StreamingQueryCommand;
using spark::connect::StreamingQueryCommandResult;
using spark::connect::StreamingQueryManagerCommand;
using spark::connect::StreamingQueryManagerCommandResult;

Command NewCommand(const QueryHandle& query) {
  Command command;
  auto* id = command.mutable_streaming_query_command()->mutable_query_id();
  id->set_id(query.id);
  id->set_run_id(query.run_id);
  return command;
}

// Sends a command whose fields `fill` sets; the answer of the query.
template <typename Fill>
StreamingQueryCommandResult Ask(const QueryHandle& query, Fill fill) {
  Command command = NewCommand(query);
  fill(command.mutable_streaming_query_command());
  return query.session->Command(std::move(command)).streaming_query_command_result();
}

template <typename Fill>
StreamingQueryManagerCommandResult AskManager(const SessionHandle& session, Fill fill) {
  Command command;
  fill(command.mutable_streaming_query_manager_command());
  return session.Command(std::move(command)).streaming_query_manager_command_result();
}

// Waiting ends with the query's own error, which gets the exception's own type.
bool Await(const QueryHandle& query, std::optional<int64_t> timeout_ms) {
  spark::connect::ExecutePlanRequest request;
  *request.mutable_plan()->mutable_command() = NewCommand(query);
  auto* await =
      request.mutable_plan()->mutable_command()->mutable_streaming_query_command()->mutable_await_termination();
  if (timeout_ms) await->set_timeout_ms(*timeout_ms);
  Result<Execution> execution = query.session->OpenChannel().ExecutePlan(std::move(request));
  ThrowIfQueryFailed(execution.status());
  return execution->messages.at(0).streaming_query_command_result().await_termination().terminated();
}

StreamingQuery QueryOf(const std::shared_ptr<SessionHandle>& session, const std::string& id, const std::string& run_id,
                       const std::string& name) {
  auto handle = std::make_shared<QueryHandle>();
  handle->session = session;
  handle->id = id;
  handle->run_id = run_id;
  handle->name = name;
  return StreamingQuery(std::move(handle));
}

}  // namespace

std::string StreamingQuery::id() const {
  return handle_->id;
}
std::string StreamingQuery::runId() const {
  return handle_->run_id;
}
std::string StreamingQuery::name() const {
  return handle_->name;
}

bool StreamingQuery::isActive() const {
  return Ask(*handle_, [](StreamingQueryCommand* command) { command->set_status(true); }).status().is_active();
}

void StreamingQuery::awaitTermination() const {
  Await(*handle_, std::nullopt);
}
bool StreamingQuery::awaitTermination(int64_t timeout_ms) const {
  return Await(*handle_, timeout_ms);
}

void StreamingQuery::processAllAvailable() const {
  Ask(*handle_, [](StreamingQueryCommand* command) { command->set_process_all_available(true); });
}

void StreamingQuery::stop() const {
  Ask(*handle_, [](StreamingQueryCommand* command) { command->set_stop(true); });
}

StreamingQueryStatus StreamingQuery::status() const {
  const auto result = Ask(*handle_, [](StreamingQueryCommand* command) { command->set_status(true); });
  return StreamingQueryStatus{result.status().status_message(), result.status().is_data_available(),
                              result.status().is_trigger_active()};
}

std::string StreamingQuery::lastProgress() const {
  const auto result = Ask(*handle_, [](StreamingQueryCommand* command) { command->set_last_progress(true); });
  const auto& progress = result.recent_progress().recent_progress_json();
  return progress.empty() ? "" : progress.Get(0);
}

std::vector<std::string> StreamingQuery::recentProgress() const {
  const auto result = Ask(*handle_, [](StreamingQueryCommand* command) { command->set_recent_progress(true); });
  const auto& progress = result.recent_progress().recent_progress_json();
  return {progress.begin(), progress.end()};
}

std::optional<std::string> StreamingQuery::exception() const {
  const auto result = Ask(*handle_, [](StreamingQueryCommand* command) { command->set_exception(true); });
  if (!result.exception().has_exception_message()) return std::nullopt;
  return result.exception().exception_message();
}

std::vector<StreamingQuery> StreamingQueryManager::active() const {
  const auto result = AskManager(*session_, [](StreamingQueryManagerCommand* command) { command->set_active(true); });
  std::vector<StreamingQuery> queries;
  for (const auto& query : result.active().active_queries()) {
    queries.push_back(QueryOf(session_, query.id().id(), query.id().run_id(), query.name()));
  }
  return queries;
}

std::optional<StreamingQuery> StreamingQueryManager::get(const std::string& id) const {
  const auto result = AskManager(*session_, [&](StreamingQueryManagerCommand* command) { command->set_get_query(id); });
  if (!result.has_query()) return std::nullopt;
  return QueryOf(session_, result.query().id().id(), result.query().id().run_id(), result.query().name());
}

void StreamingQueryManager::awaitAnyTermination() const {
  AskManager(*session_, [](StreamingQueryManagerCommand* command) { command->mutable_await_any_termination(); });
}

bool StreamingQueryManager::awaitAnyTermination(int64_t timeout_ms) const {
  const auto result = AskManager(*session_, [&](StreamingQueryManagerCommand* command) {
    command->mutable_await_any_termination()->set_timeout_ms(timeout_ms);
  });
  return result.await_any_termination().terminated();
}

void StreamingQueryManager::resetTerminated() const {
  AskManager(*session_, [](StreamingQueryManagerCommand* command) { command->set_reset_terminated(true); });
}

DataStreamReader& DataStreamReader::format(const std::string& source) {
  format_ = source;
  return *this;
}

DataStreamReader& DataStreamReader::option(const std::string& key, const std::string& value) {
  options_[key] = value;
  return *this;
}

DataStreamReader& DataStreamReader::options(const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) options_[key] = value;
  return *this;
}

DataStreamReader& DataStreamReader::schema(const std::string& ddl) {
  schema_ = ddl;
  return *this;
}

DataFrame DataStreamReader::load() const {
  return load("");
}

DataFrame DataStreamReader::load(const std::string& path) const {
  spark::connect::Relation relation;
  relation.mutable_read()->set_is_streaming(true);
  auto* source = relation.mutable_read()->mutable_data_source();
  if (!format_.empty()) source->set_format(format_);
  if (!schema_.empty()) source->set_schema(schema_);
  for (const auto& [key, value] : options_) (*source->mutable_options())[key] = value;
  if (!path.empty()) source->add_paths(path);
  return MakeDataFrame(session_, std::move(relation));
}

DataFrame DataStreamReader::table(const std::string& name) const {
  spark::connect::Relation relation;
  relation.mutable_read()->set_is_streaming(true);
  relation.mutable_read()->mutable_named_table()->set_unparsed_identifier(name);
  return MakeDataFrame(session_, std::move(relation));
}

DataStreamWriter& DataStreamWriter::format(const std::string& sink) {
  format_ = sink;
  return *this;
}

DataStreamWriter& DataStreamWriter::outputMode(const std::string& mode) {
  mode_ = mode;
  return *this;
}

DataStreamWriter& DataStreamWriter::option(const std::string& key, const std::string& value) {
  options_[key] = value;
  return *this;
}

DataStreamWriter& DataStreamWriter::options(const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) options_[key] = value;
  return *this;
}

DataStreamWriter& DataStreamWriter::partitionBy(const std::vector<std::string>& columns) {
  partition_columns_ = columns;
  return *this;
}

DataStreamWriter& DataStreamWriter::queryName(const std::string& name) {
  name_ = name;
  return *this;
}

DataStreamWriter& DataStreamWriter::trigger(const Trigger& trigger) {
  trigger_ = trigger;
  return *this;
}

StreamingQuery DataStreamWriter::start() const {
  return start("");
}

StreamingQuery DataStreamWriter::start(const std::string& path) const {
  return startInto(path, "");
}

StreamingQuery DataStreamWriter::toTable(const std::string& name) const {
  return startInto("", name);
}

StreamingQuery DataStreamWriter::startInto(const std::string& path, const std::string& table) const {
  Command command;
  auto* write = command.mutable_write_stream_operation_start();
  *write->mutable_input() = plan_->relation;
  write->set_format(format_);
  write->set_output_mode(mode_);
  write->set_query_name(name_);
  if (!path.empty()) write->set_path(path);
  if (!table.empty()) write->set_table_name(table);
  for (const auto& [key, value] : options_) (*write->mutable_options())[key] = value;
  for (const std::string& column : partition_columns_) write->add_partitioning_column_names(column);
  if (trigger_) {
    switch (trigger_->kind()) {
      case Trigger::Kind::kProcessingTime:
        write->set_processing_time_interval(trigger_->interval());
        break;
      case Trigger::Kind::kAvailableNow:
        write->set_available_now(true);
        break;
      case Trigger::Kind::kOnce:
        write->set_once(true);
        break;
      case Trigger::Kind::kContinuous:
        write->set_continuous_checkpoint_interval(trigger_->interval());
        break;
    }
  }
  const auto response = plan_->session->Command(std::move(command));
  const auto& result = response.write_stream_operation_start_result();
  return QueryOf(plan_->session, result.query_id().id(), result.query_id().run_id(), result.name());
}

}  // namespace sluice
