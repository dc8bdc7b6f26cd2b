// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "env/s3/s3_objects.h"

namespace sluice::s3 {

// One version of an object, read by ranges. Its end is fetched by the request that opens it (a Parquet footer costs no
// second one); small reads fetch a bit more than asked for. Reads of several threads may overlap.
class S3InputFile : public arrow::io::RandomAccessFile {
 public:
  static Result<std::shared_ptr<S3InputFile>> Open(std::shared_ptr<S3Client> client, const BucketKey& at);
  ~S3InputFile() override;

  Status Close() override;
  bool closed() const override { return closed_; }
  Result<int64_t> Tell() const override { return position_; }
  Status Seek(int64_t position) override;
  Result<int64_t> Read(int64_t size, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override;
  Result<int64_t> GetSize() override { return head_.size; }
  Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override;

 private:
  // Bytes of the object from an offset on; replaced as a whole, never changed.
  struct Chunk {
    int64_t offset = 0;
    std::string bytes;
    bool Holds(int64_t position, int64_t size) const {
      return position >= offset && position + size <= offset + static_cast<int64_t>(bytes.size());
    }
  };

  S3InputFile(std::shared_ptr<S3Client> client, BucketKey at);
  std::shared_ptr<const Chunk> FindChunk(int64_t position, int64_t size);

  S3Objects objects_;
  const BucketKey at_;
  ObjectHead head_;
  int64_t position_ = 0;
  bool closed_ = false;
  std::mutex mutex_;
  std::shared_ptr<const Chunk> tail_;
  std::shared_ptr<const Chunk> ahead_;
};

}  // namespace sluice::s3
