// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_sink.h"

#include <fmt/format.h>

#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "connectors/file/column_change.h"
#include "connectors/file/file_task_writer.h"
#include "connectors/file/part_file_name.h"
#include "connectors/file/table_paths.h"

namespace sluice {
namespace {

constexpr char kLogFolder[] = "/_spark_metadata";

// May a task replace a file of its own name? Only in the batch that was planned before the restart, and only while the
// sink log, read at this moment, does not name that batch. Called from tasks.
Status MayReplace(const Location& folder, Clock* clock, bool is_recovered, BatchId batch, const std::string& path) {
  if (is_recovered) {
    FileSinkLog log({folder.fs, folder.path + kLogFolder}, {}, clock);
    SLUICE_RETURN_IF_ERROR(log.Refresh());
    if (!log.listing().batches.contains(batch)) return Status::OK();
  }
  return EnvironmentError(
      "SLUICE_CONCURRENT_WRITER",
      fmt::format("The file {} of batch {} is there already with other content: another process is writing "
                  "this query's batches. Only one may; stop the other.",
                  path, batch.value),
      false, {{"file", path}, {"batchId", batch.ToString()}});
}

}  // namespace

FileSink::FileSink(SinkContext context, Location folder, std::shared_ptr<const FileSinkSettings> settings)
    : context_(std::move(context)),
      folder_(std::move(folder)),
      settings_(std::move(settings)),
      log_({folder_.fs, folder_.path + kLogFolder}, settings_->log, &context_.env->clock()) {}

Result<std::unique_ptr<StreamSink>> FileSink::Open(const FileFormat& format, const SinkContext& context) {
  if (context.path.empty()) {
    return UserError("SLUICE_INVALID_OPTION",
                     "A file sink needs the folder of the table: LOCATION in SQL, or the option path.");
  }
  if (!context.output_mode.empty() && context.output_mode != "append") {
    return UserError(
        "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE",
        fmt::format("The sink {} takes the output mode append only, not {}.", format.name, context.output_mode),
        {{"className", format.name}, {"outputMode", context.output_mode}});
  }
  SLUICE_ASSIGN(auto settings, FileSinkSettings::Make(format, context));
  SLUICE_ASSIGN(Location folder, context.env->Locate(context.path, context.conf));
  return std::unique_ptr<StreamSink>(new FileSink(context, std::move(folder), std::move(settings)));
}

std::string FileSink::description() const {
  // As Hadoop spells a path: file:/t for /t and file:///t.
  std::string path = context_.path;
  if (path.starts_with("file://")) path.erase(0, std::string_view("file://").size());
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return fmt::format("FileSink[{}{}]", path.starts_with('/') ? "file:" : "", path);
}

Status FileSink::RefuseUsedFolder(BatchId next, BatchId latest) const {
  return UserError(
      "SLUICE_SINK_IN_USE",
      fmt::format(
          "The table {0} already has batch {1}, but the checkpoint would now run batch {2}. Either another query "
          "writes "
          "into this folder, or the checkpoint is new, not the one that belongs to it, or has lost its file "
          "offsets/{1}. "
          "Running would lose rows (Spark skips such batches in silence). Ways out: use the checkpoint that this table "
          "was written with, or give the query another output folder (and keep checkpoints out of folders that are "
          "cleared at a reboot).",
          context_.path, latest.value, next.value),
      {{"path", context_.path}, {"batchId", next.ToString()}});
}

Status FileSink::RefuseLostBatches(BatchId next, std::optional<BatchId> latest) const {
  return EnvironmentError(
      "SLUICE_SINK_LOG_DAMAGED",
      fmt::format(
          "The checkpoint says that the batches before {} are in the table {}, but the sink log {} {}. Batches of the "
          "table are lost, or the query was given another output folder than before. Restore {}, or begin with a new "
          "checkpoint and a new folder.",
          next.value, context_.path, log_.folder().location().path,
          latest ? fmt::format("ends at batch {}", latest->value) : "is empty", log_.folder().location().path),
      false, {{"path", context_.path}, {"batchId", next.ToString()}});
}

// Our part files carry the marks of their query and batch; those of an entry must fit. Compact files name everybody's.
Status FileSink::CheckMarks(BatchId next, bool recovered) const {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, log_.listing().ToRead(log_.folder().location().path));
  for (const BatchId batch : batches) {
    if (log_.listing().batches.at(batch).compact) continue;
    SLUICE_ASSIGN(const std::vector<SinkLogEntry> entries, log_.ReadBatch(batch));
    for (const SinkLogEntry& entry : entries) {
      const auto name = ParsePartFileName(FileNameOf(entry));
      if (!name || !IsPartUuid(name->uuid)) continue;
      const auto marked = BatchOfPartUuid(name->uuid, context_.query_id);
      if (marked && marked->value == (batch.value & 0xFFFFFFFF)) continue;
      SLUICE_RETURN_IF_ERROR(ForeignMark(batch, next, recovered, entry.path, marked));
    }
  }
  return Status::OK();
}

Status FileSink::ForeignMark(BatchId batch, BatchId next, bool recovered, const std::string& file,
                             std::optional<BatchId> marked) const {
  const std::string entry = log_.folder().PathOf(batch.ToString());
  if (marked) return DamagedFile(entry, fmt::format("it names {}, a file of batch {}", file, marked->value));
  // Nothing that was written can be missed or doubled by going on with the next batch under another id.
  const std::string what =
      fmt::format("{} names {}, which another query wrote than {}", entry, file, context_.query_id);
  if (recovered && batch == next) return WithContext(RefuseUsedFolder(next, next), what);
  if (!recovered) {
    Log(LogLevel::kWarn, "{}: the file metadata of the checkpoint was changed, or this entry.", what);
    return Status::OK();
  }
  return EnvironmentError(
      "SLUICE_CHECKPOINT_MISMATCH",
      fmt::format("{}. Batch {} was planned and would now be written under other names than before, so that its files "
                  "could stand in the folder twice. Restore the file metadata of the checkpoint, or that entry.",
                  what, next.value),
      false, {{"file", entry}});
}

Status FileSink::Start(BatchId next, bool recovered) {
  if (recovered) recovered_ = next;
  SLUICE_RETURN_IF_ERROR(log_.folder().MakeDurable());
  SLUICE_RETURN_IF_ERROR(log_.Refresh());
  const std::optional<BatchId> latest = log_.Latest();
  const BatchId before = next.Previous();
  if (latest && *latest > before) {
    if (!recovered || *latest != next) return RefuseUsedFolder(next, *latest);
  } else if (before.value >= 0 && (!latest || *latest < before)) {
    return RefuseLostBatches(next, latest);
  }
  SLUICE_RETURN_IF_ERROR(log_.Check());
  SLUICE_RETURN_IF_ERROR(CheckMarks(next, recovered));
  WarnOfOtherColumns();
  return Status::OK();
}

void FileSink::WarnOfOtherColumns() const {
  const std::string change = ColumnChange(*context_.schema, *settings_, log_, folder_);
  if (change.empty()) return;
  Log(LogLevel::kWarn,
      "The columns of the query are not those of the last batch in {}: {}. New files get the query's columns; readers "
      "find NULL where a file lacks one.",
      context_.path, change);
}

Result<BatchStanding> FileSink::Standing(BatchId batch, bool recovered) {
  const std::optional<BatchId> latest = log_.Latest();
  if (!latest || *latest < batch) return BatchStanding::kNew;
  if (recovered && *latest == batch) {
    if (context_.recovered_otherwise) {
      SLUICE_ASSIGN(const auto entries, log_.ReadBatch(batch));
      SLUICE_RETURN_IF_ERROR(DeleteEarlierAttempt(batch, entries));
    }
    return BatchStanding::kCommitted;
  }
  return RefuseUsedFolder(batch, *latest);
}

Result<std::unique_ptr<TaskWriter>> FileSink::OpenTask(BatchId batch, TaskId task, const std::string& identity) {
  FileTask file_task;
  file_task.env = context_.env;
  file_task.folder = folder_;
  file_task.settings = settings_;
  file_task.query_id = context_.query_id;
  file_task.batch = batch;
  file_task.task = task;
  file_task.identity = identity;
  file_task.deterministic = context_.deterministic;
  file_task.budget = context_.budget;
  const bool is_recovered = recovered_ == batch;
  file_task.may_replace = [folder = folder_, env = context_.env, is_recovered](BatchId id, const std::string& path) {
    return MayReplace(folder, &env->clock(), is_recovered, id, path);
  };
  return FileTaskWriter::Open(std::move(file_task));
}

Status FileSink::Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) {
  std::vector<SinkLogEntry> entries;
  for (const auto& commit : commits) {
    auto& own = dynamic_cast<FileTaskCommit&>(*commit);
    for (const PublishedFile& file : own.files) {
      SinkLogEntry& entry = entries.emplace_back();
      entry.path = folder_.fs->Uri(file.path);
      entry.size = file.size;
      entry.modified_ms = file.modified_ms;
    }
  }
  Status added = log_.Add(batch, entries);
  if (HasErrorClass(added, "SLUICE_CONCURRENT_WRITER")) RemoveUnnamed(batch, entries);
  SLUICE_RETURN_IF_ERROR(added);
  if (recovered_ == batch && context_.recovered_otherwise) return DeleteEarlierAttempt(batch, entries);
  return Status::OK();
}

// The batch's entry is another writer's. Files of ours that it does not name will never be named, and whoever lists the
// folder without the log would count them.
void FileSink::RemoveUnnamed(BatchId batch, const std::vector<SinkLogEntry>& entries) const {
  FileSinkLog log(log_.folder().location(), {}, &context_.env->clock());
  const auto remove = [&]() -> Status {
    SLUICE_RETURN_IF_ERROR(log.Refresh());
    SLUICE_ASSIGN(const std::vector<SinkLogEntry> theirs, log.ReadBatch(batch));
    std::set<std::string_view> named;
    for (const SinkLogEntry& entry : theirs) named.insert(FileNameOf(entry));
    std::vector<std::string> paths;
    for (const SinkLogEntry& entry : entries) {
      if (!named.contains(FileNameOf(entry))) paths.push_back(PathOfUri(entry.path));
    }
    return folder_.fs->Delete(folder_.path, paths);
  };
  if (const Status removed = remove(); !removed.ok()) {
    Log(LogLevel::kWarn, "Files that batch {} left in {} could not be deleted (checkpoint clean does it): {}",
        batch.value, context_.path, removed.message());
  }
}

// By the mark in the name of a part file.
bool FileSink::IsOurs(const std::string& path, BatchId batch) const {
  const auto part = ParsePartFileName(BaseName(path));
  const auto of = part ? BatchOfPartUuid(part->uuid, context_.query_id) : std::nullopt;
  return of && of->value == (batch.value & 0xffffffff);
}

Result<std::optional<bool>> FileSink::Settle(BatchId batch) {
  if (!context_.deterministic) return std::optional<bool>();  // names without a mark
  bool ours = false;
  const auto look = [&](const SinkLogEntry& entry) {
    ours |= IsOurs(entry.path, batch);
    return Status::OK();
  };
  SLUICE_RETURN_IF_ERROR(log_.VisitFiles(look).status());
  if (ours) return std::optional<bool>(true);
  if (!settings_->partition_columns.empty()) {
    // A batch without a row has no file there, whoever ended it.
    const auto entry = log_.listing().batches.find(batch);
    if (entry == log_.listing().batches.end() || entry->second.compact) return std::optional<bool>();
    SLUICE_ASSIGN(const std::vector<SinkLogEntry> theirs, log_.ReadBatch(batch));
    if (theirs.empty()) return std::optional<bool>();
  }
  SLUICE_RETURN_IF_ERROR(DeleteEarlierAttempt(batch, {}));
  return std::optional<bool>(false);
}

Status FileSink::UnseenBehind(const std::string& link, BatchId batch) const {
  return EnvironmentError(
      "SLUICE_LINK",
      fmt::format("{} is a symbolic link to a folder, which is not followed: files that an earlier attempt at batch {} "
                  "may have left behind it would stand in the table twice. Make it a folder.",
                  link, batch.value),
      false, {{"file", link}, {"batchId", batch.ToString()}});
}

// After a crash and a restart with, say, another codec, the batch has files of other names than the first attempt,
// whose files a plain listing would count as well. The sink log has the batch by now, so no process can commit them any
// more. commits/N is not written yet, so that a crash in here is made good at the next start.
Status FileSink::DeleteEarlierAttempt(BatchId batch, const std::vector<SinkLogEntry>& committed) const {
  std::set<std::string_view> kept;  // names: a uuid is of one batch, one task and one folder
  for (const SinkLogEntry& entry : committed) kept.insert(FileNameOf(entry));
  SLUICE_ASSIGN(const std::vector<FileInfo> files, folder_.fs->List(folder_.path, /*recursive=*/true));
  std::vector<std::string> leftovers;
  for (const FileInfo& file : files) {
    const std::string name(BaseName(file.path));
    if (file.is_link && !name.starts_with("_") && !name.starts_with(".")) return UnseenBehind(file.path, batch);
    if (!kept.contains(name) && IsOurs(name, batch)) leftovers.push_back(file.path);
  }
  if (leftovers.empty()) return Status::OK();
  Log(LogLevel::kInfo, "Batch {} was begun otherwise before: {} files of that attempt are deleted from {}.",
      batch.value, leftovers.size(), context_.path);
  return folder_.fs->Delete(folder_.path, leftovers);
}

}  // namespace sluice
