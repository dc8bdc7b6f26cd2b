// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <future>
#include <memory>

#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/pipeline_file.h"
#include "cli/query_watch.h"
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
};

int Run(const RunOptions& options) {
  CatchStopSignals();
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
  const std::string progress = options.progress.empty()
                                   ? program->session->conf().Find("spark.sluice.progress").value_or("auto")
                                   : options.progress;
  ProgressStyle style = ProgressStyle::kAuto;
  if (!ParseProgressStyle(progress, &style)) {
    return Fail(UserError("SLUICE_USAGE", "--progress and spark.sluice.progress take auto, bar, lines, json or none."),
                kBadUsage);
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
  command->add_option("--progress", options->progress, "auto, bar, lines, json or none (spark.sluice.progress) [auto]");
  command->footer(
      "Examples:\n"
      "  sluice run examples/bronze_reviews.sql                    until SIGINT or SIGTERM, after the running batch\n"
      "  sluice run --available-now --param HANDLE=me bronze.sql   what is there now\n"
      "  sluice run --metrics-port 9400 --env-file prod.env bronze.sql");
  command->callback([options, chosen] { *chosen = [options] { return Run(*options); }; });
}

}  // namespace sluice::cli
