// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "env/file_system.h"
#include "env/s3/s3_objects.h"

namespace sluice::s3 {

// A file on its way to S3. Content up to one part is kept and goes out as one conditional PUT; more goes out part by
// part while it is written, and Publish completes the upload conditionally. Nothing is visible before. Threads of its
// own carry the parts in flight.
class S3PendingFile : public PendingFile {
 public:
  S3PendingFile(std::shared_ptr<S3Client> client, BucketKey at);
  // Aborts an upload that is still open, as well as it can.
  ~S3PendingFile() override;

  Status Write(const void* data, int64_t size) override;
  // Ranges below S3's least part are read and sent again.
  Status CopyFrom(const std::string& path, int64_t offset, int64_t length) override;
  Result<PublishOutcome> Publish() override;
  Status Replace() override;

 private:
  struct Part {
    int number = 0;
    std::string bytes;
    std::string checksum;  // as the header has it; empty: the upload keeps none
    std::string etag;
  };
  // Bytes that the store copied itself, and what came before them since the copy before.
  struct CopiedRange {
    ContentDigest before;
    BucketKey from;
    std::string etag;
    int64_t offset = 0;
    int64_t length = 0;
  };
  enum class State { kWriting, kPublished, kExistsOther, kFailed };

  Status Append(std::string_view bytes);
  Status CopyRange(const BucketKey& from, int64_t offset, int64_t length);
  Status ReadRange(const BucketKey& from, const std::string& etag, int64_t offset, int64_t length);
  Status CopyParts(const CopiedRange& range);
  Result<Part> CopyPart(const CopiedRange& range, int64_t offset, int64_t length);
  Status CheckPartNumber();
  // Sends the buffer as the next part, after waiting for room.
  Status StartPart();
  // Waits until at most `left` parts are under way.
  Status AwaitParts(size_t left);
  Status CreateUpload();
  Result<Part> UploadPart(Part part);
  // Keeps the number and checksums and takes back the buffer.
  void Collect(Part part);
  // The last part, if any, and all that are under way.
  Status FlushParts();
  Result<WriteResult> Commit(const WriteCondition& condition);
  Result<WriteResult> Complete(const WriteCondition& condition);
  Result<ContentDigest> WholeDigest();
  Result<Comparison> CompareWithOurs();
  void Abort();
  Status Fail(Status status);

  S3Objects objects_;
  const BucketKey at_;
  const size_t part_size_;
  State state_ = State::kWriting;
  Status failure_;
  ContentDigest digest_;  // of what was written since the last copied range
  std::vector<CopiedRange> copied_;
  std::string buffer_;  // the part being filled; the whole content while there is no upload
  std::vector<std::string> spare_;
  std::string upload_id_;  // empty: nothing was sent yet
  bool takes_copies_ = false;  // the upload keeps no checksums of parts, which stores do not make for copied ones
  int next_part_ = 1;
  std::deque<std::future<Result<Part>>> in_flight_;
  std::vector<Part> parts_;  // done, without bytes, by number
  std::string seen_etag_;    // what Publish found under the name
};

}  // namespace sluice::s3
