// SPDX-License-Identifier: Apache-2.0
#include "env/s3/s3_input_file.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>

namespace sluice::s3 {

S3InputFile::S3InputFile(std::shared_ptr<S3Client> client, BucketKey at)
    : objects_(std::move(client)), at_(std::move(at)) {}

S3InputFile::~S3InputFile() = default;

Result<std::shared_ptr<S3InputFile>> S3InputFile::Open(std::shared_ptr<S3Client> client, const BucketKey& at) {
  const int64_t tail_bytes = client->config().tail_bytes;
  std::shared_ptr<S3InputFile> file(new S3InputFile(std::move(client), at));
  auto tail = std::make_shared<Chunk>();
  SLUICE_ASSIGN(tail->bytes, file->objects_.GetTail(at, std::max<int64_t>(tail_bytes, 1), &file->head_));
  tail->offset = file->head_.size - static_cast<int64_t>(tail->bytes.size());
  file->tail_ = std::move(tail);
  return file;
}

Status S3InputFile::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  ahead_.reset();
  return Status::OK();
}

std::shared_ptr<const S3InputFile::Chunk> S3InputFile::FindChunk(int64_t position, int64_t size) {
  std::lock_guard lock(mutex_);
  if (tail_->Holds(position, size)) return tail_;
  if (ahead_ != nullptr && ahead_->Holds(position, size)) return ahead_;
  return nullptr;
}

Result<int64_t> S3InputFile::ReadAt(int64_t position, int64_t size, void* out) {
  if (closed_) return Status::Invalid("Read of a closed file");
  if (position < 0 || size < 0) return Status::Invalid("Read before the beginning of a file");
  size = std::min(size, std::max<int64_t>(head_.size - position, 0));
  if (size == 0) return 0;
  std::shared_ptr<const Chunk> chunk = FindChunk(position, size);
  const int64_t readahead = objects_.client().config().readahead_bytes;
  if (chunk == nullptr && size >= readahead) {
    SLUICE_RETURN_IF_ERROR(objects_.GetRange(at_, head_.etag, position, size, static_cast<uint8_t*>(out)));
    return size;
  }
  if (chunk == nullptr) {
    auto fetched = std::make_shared<Chunk>();
    fetched->offset = position;
    fetched->bytes.resize(static_cast<size_t>(std::min(readahead, head_.size - position)));
    SLUICE_RETURN_IF_ERROR(objects_.GetRange(at_, head_.etag, position, static_cast<int64_t>(fetched->bytes.size()),
                                             reinterpret_cast<uint8_t*>(fetched->bytes.data())));
    chunk = fetched;
    std::lock_guard lock(mutex_);
    ahead_ = std::move(fetched);
  }
  std::memcpy(out, chunk->bytes.data() + (position - chunk->offset), static_cast<size_t>(size));
  return size;
}

Result<std::shared_ptr<arrow::Buffer>> S3InputFile::ReadAt(int64_t position, int64_t size) {
  const int64_t there = std::min(size, std::max<int64_t>(head_.size - position, 0));
  SLUICE_ASSIGN(std::unique_ptr<arrow::ResizableBuffer> buffer,
                arrow::AllocateResizableBuffer(std::max<int64_t>(there, 0)));
  SLUICE_ASSIGN(const int64_t got, ReadAt(position, size, buffer->mutable_data()));
  if (got < buffer->size()) SLUICE_RETURN_IF_ERROR(buffer->Resize(got));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Status S3InputFile::Seek(int64_t position) {
  if (position < 0 || position > head_.size) return Status::Invalid("Seek outside of the file");
  position_ = position;
  return Status::OK();
}

Result<int64_t> S3InputFile::Read(int64_t size, void* out) {
  SLUICE_ASSIGN(const int64_t got, ReadAt(position_, size, out));
  position_ += got;
  return got;
}

Result<std::shared_ptr<arrow::Buffer>> S3InputFile::Read(int64_t size) {
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer, ReadAt(position_, size));
  position_ += buffer->size();
  return buffer;
}

}  // namespace sluice::s3
