// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint_check.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "base/printable.h"
#include "base/spark_error.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/offset_log.h"
#include "checkpoint/offset_order.h"
#include "checkpoint/query_metadata.h"
#include "checkpoint/source_log.h"

namespace sluice {
namespace {

Location Child(const Location& folder, const std::string& name) {
  return {folder.fs, folder.path + "/" + name};
}

std::string Text(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail == nullptr ? status.message() : detail->message;
}

// Damage becomes a line of the report; a server that does not answer stays an error.
Status Note(const Status& status, CheckpointReport* report) {
  const bool is_damage = status.ok() || IsNotFound(status) || HasErrorClass(status, "SLUICE_CHECKPOINT_DAMAGED") ||
                         HasErrorClass(status, "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION");
  if (!is_damage) return status;
  if (!status.ok()) report->damage.push_back(Text(status));
  return Status::OK();
}

Status CheckMetadata(const Location& checkpoint, CheckpointReport* report) {
  const LogFolder root(checkpoint);
  Result<std::string> text = root.Read("metadata");
  if (!text.ok()) return Note(text.status(), report);
  Result<QueryMetadata> metadata = ParseQueryMetadata(*text, root.PathOf("metadata"));
  if (metadata.ok()) report->query_id = metadata->id;
  return Note(metadata.status(), report);
}

// `first` to `last`: batches without a file; none when `last` is before `first`.
void NoteHole(const LogFolder& folder, BatchId first, BatchId last, CheckpointReport* report) {
  constexpr int64_t kNamed = 100;  // one by one; whoever made a name up may have made a hole of any size
  for (BatchId hole = first; hole <= last; hole = hole.Next()) {
    if (hole.value - first.value >= kNamed) {
      report->damage.push_back(fmt::format("{} to {} are missing.", folder.PathOf(hole.ToString()), last.value));
      return;
    }
    report->damage.push_back(fmt::format("{} is missing.", folder.PathOf(hole.ToString())));
  }
}

Status CheckOffsets(const OffsetLog& log, CheckpointReport* report) {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, log.folder().List());
  size_t sources = 0;
  std::optional<OffsetEntry> before;
  for (size_t i = 0; i < batches.size(); ++i) {
    if (i > 0) NoteHole(log.folder(), batches[i - 1].Next(), batches[i].Previous(), report);
    Result<OffsetEntry> entry = log.Read(batches[i]);
    SLUICE_RETURN_IF_ERROR(Note(entry.status(), report));
    if (!entry.ok()) continue;
    if (sources != 0 && entry->offsets.size() != sources) {
      report->damage.push_back(fmt::format("{} has the offsets of {} sources, the entry before of {}.",
                                           log.folder().PathOf(batches[i].ToString()), entry->offsets.size(), sources));
    }
    sources = entry->offsets.size();
    if (before) {
      SLUICE_RETURN_IF_ERROR(Note(CheckOffsetOrder(*before, *entry, log.folder(), batches[i]), report));
    }
    before = *std::move(entry);
  }
  if (!batches.empty()) report->planned = batches.back();
  return Status::OK();
}

Status CheckCommits(const CommitLog& log, CheckpointReport* report) {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, log.folder().List());
  for (size_t i = 0; i < batches.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(Note(log.Read(batches[i]).status(), report));
    if (i > 0 && batches[i] != batches[i - 1].Next()) {
      report->notes.push_back(fmt::format("Between {} and {} commits are missing; later ones stand for them.",
                                          log.folder().PathOf(batches[i - 1].ToString()), batches[i].value));
    }
  }
  if (batches.empty()) return Status::OK();
  report->committed = batches.back();
  if (!report->planned || *report->planned < batches.back()) {
    report->damage.push_back(fmt::format("{} is there, but the offsets end at {}.",
                                         log.folder().PathOf(batches.back().ToString()),
                                         report->planned ? report->planned->ToString() : "none"));
  }
  return Status::OK();
}

// Where a Kafka source began; it counts until a batch is committed. Other sources keep other files there.
Status CheckInitialOffset(const Location& checkpoint, CheckpointReport* report) {
  const LogFolder folder(Child(checkpoint, "sources/0"));
  const Result<std::string> text = folder.Read("0");
  if (!text.ok()) return IsNotFound(text.status()) ? Status::OK() : Note(text.status(), report);
  if (text->starts_with("v")) return Status::OK();
  const Status status = ParseInitialOffset(*text, folder.PathOf("0")).status();
  if (status.ok() || !report->committed) return Note(status, report);
  report->notes.push_back(Text(status) + " It is not needed any more.");
  return Status::OK();
}

std::string Time(int64_t millis) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(millis / 1000)));
}

}  // namespace

BatchId CheckpointReport::next() const {
  if (!planned) return BatchId(0);
  return recovers() ? *planned : planned->Next();
}

Result<CheckpointReport> CheckCheckpoint(const Location& checkpoint) {
  CheckpointReport report;
  SLUICE_RETURN_IF_ERROR(CheckMetadata(checkpoint, &report));
  SLUICE_RETURN_IF_ERROR(CheckOffsets(OffsetLog(Child(checkpoint, "offsets")), &report));
  SLUICE_RETURN_IF_ERROR(CheckCommits(CommitLog(Child(checkpoint, "commits")), &report));
  SLUICE_RETURN_IF_ERROR(CheckInitialOffset(checkpoint, &report));
  return report;
}

Result<std::string> ShowCheckpoint(const Location& checkpoint) {
  SLUICE_ASSIGN(const CheckpointReport report, CheckCheckpoint(checkpoint));
  const auto batch = [](const std::optional<BatchId>& id) { return id ? id->ToString() : std::string("none"); };
  std::string text = fmt::format("checkpoint     {}\nquery id       {}\nlast planned   {}\nlast committed {}\n",
                                 checkpoint.path, report.query_id.empty() ? "unknown" : report.query_id,
                                 batch(report.planned), batch(report.committed));
  text += fmt::format("next           batch {}{}\n", report.next().value,
                      report.recovers() ? ", planned before and to be run again with the same range" : "");
  if (report.planned) {
    const OffsetLog log(Child(checkpoint, "offsets"));
    Result<OffsetEntry> entry = log.Read(*report.planned);
    if (entry.ok()) {
      text += fmt::format("planned at     {}, by {}\n", Time(entry->batch_timestamp_ms),
                          entry->conf.Find(kWriterKey) ? "Sluice" : "Spark");
      for (size_t i = 0; i < entry->offsets.size(); ++i) {
        text += fmt::format("source {:<7} {}\n", i, PrintableLine(entry->offsets[i].value_or("-")));
      }
    }
  }
  for (const std::string& line : report.damage) text += "damage         " + PrintableLine(line) + "\n";
  for (const std::string& line : report.notes) text += "note           " + PrintableLine(line) + "\n";
  return text;
}

}  // namespace sluice
