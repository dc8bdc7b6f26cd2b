// SPDX-License-Identifier: Apache-2.0
#include "streaming/bad_records/replay_source.h"

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <utility>

#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "connectors/kafka/row_slice.h"
#include "streaming/bad_records/line.h"

namespace sluice {
namespace {

constexpr int64_t kReadBytes = 1 << 20;

// The lines of a file, one after the other, with a bounded part of it in memory.
class LineReader {
 public:
  explicit LineReader(std::shared_ptr<arrow::io::RandomAccessFile> file) : file_(std::move(file)) {}

  // The next line without its end, valid until the next call. False: there is none.
  Result<bool> Next(std::string_view* line) {
    for (;;) {
      const size_t end = buffer_.find('\n', begin_);
      if (end != std::string::npos) {
        *line = std::string_view(buffer_).substr(begin_, end - begin_);
        begin_ = end + 1;
        return true;
      }
      buffer_.erase(0, std::exchange(begin_, 0));
      SLUICE_ASSIGN(const auto more, file_->ReadAt(position_, kReadBytes));
      if (more->size() == 0) return false;  // files of bad records end with a line end
      position_ += more->size();
      buffer_.append(reinterpret_cast<const char*>(more->data()), static_cast<size_t>(more->size()));
    }
  }

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  int64_t position_ = 0;
  std::string buffer_;
  size_t begin_ = 0;
};

class ReplayReader : public SliceReader {
 public:
  ReplayReader(std::shared_ptr<arrow::io::RandomAccessFile> file, std::string path, std::vector<int> columns)
      : lines_(std::move(file)), path_(std::move(path)), columns_(std::move(columns)) {}

  // A slice is of one partition.
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    records_.clear();
    std::unique_ptr<KafkaSliceBuilder> builder;
    TopicPartition partition;
    for (;;) {
      if (!next_) SLUICE_RETURN_IF_ERROR(ReadNext());
      if (!next_) break;
      if (next_->left_out) {
        unreadable_.emplace_back(*std::exchange(next_, std::nullopt), CannotReplay());
        continue;
      }
      const TopicPartition its{next_->topic, next_->partition};
      if (builder == nullptr) {
        partition = its;
        builder = std::make_unique<KafkaSliceBuilder>(partition, columns_, /*include_headers=*/true);
      }
      const KafkaRecord record = View(*next_);
      const std::vector<KafkaHeader> headers = HeadersOf(*next_);
      if (its != partition || !builder->Fits(RecordBytes(record, headers))) break;
      SLUICE_RETURN_IF_ERROR(builder->Append(record, headers));
      records_.push_back(std::move(*next_));
      next_.reset();
    }
    if (builder == nullptr) return std::shared_ptr<arrow::RecordBatch>();
    std::vector<int64_t> offsets;
    return builder->Finish(&offsets);
  }

  std::string PlaceOf(int64_t row) const override {
    return row >= 0 && row < static_cast<int64_t>(records_.size()) ? records_[static_cast<size_t>(row)].place : path_;
  }
  std::vector<std::pair<SourceRecord, Status>> TakeUnreadable() override { return std::exchange(unreadable_, {}); }
  Result<SourceRecord> RecordOf(int64_t row) const override {
    if (row < 0 || row >= static_cast<int64_t>(records_.size())) return InternalError("a record that was not kept");
    return records_[static_cast<size_t>(row)];
  }

 private:
  static Status CannotReplay() {
    return UserError("SLUICE_RECORD_LEFT_OUT",
                     "What was set aside here was too large to be kept, so it cannot be put through again. While the "
                     "topic has it, a query with more spark.sluice.memory can read it from there.");
  }

  static KafkaRecord View(const SourceRecord& from) {
    KafkaRecord record;
    record.offset = from.offset;
    record.timestamp_ms = from.timestamp_ms;
    record.timestamp_type = from.timestamp_type;
    if (from.key) {
      record.key = from.key->data();
      record.key_size = from.key->size();
    }
    if (from.value) {
      record.value = from.value->data();
      record.value_size = from.value->size();
    }
    return record;
  }

  static std::vector<KafkaHeader> HeadersOf(const SourceRecord& from) {
    std::vector<KafkaHeader> headers;
    for (const auto& [key, value] : from.headers) {
      headers.push_back({key, value ? value->data() : nullptr, value ? value->size() : 0});
    }
    return headers;
  }

  Status ReadNext() {
    std::string_view line;
    SLUICE_ASSIGN(const bool found, lines_.Next(&line));
    if (!found) return Status::OK();
    SLUICE_ASSIGN(next_, ParseBadRecord(line, path_));
    return Status::OK();
  }

  LineReader lines_;
  const std::string path_;
  const std::vector<int> columns_;
  std::optional<SourceRecord> next_;
  std::vector<SourceRecord> records_;  // of the last slice
  std::vector<std::pair<SourceRecord, Status>> unreadable_;
};

}  // namespace

Result<std::vector<InputPartition>> ReplaySource::PlanTasks(const std::string&, const std::string&) {
  std::vector<InputPartition> tasks;
  for (const BatchId batch : batches_) {
    SLUICE_ASSIGN(const std::vector<BadRecordFile> files, folder_->FilesOf(batch));
    for (const BadRecordFile& file : files) {
      const std::string path = folder_->FolderOf(batch) + "/" + file.name;
      SLUICE_ASSIGN(const FileInfo info, folder_->fs()->Stat(path));
      if (info.size != file.bytes) {
        return DamagedFile(path, fmt::format("it has {} bytes, and {} by its batch's entry", info.size, file.bytes));
      }
      InputPartition task;
      task.identity = fmt::format("replay:{}:{}", batch.value, file.name);
      task.detail = std::make_shared<std::string>(path);
      tasks.push_back(std::move(task));
    }
  }
  return tasks;
}

Result<std::unique_ptr<SliceReader>> ReplaySource::OpenReader(const InputPartition& input,
                                                              const std::vector<int>& columns) {
  const std::string& path = *static_cast<const std::string*>(input.detail.get());
  SLUICE_ASSIGN(auto file, folder_->fs()->OpenForRead(path));
  return std::make_unique<ReplayReader>(std::move(file), path, columns);
}

}  // namespace sluice
