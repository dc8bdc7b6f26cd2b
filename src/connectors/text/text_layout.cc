// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/text_layout.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr size_t kBlock = 256 << 10;

class TextEncoder : public FileEncoder {
 public:
  TextEncoder(std::unique_ptr<PendingFile> file, const TextCodec& codec, Result<std::unique_ptr<TextRows>> rows)
      : file_(std::move(file)), codec_(codec), rows_writer_(std::move(rows)) {}

  Status Write(const arrow::RecordBatch& slice, const int32_t* rows, int64_t count) override {
    SLUICE_RETURN_IF_ERROR(Begin());
    TextRows& writer = **rows_writer_;
    SLUICE_RETURN_IF_ERROR(writer.Open(slice));
    for (int64_t i = 0; i < count; ++i) {
      SLUICE_RETURN_IF_ERROR(writer.Append(rows == nullptr ? i : rows[i], &text_));
      if (text_.size() >= kBlock) SLUICE_RETURN_IF_ERROR(Flush());
    }
    rows_ += count;
    return Status::OK();
  }
  int64_t rows() const override { return rows_; }
  int64_t open_bytes() const override { return static_cast<int64_t>(text_.size()); }
  Status CloseGroup() override { return Flush(); }

  Result<WrittenFile> Finish() override {
    SLUICE_RETURN_IF_ERROR(Begin());
    SLUICE_RETURN_IF_ERROR(Flush());
    if (compressor_ != nullptr) SLUICE_RETURN_IF_ERROR(End());
    return WrittenFile{std::move(file_), size_, rows_};
  }

 private:
  Status Begin() {
    if (begun_) return Status::OK();
    begun_ = true;
    SLUICE_RETURN_IF_ERROR(rows_writer_.status());
    if (codec_.compression != arrow::Compression::UNCOMPRESSED) {
      SLUICE_ASSIGN(made_, codec_.Make());
      SLUICE_ASSIGN(compressor_, made_->MakeCompressor());
      compressed_.resize(kBlock);
    }
    (*rows_writer_)->Begin(&text_);
    return Status::OK();
  }

  Status Put(const void* data, int64_t bytes) {
    size_ += bytes;
    return file_->Write(data, bytes);
  }

  Status Flush() {
    if (compressor_ == nullptr) {
      if (!text_.empty()) SLUICE_RETURN_IF_ERROR(Put(text_.data(), static_cast<int64_t>(text_.size())));
    } else {
      const auto* at = reinterpret_cast<const uint8_t*>(text_.data());
      auto left = static_cast<int64_t>(text_.size());
      while (left > 0) {
        SLUICE_ASSIGN(const auto done,
                      compressor_->Compress(left, at, static_cast<int64_t>(compressed_.size()), compressed_.data()));
        SLUICE_RETURN_IF_ERROR(Put(compressed_.data(), done.bytes_written));
        at += done.bytes_read;
        left -= done.bytes_read;
        if (done.bytes_read == 0 && done.bytes_written == 0) compressed_.resize(compressed_.size() * 2);
      }
    }
    text_.clear();
    return Status::OK();
  }

  Status End() {
    for (;;) {
      SLUICE_ASSIGN(const auto done, compressor_->End(static_cast<int64_t>(compressed_.size()), compressed_.data()));
      SLUICE_RETURN_IF_ERROR(Put(compressed_.data(), done.bytes_written));
      if (!done.should_retry) return Status::OK();
      if (done.bytes_written == 0) compressed_.resize(compressed_.size() * 2);
    }
  }

  std::unique_ptr<PendingFile> file_;
  const TextCodec codec_;
  Result<std::unique_ptr<TextRows>> rows_writer_;
  std::unique_ptr<arrow::util::Codec> made_;
  std::shared_ptr<arrow::util::Compressor> compressor_;  // null: the text as it is
  std::string text_;
  std::vector<uint8_t> compressed_;
  bool begun_ = false;
  int64_t rows_ = 0;
  int64_t size_ = 0;
};

}  // namespace

TextOptions TextOptionsOf(const Options& options) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [lower, entry] : options.entries()) pairs.emplace_back(entry.name, entry.value);
  return TextOptions(pairs);
}

Status CheckEncoding(const Options& options) {
  std::string encoding = options.Get("encoding", options.Get("charset", "UTF-8"));
  std::transform(encoding.begin(), encoding.end(), encoding.begin(), [](unsigned char c) { return std::toupper(c); });
  if (encoding == "UTF-8" || encoding == "UTF8" || encoding == "US-ASCII") return Status::OK();
  return NotSupported(fmt::format("The encoding {} of files: text is UTF-8 here.", encoding));
}

Result<std::string> LineSeparatorOf(const Options& options) {
  const auto separator = options.Find("lineSep");
  if (separator && separator->empty()) {
    return UserError("SLUICE_INVALID_OPTION", "The option lineSep cannot be empty.");
  }
  return separator.value_or("");
}

std::unique_ptr<FileEncoder> TextEncoding::Open(std::unique_ptr<PendingFile> file) const {
  return std::make_unique<TextEncoder>(std::move(file), codec_, make_rows_());
}

Result<TextCodec> CodecOf(const Options& options) {
  return FindTextCodec(options.Get("compression", options.Get("codec", "none")));
}

Status UnsupportedType(const char* title, const arrow::Field& column) {
  return UserError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                   fmt::format("The {} datasource doesn't support the column `{}` of the type \"{}\".", title,
                               column.name(), SparkTypeName(*column.type())),
                   {{"columnName", "`" + column.name() + "`"},
                    {"columnType", "\"" + SparkTypeName(*column.type()) + "\""},
                    {"format", title}});
}

}  // namespace sluice
