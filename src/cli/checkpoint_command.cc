// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/printable.h"
#include "base/redaction.h"
#include "base/spark_error.h"
#include "checkpoint/checkpoint_check.h"
#include "checkpoint/log_folder.h"
#include "checkpoint/offset_log.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/state_command.h"
#include "connectors/file/table_check.h"
#include "connectors/file/table_move.h"
#include "connectors/file/table_paths.h"
#include "connectors/file/table_repair.h"
#include "env/env.h"
#include "session/session.h"
#include "state/state_check.h"

namespace sluice::cli {
namespace {

struct CheckpointOptions {
  GlobalOptions global;
  std::string folder;
  std::string sink;
  std::string moved_from;
};

// A folder with neither metadata nor an offsets entry is no checkpoint; an empty report on it would look like good
// news.
Status RequireCheckpoint(const Location& folder) {
  if (LogFolder(folder).Read("metadata").ok()) return Status::OK();
  SLUICE_ASSIGN(const std::optional<BatchId> planned, OffsetLog({folder.fs, folder.path + "/offsets"}).Latest());
  if (planned) return Status::OK();
  return UserError("SLUICE_USAGE", "There is no checkpoint at " + folder.path + ".");
}

// Finds both folders, then does the work; an error is bad usage before and a failure after.
template <typename Work>
int WithFolders(const CheckpointOptions& options, Work work) {
  const Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  // A repair makes copies.
  const Result<Location> checkpoint = LocatePrivate(program->env.get(), options.folder, program->session->conf());
  if (!checkpoint.ok()) return Fail(checkpoint.status(), kBadUsage);
  if (const Status there = RequireCheckpoint(*checkpoint); !there.ok()) return Fail(there, kBadUsage);
  Location sink;
  if (!options.sink.empty()) {
    const Result<Location> found = program->env->Locate(options.sink, program->session->conf());
    if (!found.ok()) return Fail(found.status(), kBadUsage);
    sink = *found;
  }
  const Result<int> code = work(*checkpoint, sink);
  return code.ok() ? *code : Fail(code.status(), kQueryFailed);
}

int Show(const CheckpointOptions& options) {
  return WithFolders(options, [](const Location& checkpoint, const Location&) -> Result<int> {
    SLUICE_ASSIGN(const std::string page, ShowCheckpoint(checkpoint));
    SLUICE_ASSIGN(const std::string state, ShowState(checkpoint));
    std::cout << Redact(page + state);
    return kEndedWell;
  });
}

int Verify(const CheckpointOptions& options) {
  return WithFolders(options, [&](const Location& checkpoint, const Location& sink) -> Result<int> {
    SLUICE_ASSIGN(const TableReport report,
                  options.sink.empty() ? VerifyWithoutTable(checkpoint) : VerifyCheckpoint(checkpoint, sink));
    std::cout << FormatReport(report);
    return report.damaged() ? kQueryFailed : kEndedWell;
  });
}

int Repair(const CheckpointOptions& options) {
  return WithFolders(options, [&](const Location& checkpoint, const Location& sink) -> Result<int> {
    std::vector<std::string> moved;
    if (!options.moved_from.empty()) {
      SLUICE_ASSIGN(moved, MoveSinkLog(sink, PathOfUri(options.moved_from), &SystemClock()));
    }
    SLUICE_ASSIGN(TableRepair repair, RepairCheckpoint(checkpoint, sink, &SystemClock()));
    repair.mended.insert(repair.mended.begin(), moved.begin(), moved.end());
    std::cout << FormatRepair(repair);
    return repair.left.empty() ? kEndedWell : kQueryFailed;
  });
}

int Clean(const CheckpointOptions& options) {
  return WithFolders(options, [](const Location& checkpoint, const Location& sink) -> Result<int> {
    SLUICE_ASSIGN(const std::vector<std::string> removed, CleanCheckpoint(checkpoint, sink));
    for (const std::string& path : removed) std::cout << "removed: " << PrintableLine(path) << "\n";
    std::cout << removed.size() << " files removed\n";
    return kEndedWell;
  });
}

enum class SinkOption { kNone, kOptional, kRequired };

CLI::App* AddPart(CLI::App* parent, const char* name, const char* doc, SinkOption sink,
                  int (*work)(const CheckpointOptions&), Chosen* chosen) {
  auto options = std::make_shared<CheckpointOptions>();
  CLI::App* command = parent->add_subcommand(name, doc);
  options->global.AddTo(command);
  command->add_option("DIR", options->folder, "The checkpoint's folder")->required();
  if (sink == SinkOption::kRequired) command->add_option("--sink", options->sink, "The table's folder")->required();
  if (sink == SinkOption::kOptional) {
    command->add_option("--sink", options->sink, "The table's folder; without it the checkpoint alone is looked at");
  }
  if (work == Repair) {
    command->add_option("--moved-from", options->moved_from,
                        "Where the table was when its log was written, as a path or URI: the log then names its files "
                        "where they are now");
  }
  command->callback([options, work, chosen] { *chosen = [options, work] { return work(*options); }; });
  return command;
}

}  // namespace

void AddCheckpointCommand(CLI::App* app, Chosen* chosen) {
  CLI::App* parent =
      app->add_subcommand("checkpoint", "Look at, check, repair or clean up a query's checkpoint and table");
  parent->require_subcommand(1);
  parent->footer(
      "Examples:\n"
      "  sluice checkpoint show   /var/lib/sluice/reviews\n"
      "  sluice checkpoint verify /var/lib/sluice/reviews --sink s3a://lake/bronze/reviews");
  AddPart(parent, "show", "Where the query is", SinkOption::kNone, Show, chosen);
  AddPart(parent, "verify", "Exit 0: whole, 1: damaged; a finding a line", SinkOption::kOptional, Verify, chosen);
  AddPart(parent, "repair", "Mend what is safe, keeping copies; exit 1: some damage is left", SinkOption::kRequired,
          Repair, chosen);
  AddPart(parent, "clean", "Remove part files that no log entry names", SinkOption::kRequired, Clean, chosen);
  AddStateCommand(parent, chosen);
  AddReplayBadCommand(parent, chosen);
}

}  // namespace sluice::cli
