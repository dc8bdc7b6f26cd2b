// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/pipeline_file.h"
#include "cli/query_watch.h"
#include "env/env.h"
#include "session/session.h"

namespace sluice::cli {
namespace {

constexpr char kCheckpointOption[] = "checkpointLocation";

struct ReplayOptions {
  GlobalOptions global;
  PipelineFile pipeline;
  std::string folder;
  std::string bad_records;
};

// The pipeline must be that of the checkpoint; one that names none gets it.
Status PlaceCheckpoint(const ReplayOptions& options, const Program& program, spark::connect::Command* command) {
  auto& settings = *command->mutable_write_stream_operation_start()->mutable_options();
  const auto named = settings.find(kCheckpointOption);
  if (named != settings.end()) {
    const Conf conf = program.session->conf();
    SLUICE_ASSIGN(const Location its, program.env->Locate(named->second, conf));
    SLUICE_ASSIGN(const Location given, program.env->Locate(options.folder, conf));
    if (its.path == given.path) return Status::OK();
    return UserError("SLUICE_USAGE", fmt::format("The pipeline {} has the checkpoint {}, not {}.",
                                                 options.pipeline.path, named->second, options.folder));
  }
  settings[kCheckpointOption] = options.folder;
  return Status::OK();
}

Result<Pipeline> Prepare(const ReplayOptions& options, const Program& program) {
  SLUICE_ASSIGN(Pipeline pipeline, PreparePipeline(options.pipeline, program));
  if (pipeline.queries.size() > 1) {
    return UserError("SLUICE_USAGE", fmt::format("The pipeline {} has {} streaming statements; give the one of the "
                                                 "checkpoint in a file of its own.",
                                                 options.pipeline.path, pipeline.queries.size()));
  }
  SLUICE_RETURN_IF_ERROR(PlaceCheckpoint(options, program, &pipeline.queries.at(0)));
  Session& session = *program.session;
  if (!options.bad_records.empty()) {
    SLUICE_RETURN_IF_ERROR(session.SetConf("spark.sluice.badRecords.path", options.bad_records));
  }
  SLUICE_RETURN_IF_ERROR(session.SetConf("spark.sluice.badRecords.replay", "true"));
  return pipeline;
}

void PrintOutcome(const RunningQuery& query) {
  for (const QueryProgress& progress : query.recent_progress()) {
    if (!progress.replay) continue;
    std::cout << fmt::format("batch {}: {} bad records put through again, {} set aside again\n", progress.batch_id,
                             progress.input_rows(), progress.bad_records);
    return;
  }
  std::cout << "no bad records to put through again\n";
}

int Replay(const ReplayOptions& options) {
  CatchStopSignals();
  Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  const Result<Pipeline> pipeline = Prepare(options, *program);
  if (!pipeline.ok()) return Fail(pipeline.status(), kBadUsage);
  const Result<std::vector<std::shared_ptr<RunningQuery>>> queries = StartPipeline(*program, *pipeline);
  if (!queries.ok()) return Fail(queries.status(), kQueryFailed);
  const int code = WatchQueries(program->session.get(), *queries);
  if (code == kEndedWell) PrintOutcome(*queries->at(0));
  return code;
}

}  // namespace

void AddReplayBadCommand(CLI::App* parent, Chosen* chosen) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* command = parent->add_subcommand(
      "replay-bad", "Put the records that were set aside through a pipeline again, as one batch of its query");
  options->global.AddTo(command);
  command->add_option("DIR", options->folder, "The checkpoint's folder; its query must not be running")->required();
  options->pipeline.AddTo(command, "--pipeline");
  command->add_option("--bad-records", options->bad_records,
                      "Where they are (default: the pipeline's spark.sluice.badRecords.path)");
  command->callback([options, chosen] { *chosen = [options] { return Replay(*options); }; });
}

}  // namespace sluice::cli
