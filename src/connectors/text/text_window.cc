// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/text_window.h"

#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <fmt/format.h>

#include <cstring>

#include "base/spark_error.h"
#include "connectors/text/text_codec.h"

namespace sluice {
namespace {

constexpr int64_t kBlock = 512 << 10;
// A value of the engine has at most so many bytes.
constexpr int64_t kMostBytes = INT32_MAX;

// The bytes of a file from a place on, in large reads.
class FileBytes : public arrow::io::InputStream {
 public:
  FileBytes(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t begin) : file_(std::move(file)), at_(begin) {
    set_mode(arrow::io::FileMode::READ);
  }
  Status Close() override { return file_->Close(); }
  bool closed() const override { return file_->closed(); }
  Result<int64_t> Tell() const override { return at_; }
  Result<int64_t> Read(int64_t bytes, void* out) override {
    SLUICE_ASSIGN(const int64_t read, file_->ReadAt(at_, bytes, out));
    at_ += read;
    return read;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    SLUICE_ASSIGN(auto read, file_->ReadAt(at_, bytes));
    at_ += read->size();
    return read;
  }

 private:
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  int64_t at_;
};

// Compressed bytes come in blocks of this size, whatever the decompressor asks for.
class Blocks : public arrow::io::InputStream {
 public:
  Blocks(std::shared_ptr<arrow::io::InputStream> input, ReaderMemory* memory)
      : input_(std::move(input)), memory_(memory) {
    set_mode(arrow::io::FileMode::READ);
  }
  Status Close() override { return input_->Close(); }
  bool closed() const override { return input_->closed(); }
  Result<int64_t> Tell() const override { return input_->Tell(); }
  Result<int64_t> Read(int64_t bytes, void* out) override {
    SLUICE_ASSIGN(const auto part, Read(bytes));
    std::memcpy(out, part->data(), static_cast<size_t>(part->size()));
    return part->size();
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    if (block_ == nullptr || at_ == block_->size()) {
      SLUICE_ASSIGN(auto room, arrow::AllocateResizableBuffer(kBlock, memory_));
      SLUICE_ASSIGN(const int64_t read, input_->Read(kBlock, room->mutable_data()));
      SLUICE_RETURN_IF_ERROR(room->Resize(read, /*shrink_to_fit=*/false));
      block_ = std::move(room);
      at_ = 0;
    }
    auto part = arrow::SliceBuffer(block_, at_, std::min(bytes, block_->size() - at_));
    at_ += part->size();
    return part;
  }

 private:
  const std::shared_ptr<arrow::io::InputStream> input_;
  ReaderMemory* const memory_;
  std::shared_ptr<arrow::Buffer> block_;
  int64_t at_ = 0;
};

}  // namespace

TextWindow::TextWindow(std::string path, std::shared_ptr<arrow::io::InputStream> input,
                       std::unique_ptr<arrow::ResizableBuffer> buffer, int64_t position, ReaderMemory* memory)
    : path_(std::move(path)),
      input_(std::move(input)),
      buffer_(std::move(buffer)),
      memory_(memory),
      position_(position) {}

Result<std::unique_ptr<TextWindow>> TextWindow::Open(const TableFile& file, int64_t begin, ReaderMemory* memory) {
  SLUICE_ASSIGN(const TextCodec codec, TextCodecOfFile(file.path));
  SLUICE_ASSIGN(auto opened, file.fs->OpenForRead(file.path));
  std::shared_ptr<arrow::io::InputStream> input = std::make_shared<FileBytes>(std::move(opened), begin);
  if (codec.compression != arrow::Compression::UNCOMPRESSED) {
    SLUICE_ASSIGN(std::shared_ptr<arrow::util::Codec> made, codec.Make());
    auto blocks = std::make_shared<Blocks>(std::move(input), memory);
    // The stream keeps no reference to the codec, but the decompressor that it makes needs none.
    SLUICE_ASSIGN(input, arrow::io::CompressedInputStream::Make(made.get(), std::move(blocks), memory));
  }
  auto allocated = arrow::AllocateResizableBuffer(0, memory);
  if (!allocated.ok()) return memory->failure().ok() ? allocated.status() : memory->failure();
  return std::unique_ptr<TextWindow>(new TextWindow(file.path, std::move(input), *std::move(allocated), begin, memory));
}

Status TextWindow::ReadError(const Status& status) const {
  if (const Status refused = memory_->failure(); !refused.ok()) return refused;
  if (FindSparkError(status) != nullptr) return status;
  return EnvironmentError("FAILED_READ_FILE.NO_HINT", fmt::format("{} cannot be read: {}", path_, status.message()),
                          false, {{"path", path_}});
}

Result<bool> TextWindow::More() {
  const size_t left = end_ - begin_;
  if (begin_ > 0 && left > 0) std::memmove(buffer_->mutable_data(), buffer_->data() + begin_, left);
  begin_ = 0;
  end_ = left;
  int64_t room = buffer_->size() - static_cast<int64_t>(left);
  if (room < kBlock / 2) {
    const int64_t wanted = std::max<int64_t>(2 * buffer_->size(), static_cast<int64_t>(left) + kBlock);
    if (wanted > kMostBytes) {
      return UserError("SLUICE_RECORD_SIZE",
                       fmt::format("{}, byte {}: a record has more than {} bytes.", path_, position_, left),
                       {{"path", path_}});
    }
    if (const Status grown = buffer_->Resize(wanted, /*shrink_to_fit=*/false); !grown.ok()) return ReadError(grown);
    room = wanted - static_cast<int64_t>(left);
  }
  const Result<int64_t> read = input_->Read(std::min(room, kBlock), buffer_->mutable_data() + end_);
  if (!read.ok()) return ReadError(read.status());
  end_ += static_cast<size_t>(*read);
  return *read > 0;
}

}  // namespace sluice
