// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_task_writer.h"

#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <utility>

#include "base/logging.h"
#include "base/memory_budget.h"
#include "base/memory_plan.h"
#include "base/spark_error.h"
#include "env/deferred_file.h"
#include "env/s3/s3_file_system.h"
#include "env/spooled_file.h"

namespace sluice {
namespace {

constexpr int64_t kLargeSlice = 4 << 20;
// Of rows that wait to be sorted. The least is not worth counting.
constexpr int64_t kMostSortingBytes = 8 << 20;
constexpr int64_t kLeastSortingBytes = 64 << 10;
// Of a file that is not opened yet.
constexpr int64_t kDeferredBytes = 128 << 10;

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

}  // namespace

// What a task accounts for: its row groups, what the file system holds of its open files, and rows that wait to be
// sorted. A task takes at most half of the budget, so that whoever waits for bytes gets them in the end; a partitioned
// one leaves room for a second one beside what the sources hold. Where uploads do not fit into that, files are spooled
// and go up one after another.
Result<FileTaskWriter::Memory> FileTaskWriter::TakeMemory(const FileTask& task) {
  Memory memory;
  memory.sorting = kMostSortingBytes;
  if (task.budget == nullptr) return memory;
  const FileSinkSettings& settings = *task.settings;
  const int64_t limit = task.budget->limit();
  const int64_t most = limit / 2;
  if (settings.row_group_bytes > most) {
    return EnvironmentError(
        "SLUICE_MEMORY_BUDGET",
        fmt::format("Row groups of {} bytes (spark.sluice.parquet.rowGroupBytes) are more than half of the memory "
                    "budget of {} bytes. Raise spark.sluice.memory (or --memory), or make them smaller.",
                    settings.row_group_bytes, limit));
  }
  const bool partitioned = !settings.partition_columns.empty();
  const int64_t files = partitioned ? static_cast<int64_t>(kDirectFolders) : 1;
  const int64_t uploads = files * S3BytesWhileWriting(*task.folder.fs);
  const int64_t room = partitioned ? std::min(most, limit / 8 * 3) : most;
  const int64_t left = std::max<int64_t>(room - settings.row_group_bytes, 0);
  const int64_t for_files = std::min(uploads, partitioned ? left / 2 : left);
  const int64_t for_sorting = partitioned ? std::min(left - for_files, kMostSortingBytes) : 0;
  if (for_files < uploads) memory.spooled = for_files / files;
  memory.sorting = std::max(for_sorting, kLeastSortingBytes);
  memory.taken = settings.row_group_bytes + for_files + for_sorting;
  SLUICE_RETURN_IF_ERROR(task.budget->Take(memory.taken));
  return memory;
}

Result<std::unique_ptr<TaskWriter>> FileTaskWriter::Open(FileTask task) {
  SLUICE_ASSIGN(const Memory memory, TakeMemory(task));
  return std::unique_ptr<TaskWriter>(new FileTaskWriter(std::move(task), memory));
}

FileTaskWriter::FileTaskWriter(FileTask task, Memory memory)
    : task_(std::move(task)),
      memory_(memory),
      router_(task_.settings->partition_columns, task_.settings->partition_names, task_.settings->time_zone),
      publisher_(partitioned()) {}

FileTaskWriter::~FileTaskWriter() {
  open_.clear();
  sorter_.reset();
  const Status ended = publisher_.Await(0);  // a failure was reported, or nobody waits for it any more
  if (task_.budget != nullptr) task_.budget->Give(memory_.taken);
  if (finished_ || random_paths_.empty()) return;
  // A re-run gives files of this kind other names, so these would stay for ever. (Names that follow from the data are
  // kept: another process that re-runs the batch may count on them.)
  const Status status = task_.folder.fs->Delete(task_.folder.path, random_paths_);
  if (!status.ok()) Log(LogLevel::kWarn, "Files of an abandoned task could not be deleted: {}", status.message());
}

std::string FileTaskWriter::NewUuid(const std::string& folder, int counter) const {
  if (!task_.deterministic) return task_.env->NewUuid();
  return MakePartUuid({task_.query_id, task_.batch, task_.identity, folder, counter});
}

Result<FileTaskWriter::OpenFile*> FileTaskWriter::FileOf(const std::string& folder) {
  const auto found = open_.find(folder);
  if (found != open_.end()) return &found->second;
  // Open files and those that are being published have the memory of kDirectFolders files.
  SLUICE_RETURN_IF_ERROR(publisher_.Await(kDirectFolders - 1 - open_.size()));
  PartFileName name;
  name.task = task_.task;
  name.counter = counters_[folder]++;
  name.uuid = NewUuid(folder, name.counter);
  name.partitioned = partitioned();
  name.extension = task_.settings->encoding->extension();
  OpenFile file;
  file.path = fmt::format("{}/{}{}{}", task_.folder.path, folder, folder.empty() ? "" : "/", FormatPartFileName(name));
  std::unique_ptr<PendingFile> pending;
  if (memory_.spooled) {
    pending = MakeSpooledFile(task_.folder.fs, file.path, *memory_.spooled);
  } else if (partitioned()) {
    pending = MakeDeferredFile(task_.folder.fs, file.path, kDeferredBytes);
  } else {
    SLUICE_ASSIGN(pending, task_.folder.fs->OpenForWrite(file.path));
  }
  file.writer = task_.settings->encoding->Open(std::move(pending));
  return &open_.emplace(folder, std::move(file)).first->second;
}

Status FileTaskWriter::CloseFile(OpenFiles::iterator file) {
  const std::string path = file->second.path;
  SLUICE_ASSIGN(WrittenFile written, file->second.writer->Finish());
  open_.erase(file);
  if (!task_.deterministic) random_paths_.push_back(path);
  publisher_.Start(
      [this, path, file = std::make_shared<WrittenFile>(std::move(written))] { return Publish(file.get(), path); });
  return publisher_.Await(partitioned() ? kDirectFolders - open_.size() : 0);
}

Result<PublishedFile> FileTaskWriter::Publish(WrittenFile* file, const std::string& path) const {
  SLUICE_ASSIGN(const PublishOutcome outcome, file->file->Publish());
  if (outcome == PublishOutcome::kExistsOther) {
    SLUICE_RETURN_IF_ERROR(task_.may_replace(task_.batch, path));
    SLUICE_RETURN_IF_ERROR(file->file->Replace());
  }
  return PublishedFile{path, file->size, file->rows, task_.env->clock().NowMillis()};
}

Status FileTaskWriter::LimitRowGroups() {
  int64_t total = 0;
  for (const auto& [folder, file] : open_) total += file.writer->open_bytes();
  while (total >= task_.settings->row_group_bytes) {
    const auto largest = std::max_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second.writer->open_bytes() < b.second.writer->open_bytes();
    });
    total -= largest->second.writer->open_bytes();
    SLUICE_RETURN_IF_ERROR(largest->second.writer->CloseGroup());
  }
  return Status::OK();
}

Status FileTaskWriter::WriteRows(const std::string& folder, const arrow::RecordBatch& slice, const int32_t* rows,
                                 int64_t count) {
  const int64_t limit = task_.settings->max_records_per_file;
  while (count > 0) {
    SLUICE_ASSIGN(OpenFile* const file, FileOf(folder));
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

bool FileTaskWriter::IsDirect(const std::string& folder) {
  if (direct_.contains(folder)) return true;
  if (direct_.size() == kDirectFolders) return false;
  direct_.insert(folder);
  return true;
}

Status FileTaskWriter::WritePartitioned(const arrow::RecordBatch& slice) {
  SLUICE_ASSIGN(const std::vector<PartitionRouter::Part>* const parts, router_.Route(slice));
  std::optional<RowEncoder> encoder;
  for (const PartitionRouter::Part& part : *parts) {
    if (IsDirect(part.folder)) {
      SLUICE_RETURN_IF_ERROR(WriteRows(part.folder, slice, part.rows.data(), static_cast<int64_t>(part.rows.size())));
      continue;
    }
    if (sorter_ == nullptr) {
      SLUICE_ASSIGN(codec_, RowCodec::Make(*slice.schema(), task_.settings->encoding->columns()));
      sorter_ = std::make_unique<PartitionSorter>(memory_.sorting);
    }
    if (!encoder) encoder.emplace(*codec_, slice);
    SLUICE_RETURN_IF_ERROR(sorter_->Add(part.folder, *encoder, part.rows));
  }
  return Status::OK();
}

Status FileTaskWriter::WriteSortedFolder(const std::string& folder) {
  for (;;) {
    SLUICE_ASSIGN(const std::optional<uint32_t> next, sorter_->NextRowBytes());
    if (!next) break;
    std::unique_lock<std::mutex> alone(GateOf(MemoryGate::kLargeSlices), std::defer_lock);
    if (*next > kLargeSlice) alone.lock();
    SLUICE_ASSIGN(const PartitionSorter::Rows rows, sorter_->NextRows());
    SLUICE_ASSIGN(const auto slice, codec_->Decode(rows.bytes, rows.rows));
    SLUICE_RETURN_IF_ERROR(WriteRows(folder, *slice, nullptr, rows.rows));
  }
  const auto file = open_.find(folder);
  if (file != open_.end()) SLUICE_RETURN_IF_ERROR(CloseFile(file));
  counters_.erase(folder);
  return Status::OK();
}

Status FileTaskWriter::WriteSorted() {
  SLUICE_RETURN_IF_ERROR(sorter_->Sort());
  for (;;) {
    SLUICE_ASSIGN(const std::optional<std::string> folder, sorter_->NextFolder());
    if (!folder) return Status::OK();
    SLUICE_RETURN_IF_ERROR(WriteSortedFolder(*folder));
  }
}

Status FileTaskWriter::Write(const std::shared_ptr<arrow::RecordBatch>& slice) {
  rows_ += slice->num_rows();
  std::unique_lock<std::mutex> alone(GateOf(MemoryGate::kLargeSlices), std::defer_lock);
  if (IsLarge(*slice)) alone.lock();
  if (partitioned()) return WritePartitioned(*slice);
  return WriteRows("", *slice, nullptr, slice->num_rows());
}

Result<std::unique_ptr<TaskCommit>> FileTaskWriter::Finish() {
  // Task 0 leaves a file with the schema even without rows, as Spark's does.
  if (rows_ == 0 && task_.task.value == 0 && !partitioned()) SLUICE_RETURN_IF_ERROR(FileOf("").status());
  while (!open_.empty()) SLUICE_RETURN_IF_ERROR(CloseFile(open_.begin()));
  if (sorter_ != nullptr) SLUICE_RETURN_IF_ERROR(WriteSorted());
  SLUICE_RETURN_IF_ERROR(publisher_.Await(0));
  auto commit = std::make_unique<FileTaskCommit>();
  commit->rows = rows_;
  commit->files = publisher_.TakeFiles();
  finished_ = true;
  return std::unique_ptr<TaskCommit>(std::move(commit));
}

}  // namespace sluice
