// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_task_writer.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "base/logging.h"
#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "connectors/file/partition_path.h"
#include "env/s3/s3_file_system.h"
#include "env/spooled_file.h"

namespace sluice {
namespace {

constexpr int64_t kLargeSlice = 4 << 20;

// A record of many megabytes needs several times its size while it is written. Of such slices the process writes one at
// a time, so that this room is needed once and not for every task.
bool IsLarge(const arrow::RecordBatch& slice) {
  for (const auto& column : slice.column_data()) {
    for (size_t i = 2; i < column->buffers.size(); ++i) {
      if (column->buffers[i] != nullptr && column->buffers[i]->size() > kLargeSlice) return true;
    }
  }
  return false;
}

std::mutex& LargeSlices() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

// What a task accounts for: its row groups and what the file system holds of its open files. Tasks that are open at the
// same time by plan together take at most half of the budget, so that whoever waits for bytes gets them in the end.
// Where their uploads do not fit into that, files are spooled and go up one after another.
Result<FileTaskWriter::Memory> FileTaskWriter::TakeMemory(const FileTask& task) {
  if (task.budget == nullptr) return Memory{};
  const FileSinkSettings& settings = *task.settings;
  const int64_t most = task.budget->limit() / 2 / settings.tasks_at_once;
  if (settings.row_group_bytes > most) {
    return EnvironmentError(
        "SLUICE_MEMORY_BUDGET",
        fmt::format("Row groups of {} bytes (spark.sluice.parquet.rowGroupBytes) are more than half of the memory "
                    "budget of {} bytes. Raise spark.sluice.memory (or --memory), or make them smaller.",
                    settings.row_group_bytes * settings.tasks_at_once, task.budget->limit()));
  }
  const int64_t files = settings.partition_columns.empty() ? 1 : static_cast<int64_t>(kOpenWriters);
  const int64_t uploads = files * S3BytesWhileWriting(*task.folder.fs);
  Memory memory;
  memory.taken = std::min(settings.row_group_bytes + uploads, most);
  if (settings.row_group_bytes + uploads > most) memory.spooled = (most - settings.row_group_bytes) / files;
  SLUICE_RETURN_IF_ERROR(task.budget->Take(memory.taken));
  return memory;
}

Result<std::unique_ptr<TaskWriter>> FileTaskWriter::Open(FileTask task) {
  SLUICE_ASSIGN(const Memory memory, TakeMemory(task));
  return std::unique_ptr<TaskWriter>(new FileTaskWriter(std::move(task), memory));
}

FileTaskWriter::FileTaskWriter(FileTask task, Memory memory) : task_(std::move(task)), memory_(memory) {}

FileTaskWriter::~FileTaskWriter() {
  open_.clear();
  if (task_.budget != nullptr) task_.budget->Give(memory_.taken);
  if (finished_ || task_.deterministic || published_.empty()) return;
  // A re-run gives files of this kind other names, so these would stay for ever. (Names that follow from the data are
  // kept: another process that re-runs the batch may count on them.)
  const Status status = task_.folder.fs->Delete(task_.folder.path, published_);
  if (!status.ok()) Log(LogLevel::kWarn, "Files of an abandoned task could not be deleted: {}", status.message());
}

std::string FileTaskWriter::NewUuid(const std::string& folder, int counter) const {
  if (!task_.deterministic) return task_.env->NewUuid();
  return MakePartUuid({task_.query_id, task_.batch, task_.identity, folder, counter});
}

Result<FileTaskWriter::OpenFile*> FileTaskWriter::FileOf(const std::string& folder) {
  const auto found = open_.find(folder);
  if (found != open_.end()) return &found->second;
  if (open_.size() >= kOpenWriters) {
    const auto oldest = std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second.last_used < b.second.last_used;
    });
    SLUICE_RETURN_IF_ERROR(CloseFile(oldest));
  }
  PartFileName name;
  name.task = task_.task;
  name.counter = counters_[folder]++;
  name.uuid = NewUuid(folder, name.counter);
  name.partitioned = !task_.settings->partition_columns.empty();
  name.extension = task_.settings->layout->codec.extension;
  OpenFile file;
  file.path = fmt::format("{}/{}{}{}", task_.folder.path, folder, folder.empty() ? "" : "/", FormatPartFileName(name));
  std::unique_ptr<PendingFile> pending;
  if (memory_.spooled) {
    pending = MakeSpooledFile(task_.folder.fs, file.path, *memory_.spooled);
  } else {
    SLUICE_ASSIGN(pending, task_.folder.fs->OpenForWrite(file.path));
  }
  file.writer = std::make_unique<ParquetWriter>(std::move(pending), task_.settings->layout);
  return &open_.emplace(folder, std::move(file)).first->second;
}

Status FileTaskWriter::CloseFile(OpenFiles::iterator file) {
  const std::string path = file->second.path;
  SLUICE_ASSIGN(WrittenParquet written, file->second.writer->Finish());
  open_.erase(file);
  SLUICE_ASSIGN(const PublishOutcome outcome, written.file->Publish());
  if (outcome == PublishOutcome::kExistsOther) {
    SLUICE_RETURN_IF_ERROR(task_.may_replace(task_.batch, path));
    SLUICE_RETURN_IF_ERROR(written.file->Replace());
  }
  SinkLogEntry entry;
  entry.path = task_.folder.fs->Uri(path);
  entry.size = written.size;
  entry.modified_ms = task_.env->clock().NowMillis();
  entries_.push_back(std::move(entry));
  published_.push_back(path);
  return Status::OK();
}

Status FileTaskWriter::LimitRowGroups() {
  int64_t total = 0;
  for (const auto& [folder, file] : open_) total += file.writer->open_bytes();
  while (total >= task_.settings->row_group_bytes) {
    const auto largest = std::max_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second.writer->open_bytes() < b.second.writer->open_bytes();
    });
    total -= largest->second.writer->open_bytes();
    SLUICE_RETURN_IF_ERROR(largest->second.writer->CloseRowGroup());
  }
  return Status::OK();
}

Status FileTaskWriter::WriteRows(const std::string& folder, const arrow::RecordBatch& slice, const int32_t* rows,
                                 int64_t count) {
  const int64_t limit = task_.settings->max_records_per_file;
  while (count > 0) {
    SLUICE_ASSIGN(OpenFile* const file, FileOf(folder));
    file->last_used = ++uses_;
    const int64_t part = limit > 0 ? std::min(count, limit - file->writer->rows()) : count;
    SLUICE_RETURN_IF_ERROR(file->writer->Write(slice, rows, part));
    if (limit > 0 && file->writer->rows() >= limit) SLUICE_RETURN_IF_ERROR(CloseFile(open_.find(folder)));
    count -= part;
    if (count == 0) break;
    if (rows == nullptr) {
      all_rows_.resize(static_cast<size_t>(slice.num_rows()));
      std::iota(all_rows_.begin(), all_rows_.end(), 0);
      rows = all_rows_.data();
    }
    rows += part;
  }
  return LimitRowGroups();
}

Status FileTaskWriter::WritePartitioned(const arrow::RecordBatch& slice) {
  arrow::ArrayVector values;
  for (const int column : task_.settings->partition_columns) values.push_back(slice.column(column));
  std::map<std::string, std::vector<int32_t>> rows_of;
  std::vector<std::string> order;  // of first appearance
  for (int64_t row = 0; row < slice.num_rows(); ++row) {
    SLUICE_ASSIGN(const std::string folder,
                  PartitionFolder(task_.settings->partition_names, values, row, task_.settings->time_zone));
    std::vector<int32_t>& rows = rows_of[folder];
    if (rows.empty()) order.push_back(folder);
    rows.push_back(static_cast<int32_t>(row));
  }
  for (const std::string& folder : order) {
    const std::vector<int32_t>& rows = rows_of[folder];
    SLUICE_RETURN_IF_ERROR(WriteRows(folder, slice, rows.data(), static_cast<int64_t>(rows.size())));
  }
  return Status::OK();
}

Status FileTaskWriter::Write(const std::shared_ptr<arrow::RecordBatch>& slice) {
  rows_ += slice->num_rows();
  std::unique_lock<std::mutex> alone(LargeSlices(), std::defer_lock);
  if (IsLarge(*slice)) alone.lock();
  if (!task_.settings->partition_columns.empty()) return WritePartitioned(*slice);
  return WriteRows("", *slice, nullptr, slice->num_rows());
}

Result<std::unique_ptr<TaskCommit>> FileTaskWriter::Finish() {
  // Task 0 leaves a file with the schema even without rows, as Spark's does.
  const bool partitioned = !task_.settings->partition_columns.empty();
  if (rows_ == 0 && task_.task.value == 0 && !partitioned) SLUICE_RETURN_IF_ERROR(FileOf("").status());
  while (!open_.empty()) SLUICE_RETURN_IF_ERROR(CloseFile(open_.begin()));
  auto commit = std::make_unique<FileTaskCommit>();
  commit->rows = rows_;
  commit->entries = std::move(entries_);
  finished_ = true;
  return std::unique_ptr<TaskCommit>(std::move(commit));
}

}  // namespace sluice
