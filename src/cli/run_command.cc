// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <future>
#include <memory>

#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/pipeline_file.h"
#include "cli/query_watch.h"
#include "cli/remote_run.h"
#include "session/session.h"
#include "streaming/progress_printer.h"

namespace sluice::cli {
namespace {

struct RunOptions {
  GlobalOptions global;
  PipelineFile pipeline;
  bool available_now = false;
  std::string progress;  // empty: what spark.sluice.progress says, else auto
  std::string metrics_port;
  std::string remote;
};

int WrongProgress() {
  return Fail(UserError("SLUICE_USAGE", "--progress and spark.sluice.progress take auto, bar, lines, json or none."),
              kBadUsage);
}

int Run(const RunOptions& options) {
  CatchStopSignals();
  if (!options.remote.empty()) {
    if (!options.metrics_port.empty()) {
      return Fail(
          UserError("SLUICE_USAGE", "--metrics-port is of a process of this machine; it cannot go with --remote."),
          kBadUsage);
    }
    ProgressStyle style = ProgressStyle::kAuto;
    if (!options.progress.empty() && !ParseProgressStyle(options.progress, &style)) return WrongProgress();
    return RunAtServer({options.global, options.pipeline, options.remote, options.available_now, style});
  }
  Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  Result<Pipeline> pipeline = PreparePipeline(options.pipeline, *program);
  if (!pipeline.ok()) {
    // Standard input cannot be read a second time for the line at fault.
    const Result<std::string> text =
        options.pipeline.path == "-" ? Result<std::string>("") : ReadSqlText(options.pipeline.path);
    return FailInText(pipeline.status(), text.ValueOr(""), kBadUsage);
  }
  bool bounded = true;
  for (spark::connect::Command& query : pipeline->queries) {
    auto* start = query.mutable_write_stream_operation_start();
    if (options.available_now) start->set_available_now(true);
    bounded &= start->available_now();
  }
  if (!options.metrics_port.empty()) {
    const Status set = program->session->SetConf("spark.sluice.metrics.port", options.metrics_port);
    if (!set.ok()) return Fail(set, kBadUsage);
  }
  ProgressStyle style = ProgressStyle::kAuto;
  if (!ParseProgressStyle(options.progress.empty()
                              ? program->session->conf().Find("spark.sluice.progress").value_or("auto")
                              : options.progress,
                          &style)) {
    return WrongProgress();
  }
  const auto printer =
      std::make_shared<ProgressPrinter>(style, bounded ? ProgressPrinter::kWhatIsThere : ProgressPrinter::kUnknown);
  QueryListener listener = ListenerOf(printer);
  listener.no_new_data = nullptr;  // of several queries all must be idle: WatchQueries tells
  listener.ended = nullptr;
  program->session->SetProgress(std::move(listener));
  Result<std::vector<std::shared_ptr<RunningQuery>>> queries = std::vector<std::shared_ptr<RunningQuery>>();
  const std::future<void> started =
      std::async(std::launch::async, [&] { queries = StartPipeline(*program, *pipeline); });
  AwaitStart(started);
  if (!queries.ok()) {
    program->session->queries().StopAll();
    return Fail(queries.status(), kQueryFailed);
  }
  const int code = WatchQueries(program->session.get(), *queries, [&] { printer->Waiting(); });
  printer->Finish();
  return code;
}

}  // namespace

void AddRunCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app->add_subcommand("run", "Run the streaming statements of a SQL file");
  options->global.AddTo(command);
  options->pipeline.AddTo(command, "FILE");
  command->add_flag("--available-now", options->available_now,
                    "Process what is there now, then end, whatever the file says");
  command->add_option("--metrics-port", options->metrics_port,
                      "Serve /metrics, /health and /ready on this port (spark.sluice.metrics.port)");
  command->add_option(
      "--remote", options->remote,
      "A Spark Connect server to run it on, sc://host:port/;token=..; SIGINT and SIGTERM stop it there");
  command->add_option("--progress", options->progress, "auto, bar, lines, json or none (spark.sluice.progress) [auto]");
  command->footer(
      "Examples:\n"
      "  sluice run examples/bronze_reviews.sql                    until SIGINT or SIGTERM, after the running batch\n"
      "  sluice run --available-now --param HANDLE=me bronze.sql   what is there now\n"
      "  sluice run --metrics-port 9400 --env-file prod.env bronze.sql\n"
      "  sluice run --remote sc://spark.example.com:15002 bronze.sql");
  command->callback([options, chosen] { *chosen = [options] { return Run(*options); }; });
}

}  // namespace sluice::cli
