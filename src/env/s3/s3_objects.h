// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "env/file_system.h"
#include "env/s3/s3_client.h"

namespace sluice::s3 {

struct ObjectHead {
  int64_t size = 0;
  int64_t modified_ms = 0;
  std::string etag;
};

// When a write may take place.
struct WriteCondition {
  std::string if_match;  // only over this ETag; empty: only where nothing is
};

struct WriteResult {
  bool written = false;    // false: the condition did not hold
  bool ambiguous = false;  // an earlier try of ours may have been applied
};

// What content is, without keeping it.
class ContentDigest {
 public:
  void Add(std::string_view bytes);
  // As if the bytes behind `next` had been added.
  void Append(const ContentDigest& next);
  int64_t size() const { return size_; }
  bool operator==(const ContentDigest&) const = default;

 private:
  int64_t size_ = 0;
  uint64_t crc64_ = 0;
};

enum class Sameness { kSame, kOther, kGone };
struct Comparison {
  Sameness sameness = Sameness::kGone;
  std::string etag;  // of what is there
};

// Operations on single objects. Thread-safe; a missing object is NotFoundError.
class S3Objects {
 public:
  explicit S3Objects(std::shared_ptr<S3Client> client) : client_(std::move(client)) {}

  Result<ObjectHead> Head(const BucketKey& at);
  // The whole object; its checksum is verified when the store keeps one.
  // A body of more than `at_most` bytes is given up: SLUICE_FILE_SIZE.
  Result<std::string> Get(const BucketKey& at, int64_t at_most);
  // `length` bytes from `offset` into `out`; the object must still have that ETag.
  Status GetRange(const BucketKey& at, const std::string& etag, int64_t offset, int64_t length, uint8_t* out);
  // What those bytes are, without keeping them.
  Result<ContentDigest> DigestRange(const BucketKey& at, const std::string& etag, int64_t offset, int64_t length);
  // The last `length` bytes (fewer when the object is smaller) and what a HEAD tells, by one request.
  Result<std::string> GetTail(const BucketKey& at, int64_t length, ObjectHead* head);

  Result<WriteResult> Put(const BucketKey& at, std::string_view body, const WriteCondition& condition);
  // Compares an object with content: byte for byte when `bytes` are given, else by size and CRC-64.
  Result<Comparison> Compare(const BucketKey& at, const ContentDigest& digest, std::optional<std::string_view> bytes);

  S3Client& client() { return *client_; }

 private:
  Status ReadRange(const BucketKey& at, const std::string& etag, int64_t offset, int64_t length, BodySink* sink);
  const std::shared_ptr<S3Client> client_;
};

// Headers of a conditional write and of the configured encryption.
std::vector<std::pair<std::string, std::string>> ConditionHeaders(const WriteCondition& condition);
std::vector<std::pair<std::string, std::string>> EncryptionHeaders(const S3Config& config);
// Milliseconds since 1970 of an HTTP or ISO 8601 date; 0 when it is neither.
int64_t ParseDateMillis(const std::string& text);
// What NotFoundError and FileInfo call an object: "bucket/key".
std::string PathOf(const BucketKey& at);

}  // namespace sluice::s3
