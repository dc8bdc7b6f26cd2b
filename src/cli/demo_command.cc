// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cerrno>
#include <iostream>
#include <memory>
#include <variant>

#include "analysis/sql/parser.h"
#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/demo_folder.h"
#include "cli/global_options.h"
#include "cli/query_watch.h"
#include "cli/row_output.h"
#include "connectors/kafka/demo_feeder.h"
#include "connectors/kafka/review_generator.h"
#include "exec/operator.h"
#include "service/connect_service.h"
#include "session/session.h"
#include "streaming/progress_printer.h"

namespace sluice::cli {
namespace {

constexpr char kTopic[] = "reviews";
constexpr int kPartitions = 2;
constexpr uint64_t kSeed = 4;
constexpr char kFolder[] = "lake";

struct DemoOptions {
  GlobalOptions global;
  int64_t records = 5000;
  std::string progress = "auto";
};

// The bronze pipeline as a user would write it, on the embedded broker.
std::string PipelineSql(const EmbeddedBroker& broker, const DemoFolder& folder, int64_t records) {
  std::string columns;
  int index = 0;
  for (const char* name : kReviewColumns) columns += fmt::format("parts[{}] AS {}, ", index++, name);
  // Small batches while that is quick to watch; a long demo takes larger ones.
  const int64_t batch = std::max<int64_t>(1000, records / 100);
  return fmt::format(
      "CREATE STREAMING TABLE reviews USING parquet LOCATION '{}' "
      "OPTIONS (checkpointLocation '{}', queryName 'bronze_reviews') "
      "AS SELECT {}current_timestamp() AS review_timestamp FROM (SELECT split(CAST(value AS STRING), '\\t') AS parts "
      "FROM STREAM read_kafka(bootstrapServers => '{}', subscribe => '{}', startingOffsets => 'earliest', "
      "maxOffsetsPerTrigger => {}))",
      folder.table().string(), folder.checkpoint().string(), columns, broker.bootstrap_servers(), kTopic, batch);
}

Result<Execution> Execute(const Program& program, const SqlStatement& statement) {
  spark::connect::ExecutePlanRequest request;
  request.set_session_id(program.session->id());
  if (const auto* command = std::get_if<spark::connect::Command>(&statement)) {
    *request.mutable_plan()->mutable_command() = *command;
  } else if (const auto* relation = std::get_if<spark::connect::Relation>(&statement)) {
    *request.mutable_plan()->mutable_root() = *relation;
  }
  return program.service->ExecutePlan(request);
}

// Runs the stream until every record is in the table. The exit code.
Result<int> Stream(const Program& program, const DemoOptions& options, const DemoFolder& folder,
                   ProgressPrinter* printer) {
  SLUICE_ASSIGN(const std::unique_ptr<EmbeddedBroker> broker, EmbeddedBroker::Start());
  SLUICE_RETURN_IF_ERROR(broker->CreateTopic(kTopic, kPartitions));
  DemoFeeder feeder(broker.get(), kTopic, kPartitions, kSeed);
  std::atomic<int64_t> rows{0};
  QueryListener listener;
  listener.progress = [&](const QueryProgress& progress) {
    printer->Show(progress);
    rows += progress.input_rows();
    (void)feeder.OnCommitted(progress.sources.at(0).end_offset);
  };
  program.session->SetProgress(std::move(listener));
  feeder.Start(options.records);
  SLUICE_RETURN_IF_ERROR(feeder.AwaitWindow());
  SLUICE_ASSIGN(const SqlFile file,
                ParseScriptSql(PipelineSql(*broker, folder, options.records), program.session->conf()));
  SLUICE_ASSIGN(const Execution execution, Execute(program, file.statements.at(0)));
  const auto& started = execution.messages.at(0).write_stream_operation_start_result();
  const std::shared_ptr<RunningQuery> query = program.session->queries().Find(started.query_id().run_id());
  while (rows < options.records && StopSignals() == 0) {
    SLUICE_ASSIGN(const bool ended, query->AwaitTermination(20));
    if (ended) break;
  }
  const bool clean = program.session->queries().StopAll();
  SLUICE_RETURN_IF_ERROR(feeder.Stop());
  if (const auto failure = query->exception()) return *failure;
  program.session->SetProgress({});
  printer->Finish();
  return clean ? kEndedWell : kBatchGivenUp;
}

Status ShowTable(const Program& program, const DemoFolder& folder) {
  const std::string table = fmt::format("'{}'", folder.table().string());
  const std::string queries[] = {
      fmt::format("SELECT product_title FROM {} LIMIT 5", table),
      fmt::format("SELECT star_rating, count(*) AS reviews FROM {} GROUP BY star_rating ORDER BY star_rating LIMIT 10",
                  table),
      fmt::format("SELECT review_timestamp, count(*) AS reviews FROM {} GROUP BY review_timestamp ORDER BY "
                  "review_timestamp LIMIT 5",
                  table)};
  for (const std::string& query : queries) {
    std::cout << "\n$ " << program_invocation_name << " sql \"" << query << "\"\n";
    SLUICE_ASSIGN(const SqlFile script, ParseScriptSql(query, program.session->conf()));
    SLUICE_ASSIGN(const Execution execution, Execute(program, script.statements.at(0)));
    SLUICE_RETURN_IF_ERROR(
        PrintRows(execution.rows.get(), RowStyle(), program.session->conf().time_zone(), std::cout).status());
  }
  return Status::OK();
}

int RunDemo(const DemoOptions& options) {
  ProgressStyle style = ProgressStyle::kAuto;
  if (!ParseProgressStyle(options.progress, &style) || options.records < 1) {
    return Fail(
        UserError("SLUICE_USAGE", "--progress takes auto, bar, lines, json or none; --records takes 1 or more."),
        kBadUsage);
  }
  CatchStopSignals();
  const Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  const DemoFolder folder{kFolder};
  if (const Status prepared = folder.Prepare(); !prepared.ok()) return Fail(prepared, kBadUsage);
  ProgressPrinter printer(style, options.records);
  std::cout << "Kafka (embedded) -> " << options.records << " reviews -> " << folder.table().string() << std::endl;
  const Result<int> streamed = Stream(*program, options, folder, &printer);
  if (!streamed.ok()) return Fail(streamed.status(), kQueryFailed);
  if (*streamed != kEndedWell) return *streamed;
  if (const Status shown = ShowTable(*program, folder); !shown.ok()) return Fail(shown, kQueryFailed);
  std::cout << "\nOn a real cluster: copy sample.env to .env, fill it in, and run\n"
               "  "
            << program_invocation_name << " run examples/bronze_reviews.sql\n";
  return kEndedWell;
}

}  // namespace

void AddDemoCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App* command = app->add_subcommand("demo", "Run the whole pipeline in this process, on an embedded broker");
  options->global.AddTo(command);
  command->add_option("--records", options->records, "How many reviews")->capture_default_str();
  command->add_option("--progress", options->progress, "auto, bar, lines, json or none")->capture_default_str();
  command->callback([options, chosen] { *chosen = [options] { return RunDemo(*options); }; });
}

}  // namespace sluice::cli
