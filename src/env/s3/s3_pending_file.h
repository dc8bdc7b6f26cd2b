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
  Result<PublishOutcome> Publish() override;
  Status Replace() override;

 private:
  struct Part {
    int number = 0;
    std::string bytes;
    uint32_t crc32c = 0;
    std::string etag;
  };
  enum class State { kWriting, kPublished, kExistsOther, kFailed };

  Status Append(std::string_view bytes);
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
  Result<Comparison> CompareWithOurs();
  void Abort();
  Status Fail(Status status);

  S3Objects objects_;
  const BucketKey at_;
  const size_t part_size_;
  State state_ = State::kWriting;
  Status failure_;
  ContentDigest digest_;
  std::string buffer_;  // the part being filled; the whole content while there is no upload
  std::vector<std::string> spare_;
  std::string upload_id_;  // empty: nothing was sent yet
  int next_part_ = 1;
  std::deque<std::future<Result<Part>>> in_flight_;
  std::vector<Part> parts_;  // done, without bytes, by number
  std::string seen_etag_;    // what Publish found under the name
};

}  // namespace sluice::s3
