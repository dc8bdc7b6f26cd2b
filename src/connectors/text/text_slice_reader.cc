// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include <atomic>
#include <optional>

#include "base/spark_error.h"
#include "connectors/file/partition_type.h"
#include "connectors/text/record_parser.h"

namespace sluice {
namespace {

// Of a slice.
constexpr int64_t kSliceRows = 8192;
constexpr int64_t kSliceBytes = 1 << 20;  // of text

class TextSliceReader : public SliceReader {
 public:
  explicit TextSliceReader(TextRead read)
      : read_(std::move(read)), memory_(read_.table->memory.get(), read_.part->order, path()), claim_(&memory_) {}

  Status Open(const OpenRecords& open_records, const OpenParser& open_parser) {
    arrow::FieldVector fields;
    for (const int column : read_.request.columns) {
      const auto place = static_cast<size_t>(column);
      fields.push_back(read_.table->schema->field(column));
      std::shared_ptr<arrow::Scalar> constant;
      if (const int folder = read_.table->folders[place]; folder >= 0) {
        const auto& text = read_.part->file->file().partition[static_cast<size_t>(folder)];
        SLUICE_ASSIGN(constant, PartitionValue(text, fields.back()->type(), read_.table->time_zone));
      } else {
        read_.columns.push_back(read_.table->in_files[place]);
      }
      constants_.push_back(std::move(constant));
    }
    schema_ = arrow::schema(std::move(fields));
    SLUICE_ASSIGN(parser_, open_parser(read_));
    const Status opened = OpenWith(open_records);
    return opened.ok() ? opened : ReadError(opened);
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    auto slice = ReadSlice();
    if (!slice.ok()) return ReadError(slice.status());
    return slice;
  }

  std::string PlaceOf(int64_t row) const override {
    const auto at = static_cast<size_t>(row);
    return at < begins_.size() ? fmt::format("file {}, byte {}", path(), begins_[at]) : fmt::format("file {}", path());
  }

  void Cancel() override {
    cancelled_ = true;
    memory_.Cancel();
  }

 private:
  const std::string& path() const { return read_.part->file->file().path; }

  Status OpenWith(const OpenRecords& open_records) {
    SLUICE_ASSIGN(records_, open_records(read_, &memory_));
    return Status::OK();
  }

  Status ReadError(const Status& status) const {
    if (const Status refused = memory_.failure(); !refused.ok()) return refused;
    const auto* error = FindSparkError(status);
    if (error != nullptr && error->error_class.starts_with("MALFORMED_")) {
      return UserError("FAILED_READ_FILE.NO_HINT",
                       fmt::format("Encountered error while reading file {}, byte {}: [{}] {}", path(),
                                   records_ == nullptr ? 0 : records_->begin(), error->error_class, error->message),
                       {{"path", path()}});
    }
    if (error != nullptr) return status;
    return EnvironmentError("FAILED_READ_FILE.NO_HINT", fmt::format("{} cannot be read: {}", path(), status.message()),
                            false, {{"path", path()}});
  }

  // Reads records until they are enough for a slice; true at the end of the part.
  Result<bool> ReadRecords() {
    int64_t bytes = 0;
    SLUICE_RETURN_IF_ERROR(claim_.Set(2 * kSliceBytes));
    while (parser_->rows() < kSliceRows && bytes < kSliceBytes) {
      if (cancelled_) return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
      std::string_view record;
      SLUICE_ASSIGN(const bool found, records_->Next(&record));
      if (!found) return true;
      bytes += static_cast<int64_t>(record.size()) + 1;
      if (bytes > kSliceBytes) SLUICE_RETURN_IF_ERROR(claim_.Set(2 * bytes));
      SLUICE_RETURN_IF_ERROR(parser_->Add(record));
      begins_.resize(static_cast<size_t>(parser_->rows()), records_->begin());
    }
    return false;
  }

  Result<std::shared_ptr<arrow::RecordBatch>> ReadSlice() {
    begins_.clear();
    // All the records of a stretch may be such as stand for no row.
    while (!ended_ && parser_->rows() == 0) {
      SLUICE_ASSIGN(ended_, ReadRecords());
    }
    const int64_t rows = parser_->rows();
    if (rows == 0) return nullptr;
    SLUICE_ASSIGN(const arrow::ArrayVector parsed, parser_->Take());
    arrow::ArrayVector columns;
    size_t next = 0;
    for (const auto& constant : constants_) {
      if (constant == nullptr) {
        columns.push_back(parsed[next++]);
        continue;
      }
      SLUICE_ASSIGN(auto column, arrow::MakeArrayFromScalar(*constant, rows));
      columns.push_back(std::move(column));
    }
    auto slice = arrow::RecordBatch::Make(schema_, rows, std::move(columns));
    SLUICE_RETURN_IF_ERROR(claim_.Set(arrow::util::TotalBufferSize(*slice)));
    return slice;
  }

  TextRead read_;
  ReaderMemory memory_;
  MemoryClaim claim_;
  std::shared_ptr<arrow::Schema> schema_;                  // of the slices
  std::vector<std::shared_ptr<arrow::Scalar>> constants_;  // by column of the slices: of the folder; null: parsed
  std::unique_ptr<RecordReader> records_;
  std::unique_ptr<RecordParser> parser_;
  bool ended_ = false;
  std::vector<int64_t> begins_;  // of the records of the last slice's rows
  std::atomic<bool> cancelled_{false};
};

}  // namespace

Result<std::unique_ptr<SliceReader>> OpenTextSlices(std::shared_ptr<const FilePart> part,
                                                    std::shared_ptr<const TableRead> table, ReadRequest request,
                                                    const OpenRecords& open_records, const OpenParser& open_parser) {
  auto reader = std::make_unique<TextSliceReader>(TextRead{std::move(part), std::move(table), std::move(request), {}});
  SLUICE_RETURN_IF_ERROR(reader->Open(open_records, open_parser));
  return std::unique_ptr<SliceReader>(std::move(reader));
}

}  // namespace sluice
