// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_check.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <optional>

#include "base/printable.h"
#include "base/spark_error.h"
#include "checkpoint/checkpoint_check.h"
#include "checkpoint/file_sink_log.h"
#include "connectors/file/part_file_name.h"
#include "connectors/file/table_marks.h"
#include "connectors/file/table_paths.h"
#include "state/state_check.h"

namespace sluice {
namespace {

bool IsDamage(const Status& status) {
  return IsNotFound(status) || HasErrorClass(status, "SLUICE_CHECKPOINT_DAMAGED") ||
         HasErrorClass(status, "SLUICE_SINK_LOG_DAMAGED") ||
         HasErrorClass(status, "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION");
}

constexpr int64_t kNamedOutside = 100;  // one by one

// Where the sink log stands against the checkpoint; the same rule as FileSink::Start.
void CompareEnds(const CheckpointReport& checkpoint, std::optional<BatchId> latest, TableReport* report) {
  const BatchId next = checkpoint.next();
  const int64_t ends = latest ? latest->value : -1;
  if (ends == next.value - 1) return;
  if (ends == next.value && checkpoint.recovers()) {
    report->notes.push_back(
        fmt::format("Batch {} is in the table and not yet in commits/: a restart sees that.", ends));
  } else if (ends < next.value) {
    report->damage.push_back(fmt::format("The checkpoint has committed batches up to {}, but the sink log ends at {}.",
                                         next.value - 1, latest ? latest->ToString() : "none"));
  } else {
    report->damage.push_back(
        fmt::format("The sink log ends at batch {}, beyond the checkpoint, which would now run batch {}: they do not "
                    "belong together.",
                    ends, next.value));
  }
}

std::string Text(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail == nullptr ? status.message() : detail->message;
}

// The files that the log names, by path; nothing when the log cannot be read.
Result<std::optional<std::map<std::string, int64_t>>> NamedFiles(const Location& sink, FileSinkLog* log,
                                                                 TableReport* report) {
  TablePaths paths(sink);
  std::map<std::string, int64_t> named;
  std::vector<std::string> twice;
  int64_t outside = 0;
  const auto refuse = [&](const Status& status) {
    if (++outside <= kNamedOutside) report->damage.push_back(Text(status));
  };
  const auto deleted = log->VisitFiles([&](const SinkLogEntry& entry) {
    const Result<std::string> path = paths.PathOf(entry.path);
    if (!path.ok()) {
      refuse(path.status());
    } else if (!named.emplace(*path, entry.size).second) {
      twice.push_back(entry.path);
    }
    return Status::OK();
  });
  if (!deleted.ok()) {
    if (!IsDamage(deleted.status())) return deleted.status();
    report->damage.push_back(Text(deleted.status()));
    return std::optional<std::map<std::string, int64_t>>();
  }
  for (const std::string& uri : *deleted) {
    const Result<std::string> path = paths.PathOf(uri);
    if (!path.ok()) refuse(path.status());
    if (path.ok()) named.erase(*path);
  }
  if (outside > kNamedOutside) {
    report->damage.push_back(fmt::format("The sink log names {} files outside of the table.", outside));
  }
  for (const std::string& path : twice) {
    if (deleted->contains(path)) continue;
    report->damage.push_back(fmt::format("The sink log names {} twice: its rows are doubled.", path));
  }
  return std::optional(std::move(named));
}

enum class Kind { kData, kReRun, kTemporary, kOther };

// What a file in the table's folder is, by its name alone.
Kind KindOf(const std::string& path, const Location& sink, const CheckpointReport& checkpoint) {
  const std::string_view inside = std::string_view(path).substr(sink.path.size());
  // A killed process may leave a large compact file half written.
  if (inside.starts_with("/_spark_metadata/.") && inside.ends_with(".tmp")) return Kind::kTemporary;
  if (inside.find("/_") != std::string_view::npos) return Kind::kOther;
  const std::string_view name = BaseName(path);
  if (name.starts_with(".part-") && name.ends_with(".tmp")) return Kind::kTemporary;
  if (inside.find("/.") != std::string_view::npos) return Kind::kOther;
  const auto part = ParsePartFileName(name);
  if (!part) return Kind::kOther;
  const auto batch = BatchOfPartUuid(part->uuid, checkpoint.query_id);
  const bool re_run = checkpoint.recovers() && batch && batch->value == (checkpoint.next().value & 0xFFFFFFFF);
  return re_run ? Kind::kReRun : Kind::kData;
}

void CompareSize(const FileInfo& file, int64_t told, TableReport* report) {
  if (file.size == told) return;
  report->damage.push_back(fmt::format("{} has {} bytes, the sink log says {}.", file.path, file.size, told));
}

// The named files behind a link that leads to a folder, which a listing leaves out.
Status CompareBehind(const Location& sink, const std::string& link, std::map<std::string, int64_t>* named,
                     TableReport* report) {
  const std::string prefix = link + "/";
  for (auto it = named->lower_bound(prefix); it != named->end() && it->first.starts_with(prefix);) {
    const Result<FileInfo> file = sink.fs->Stat(it->first);
    if (!file.ok() && !IsNotFound(file.status())) return file.status();
    if (file.ok()) CompareSize(*file, it->second, report);
    it = file.ok() ? named->erase(it) : std::next(it);
  }
  return Status::OK();
}

Status CompareFiles(const Location& sink, const CheckpointReport& checkpoint, std::map<std::string, int64_t> named,
                    TableReport* report) {
  SLUICE_ASSIGN(const std::vector<FileInfo> files, sink.fs->List(sink.path, /*recursive=*/true));
  int64_t re_run = 0;
  for (const FileInfo& file : files) {
    if (file.is_link) {
      report->notes.push_back(
          fmt::format("{} is a symbolic link to a folder: nothing behind it is listed or deleted.", file.path));
      SLUICE_RETURN_IF_ERROR(CompareBehind(sink, file.path, &named, report));
    }
    if (file.is_folder) continue;
    const auto found = named.find(file.path);
    if (found != named.end()) {
      CompareSize(file, found->second, report);
      named.erase(found);
      continue;
    }
    const Kind kind = KindOf(file.path, sink, checkpoint);
    re_run += kind == Kind::kReRun ? 1 : 0;
    if (kind == Kind::kData || kind == Kind::kTemporary) report->orphans.push_back(file.path);
  }
  for (const auto& [path, size] : named) report->damage.push_back(fmt::format("{} is missing.", path));
  if (re_run > 0) {
    report->notes.push_back(
        fmt::format("{} file(s) of batch {} are there already; a restart writes the same ones again.", re_run,
                    checkpoint.next().value));
  }
  return Status::OK();
}

struct Verified {
  TableReport report;
  bool has_log = false;
};

// What the checkpoint's own files say goes to the report.
Result<CheckpointReport> VerifyLogsAndState(const Location& checkpoint, TableReport* report) {
  SLUICE_ASSIGN(CheckpointReport logs, CheckCheckpoint(checkpoint));
  report->damage = std::move(logs.damage);
  report->notes = std::move(logs.notes);
  SLUICE_ASSIGN(StateReport state, CheckState(checkpoint, logs.next().value));
  std::move(state.damage.begin(), state.damage.end(), std::back_inserter(report->damage));
  std::move(state.notes.begin(), state.notes.end(), std::back_inserter(report->notes));
  return logs;
}

Result<Verified> Verify(const Location& checkpoint, const Location& sink) {
  Verified verified;
  TableReport& report = verified.report;
  SLUICE_ASSIGN(const CheckpointReport logs, VerifyLogsAndState(checkpoint, &report));
  FileSinkLog log({sink.fs, sink.path + "/_spark_metadata"}, {}, &SystemClock());
  SLUICE_RETURN_IF_ERROR(log.Refresh());
  verified.has_log = log.Latest().has_value();
  CompareEnds(logs, log.Latest(), &report);
  SLUICE_ASSIGN(auto named, NamedFiles(sink, &log, &report));
  // With a log that cannot be read every file would look like an orphan.
  if (!named) return verified;
  SLUICE_RETURN_IF_ERROR(CompareFiles(sink, logs, std::move(*named), &report));
  if (logs.query_id.empty()) return verified;
  SLUICE_RETURN_IF_ERROR(CheckEntryMarks(log, logs.query_id, &report.damage));
  SLUICE_RETURN_IF_ERROR(FindLostLines(log, logs.query_id, &report.orphans, &report.damage));
  return verified;
}

}  // namespace

Result<TableReport> VerifyCheckpoint(const Location& checkpoint, const Location& sink) {
  SLUICE_ASSIGN(Verified verified, Verify(checkpoint, sink));
  return std::move(verified.report);
}

Result<TableReport> VerifyWithoutTable(const Location& checkpoint) {
  TableReport report;
  SLUICE_RETURN_IF_ERROR(VerifyLogsAndState(checkpoint, &report).status());
  report.notes.emplace_back(
      "The checkpoint alone was looked at: where the query writes files, name their folder (--sink).");
  return report;
}

Result<std::vector<std::string>> CleanCheckpoint(const Location& checkpoint, const Location& sink) {
  SLUICE_ASSIGN(Verified verified, Verify(checkpoint, sink));
  TableReport& report = verified.report;
  if (report.damaged()) {
    return UserError(
        "SLUICE_CHECKPOINT_DAMAGED",
        fmt::format("Nothing was deleted, since the checkpoint or the table is damaged: {}", report.damage.front()));
  }
  if (!verified.has_log && !report.orphans.empty()) {
    return UserError(
        "SLUICE_CHECKPOINT_MISMATCH",
        fmt::format("Nothing was deleted: {} has no sink log (_spark_metadata) that would tell which of its files "
                    "belong to the table.",
                    sink.path));
  }
  if (!report.orphans.empty()) SLUICE_RETURN_IF_ERROR(sink.fs->Delete(sink.path, report.orphans));
  return std::move(report.orphans);
}

std::string FormatReport(const TableReport& report) {
  std::string text;
  for (const std::string& line : report.damage) text += "damage: " + PrintableLine(line) + "\n";
  for (const std::string& path : report.orphans) text += "orphan: " + PrintableLine(path) + "\n";
  for (const std::string& line : report.notes) text += "note: " + PrintableLine(line) + "\n";
  if (!report.damaged()) text += "whole\n";
  return text;
}

}  // namespace sluice
