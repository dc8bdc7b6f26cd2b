// SPDX-License-Identifier: Apache-2.0
#include "streaming/bad_records/batch.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "connectors/file/part_file_name.h"
#include "env/s3/s3_file_system.h"
#include "env/spooled_file.h"
#include "streaming/bad_records/line.h"

namespace sluice {
namespace {

constexpr char kLimitClass[] = "SLUICE_BAD_RECORDS_LIMIT";
constexpr char kUuidFolder[] = "bad records";  // keeps the uuid apart from that of the task's part files
constexpr int64_t kSpooledInMemory = 64 << 10;

}  // namespace

BadRecordLimits BadRecordLimits::Of(const Conf& conf) {
  return {conf.GetInt("spark.sluice.badRecords.maxPerBatch"), conf.GetRatio("spark.sluice.badRecords.maxRatio")};
}

// The file begins with the first bad record.
class BadRecordBatch::Task : public BadRowSink {
 public:
  Task(BadRecordBatch* batch, TaskId task, const std::string& identity) : batch_(batch) {
    PartFileName name;
    name.task = task;
    name.uuid = MakePartUuid({batch->folder_->query_id(), batch->batch_, identity, kUuidFolder, 0});
    name.extension = ".jsonl";
    file_.name = FormatPartFileName(name);
  }

  Status Add(const SourceRecord& record, const Status& error) override {
    SLUICE_RETURN_IF_ERROR(batch_->Count(record, error));
    if (pending_ == nullptr) SLUICE_RETURN_IF_ERROR(Open());
    ++file_.records;
    return FormatBadRecord(record, error, [this](std::string_view piece) {
      const auto size = static_cast<int64_t>(piece.size());
      file_.bytes += size;
      return pending_->Write(piece.data(), size);
    });
  }

  std::string path() const { return batch_->folder_->FolderOf(batch_->batch_) + "/" + file_.name; }
  const BadRecordFile& file() const { return file_; }
  PendingFile* pending() { return pending_.get(); }

 private:
  // The files of all tasks stay open until the batch publishes them, so none may hold buffers for an upload: accounted,
  // they would keep tasks waiting that must end first.
  Status Open() {
    const auto& fs = batch_->folder_->fs();
    if (S3BytesWhileWriting(*fs) > 0) {
      pending_ = MakeSpooledFile(fs, path(), kSpooledInMemory);
      return Status::OK();
    }
    SLUICE_ASSIGN(pending_, fs->OpenForWrite(path()));
    return Status::OK();
  }

  BadRecordBatch* const batch_;
  BadRecordFile file_;
  std::unique_ptr<PendingFile> pending_;
};

BadRecordBatch::BadRecordBatch(const BadRecordFolder* folder, BadRecordLimits limits, BatchId batch, bool recovered)
    : folder_(folder), limits_(limits), batch_(batch), recovered_(recovered) {}

BadRecordBatch::~BadRecordBatch() = default;

BadRowSink* BadRecordBatch::OpenTask(TaskId task, const std::string& identity) {
  std::lock_guard lock(mutex_);
  return tasks_.emplace(task, std::make_unique<Task>(this, task, identity)).first->second.get();
}

Status BadRecordBatch::Count(const SourceRecord& record, const Status& error) {
  const int64_t count = ++records_;
  if (record.left_out) ++left_out_;
  if (limits_.max_per_batch <= 0 || count <= limits_.max_per_batch) return Status::OK();
  const SparkErrorDetail* detail = FindSparkError(error);
  const std::string cause = detail == nullptr ? error.message() : detail->ToString();
  return WithContext(
      UserError(kLimitClass,
                fmt::format("More than {} records of batch {} cannot be evaluated "
                            "(spark.sluice.badRecords.maxPerBatch). Nothing of the batch is committed. One of them: {}",
                            limits_.max_per_batch, batch_.value, Redact(cause)),
                {{"batchId", batch_.ToString()}, {"maxPerBatch", std::to_string(limits_.max_per_batch)}}),
      record.place);
}

Status BadRecordBatch::PublishFile(Task* task) {
  SLUICE_ASSIGN(const PublishOutcome outcome, task->pending()->Publish());
  if (outcome == PublishOutcome::kExistsOther) {
    // Another attempt of this batch, with another expression or other settings. A batch that was not planned before
    // this start has had no other attempt: then it is another process.
    if (!recovered_) {
      return EnvironmentError("SLUICE_CONCURRENT_WRITER",
                              fmt::format("The file {} of batch {} is there already with other content: another "
                                          "process is writing this query's batches. Only one may; stop the other.",
                                          task->path(), batch_.value),
                              false, {{"file", task->path()}, {"batchId", batch_.ToString()}});
    }
    SLUICE_RETURN_IF_ERROR(task->pending()->Replace());
  }
  files_.push_back(task->file());
  return Status::OK();
}

Status BadRecordBatch::Publish(int64_t rows_read) {
  const int64_t input_rows = rows_read + left_out_;
  const auto records = static_cast<double>(records_.load());
  if (records > limits_.max_ratio * static_cast<double>(input_rows)) {
    return UserError(kLimitClass,
                     fmt::format("{} of the {} records of batch {} cannot be evaluated: more than the share of {} that "
                                 "spark.sluice.badRecords.maxRatio allows. Nothing of the batch is committed.",
                                 records_.load(), input_rows, batch_.value, limits_.max_ratio),
                     {{"batchId", batch_.ToString()}, {"maxRatio", fmt::format("{}", limits_.max_ratio)}});
  }
  for (const auto& [id, task] : tasks_) {
    if (task->pending() != nullptr) SLUICE_RETURN_IF_ERROR(PublishFile(task.get()));
  }
  return recovered_ ? folder_->RemoveFiles(batch_, files_) : Status::OK();
}

}  // namespace sluice
