// SPDX-License-Identifier: Apache-2.0
#include "env/s3/s3_pending_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/logging.h"
#include "base/spark_error.h"
#include "env/s3/checksum.h"
#include "env/s3/xml_scanner.h"

namespace sluice::s3 {
namespace {

constexpr size_t kMaxUploadId = 4096;
constexpr int kMaxParts = 10'000;
constexpr int64_t kLeastPart = 5 << 20;  // of all parts but the last
constexpr int64_t kCopiedPart = 64 << 20;
// How often Publish starts over when what stood in its way is gone a moment later.
constexpr int kMaxRounds = 3;

}  // namespace

S3PendingFile::S3PendingFile(std::shared_ptr<S3Client> client, BucketKey at)
    : objects_(std::move(client)),
      at_(std::move(at)),
      part_size_(static_cast<size_t>(objects_.client().config().part_size)) {}

S3PendingFile::~S3PendingFile() {
  for (auto& part : in_flight_) part.wait();
  Abort();
}

Status S3PendingFile::Fail(Status status) {
  state_ = State::kFailed;
  failure_ = status;
  return status;
}

Status S3PendingFile::Write(const void* data, int64_t size) {
  if (state_ == State::kFailed) return failure_;
  if (state_ != State::kWriting) return InternalError("A published file was written to");
  const Status status = Append({static_cast<const char*>(data), static_cast<size_t>(size)});
  return status.ok() ? status : Fail(status);
}

Status S3PendingFile::Append(std::string_view bytes) {
  digest_.Add(bytes);
  while (!bytes.empty()) {
    // A full part leaves only when more follows: content of exactly one part is one PUT.
    if (buffer_.size() == part_size_) SLUICE_RETURN_IF_ERROR(StartPart());
    const size_t taken = std::min(bytes.size(), part_size_ - buffer_.size());
    // Past an eighth the rest is likely to come: one allocation instead of doublings beyond the part's size.
    if (buffer_.size() + taken > part_size_ / 8) buffer_.reserve(part_size_);
    buffer_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
  }
  return Status::OK();
}

Status S3PendingFile::CopyFrom(const std::string& path, int64_t offset, int64_t length) {
  if (state_ == State::kFailed) return failure_;
  if (state_ != State::kWriting) return InternalError("A published file was written to");
  const Status status = CopyRange(SplitPath(path), offset, length);
  return status.ok() ? status : Fail(status);
}

Status S3PendingFile::CopyRange(const BucketKey& from, int64_t offset, int64_t length) {
  SLUICE_ASSIGN(const ObjectHead head, objects_.Head(from));
  if (offset + length > head.size) return TooShortError(PathOf(from), offset + length);
  // What is kept so far must first grow to a whole part.
  const auto kept = static_cast<int64_t>(buffer_.size());
  const int64_t missing = kept == 0 ? 0 : std::max<int64_t>(kLeastPart - kept, 0);
  const bool can_copy = upload_id_.empty() || takes_copies_;
  const int64_t read = !can_copy || length - missing < kLeastPart ? length : missing;
  SLUICE_RETURN_IF_ERROR(ReadRange(from, head.etag, offset, read));
  if (read == length) return Status::OK();
  takes_copies_ = true;
  if (!buffer_.empty()) SLUICE_RETURN_IF_ERROR(StartPart());
  if (upload_id_.empty()) SLUICE_RETURN_IF_ERROR(CreateUpload());
  SLUICE_RETURN_IF_ERROR(AwaitParts(0));
  CopiedRange range{digest_, from, head.etag, offset + read, length - read};
  digest_ = {};
  copied_.push_back(range);
  return CopyParts(range);
}

Status S3PendingFile::ReadRange(const BucketKey& from, const std::string& etag, int64_t offset, int64_t length) {
  std::string bytes;
  while (length > 0) {
    bytes.resize(static_cast<size_t>(std::min(length, kLeastPart)));
    const auto size = static_cast<int64_t>(bytes.size());
    SLUICE_RETURN_IF_ERROR(objects_.GetRange(from, etag, offset, size, reinterpret_cast<uint8_t*>(bytes.data())));
    SLUICE_RETURN_IF_ERROR(Append(bytes));
    offset += size;
    length -= size;
  }
  return Status::OK();
}

Status S3PendingFile::CopyParts(const CopiedRange& range) {
  for (int64_t done = 0; done < range.length;) {
    const int64_t left = range.length - done;
    const int64_t size = left - kCopiedPart < kLeastPart ? left : kCopiedPart;
    SLUICE_ASSIGN(Part part, CopyPart(range, range.offset + done, size));
    parts_.push_back(std::move(part));
    done += size;
  }
  return Status::OK();
}

Result<S3PendingFile::Part> S3PendingFile::CopyPart(const CopiedRange& range, int64_t offset, int64_t length) {
  SLUICE_RETURN_IF_ERROR(CheckPartNumber());
  Part part;
  part.number = next_part_++;
  S3Request request;
  request.call = S3Call::kUploadPartCopy;
  request.method = "PUT";
  request.at = at_;
  request.query = {{"partNumber", std::to_string(part.number)}, {"uploadId", upload_id_}};
  request.headers = {{"x-amz-copy-source", fmt::format("/{}/{}", range.from.bucket, EncodeKey(range.from.key))},
                     {"x-amz-copy-source-range", fmt::format("bytes={}-{}", offset, offset + length - 1)},
                     {"x-amz-copy-source-if-match", range.etag}};
  SLUICE_ASSIGN(const S3Reply reply, objects_.client().Run(request));
  part.etag = XmlText(reply.http.body, "ETag");
  if (!part.etag.empty()) return part;
  return EnvironmentError("SLUICE_S3.REQUEST_FAILED",
                          fmt::format("S3 UploadPartCopy {}: the reply has no ETag.", objects_.client().Show(at_)),
                          true);
}

Status S3PendingFile::CreateUpload() {
  S3Request request;
  request.call = S3Call::kCreateMultipartUpload;
  request.method = "POST";
  request.at = at_;
  request.query = {{"uploads", ""}};
  request.headers = EncryptionHeaders(objects_.client().config());
  if (!takes_copies_) request.headers.emplace_back("x-amz-checksum-algorithm", "CRC32C");
  SLUICE_ASSIGN(const S3Reply reply, objects_.client().Run(request));
  upload_id_ = XmlText(reply.http.body, "UploadId");
  if (!upload_id_.empty() && upload_id_.size() <= kMaxUploadId) return Status::OK();
  upload_id_.clear();
  return EnvironmentError(
      "SLUICE_S3.REQUEST_FAILED",
      fmt::format("S3 CreateMultipartUpload {}: the reply has no usable upload id.", objects_.client().Show(at_)),
      true);
}

Status S3PendingFile::CheckPartNumber() {
  if (next_part_ <= kMaxParts) return Status::OK();
  return UserError("SLUICE_S3.CONFIGURATION",
                   fmt::format("{} needs more than {} parts; raise fs.s3a.multipart.size (now {} bytes).",
                               objects_.client().Show(at_), kMaxParts, part_size_));
}

Status S3PendingFile::StartPart() {
  SLUICE_RETURN_IF_ERROR(CheckPartNumber());
  if (upload_id_.empty()) SLUICE_RETURN_IF_ERROR(CreateUpload());
  const int limit = std::max(objects_.client().config().parts_in_flight, 1);
  SLUICE_RETURN_IF_ERROR(AwaitParts(static_cast<size_t>(limit - 1)));
  Part part;
  part.number = next_part_++;
  part.bytes = std::move(buffer_);
  buffer_.clear();
  if (!spare_.empty()) {
    buffer_ = std::move(spare_.back());
    spare_.pop_back();
  }
  in_flight_.push_back(
      std::async(std::launch::async, [this, part = std::move(part)]() mutable { return UploadPart(std::move(part)); }));
  return Status::OK();
}

Result<S3PendingFile::Part> S3PendingFile::UploadPart(Part part) {
  if (!takes_copies_) part.checksum = Crc32cHeader(Crc32c(part.bytes));
  S3Request request;
  request.call = S3Call::kUploadPart;
  request.method = "PUT";
  request.at = at_;
  request.query = {{"partNumber", std::to_string(part.number)}, {"uploadId", upload_id_}};
  request.body = part.bytes;
  request.md5 = takes_copies_;
  SLUICE_ASSIGN(const S3Reply reply, objects_.client().Run(request));
  part.etag = reply.http.Header("etag");
  return part;
}

Status S3PendingFile::AwaitParts(size_t left) {
  while (in_flight_.size() > left) {
    std::future<Result<Part>> oldest = std::move(in_flight_.front());
    in_flight_.pop_front();
    SLUICE_ASSIGN(Part part, oldest.get());
    Collect(std::move(part));
  }
  return Status::OK();
}

void S3PendingFile::Collect(Part part) {
  part.bytes.clear();
  if (spare_.empty()) spare_.push_back(std::move(part.bytes));
  part.bytes = std::string();
  parts_.push_back(std::move(part));
}

Status S3PendingFile::FlushParts() {
  if (!buffer_.empty()) SLUICE_RETURN_IF_ERROR(StartPart());
  return AwaitParts(0);
}

Result<WriteResult> S3PendingFile::Complete(const WriteCondition& condition) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const Part& part : parts_) {
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag>", part.number, XmlEscape(part.etag));
    if (!part.checksum.empty()) body += fmt::format("<ChecksumCRC32C>{}</ChecksumCRC32C>", XmlEscape(part.checksum));
    body += "</Part>";
  }
  body += "</CompleteMultipartUpload>";
  S3Request request;
  request.call = S3Call::kCompleteMultipartUpload;
  request.method = "POST";
  request.at = at_;
  request.query = {{"uploadId", upload_id_}};
  request.headers = ConditionHeaders(condition);
  request.headers.emplace_back("Content-Type", "application/xml");
  request.body = body;
  request.expected = {404, 412};
  SLUICE_ASSIGN(const S3Reply reply, objects_.client().Run(request));
  if (reply.status() < 300) {
    upload_id_.clear();
    return WriteResult{true, reply.ambiguous};
  }
  if (reply.error.code == "NoSuchUpload") {
    // The upload is over: by an earlier try of ours whose reply was lost, or aborted by somebody.
    upload_id_.clear();
    return WriteResult{false, true};
  }
  return WriteResult{false, reply.ambiguous};
}

Result<WriteResult> S3PendingFile::Commit(const WriteCondition& condition) {
  if (next_part_ == 1) return objects_.Put(at_, buffer_, condition);
  if (upload_id_.empty()) {
    return EnvironmentError("SLUICE_S3.UPLOAD_GONE",
                            fmt::format("The multipart upload of {} was ended by somebody else or by the store; it has "
                                        "to be written again.",
                                        objects_.client().Show(at_)),
                            true);
  }
  return Complete(condition);
}

Result<ContentDigest> S3PendingFile::WholeDigest() {
  ContentDigest whole;
  for (const CopiedRange& range : copied_) {
    whole.Append(range.before);
    SLUICE_ASSIGN(const ContentDigest copied, objects_.DigestRange(range.from, range.etag, range.offset, range.length));
    whole.Append(copied);
  }
  whole.Append(digest_);
  return whole;
}

Result<Comparison> S3PendingFile::CompareWithOurs() {
  std::optional<std::string_view> bytes;
  if (next_part_ == 1) bytes = buffer_;
  SLUICE_ASSIGN(const ContentDigest whole, WholeDigest());
  return objects_.Compare(at_, whole, bytes);
}

Result<PublishOutcome> S3PendingFile::Publish() {
  if (state_ == State::kFailed) return failure_;
  if (state_ != State::kWriting) return InternalError("A file was published twice");
  if (next_part_ > 1) {
    if (const Status status = FlushParts(); !status.ok()) return Fail(status);
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    const auto result = Commit({});
    if (!result.ok()) return Fail(result.status());
    if (result->written) {
      state_ = State::kPublished;
      return PublishOutcome::kPublished;
    }
    const auto there = CompareWithOurs();
    if (!there.ok()) return Fail(there.status());
    if (there->sameness == Sameness::kSame) {
      state_ = State::kPublished;
      Abort();
      return result->ambiguous ? PublishOutcome::kPublished : PublishOutcome::kExistsEqual;
    }
    if (there->sameness == Sameness::kOther) {
      state_ = State::kExistsOther;
      seen_etag_ = there->etag;
      return PublishOutcome::kExistsOther;
    }
  }
  return Fail(
      EnvironmentError("SLUICE_S3.UNAVAILABLE",
                       fmt::format("{} comes and goes: it exists when it is written and is missing when it is read.",
                                   objects_.client().Show(at_)),
                       true));
}

Status S3PendingFile::Replace() {
  if (state_ == State::kFailed) return failure_;
  if (state_ != State::kExistsOther) return InternalError("Replace without a Publish that found other content");
  const auto result = Commit({seen_etag_});
  if (!result.ok()) return Fail(result.status());
  bool done = result->written;
  if (!done && result->ambiguous) {
    const auto there = CompareWithOurs();
    if (!there.ok()) return Fail(there.status());
    done = there->sameness == Sameness::kSame;
  }
  if (done) {
    state_ = State::kPublished;
    Abort();
    return Status::OK();
  }
  return Fail(EnvironmentError(
      "SLUICE_S3.CONCURRENT_WRITE",
      fmt::format("{} was changed by somebody else while it was being replaced.", objects_.client().Show(at_))));
}

void S3PendingFile::Abort() {
  if (upload_id_.empty()) return;
  S3Request request;
  request.call = S3Call::kAbortMultipartUpload;
  request.method = "DELETE";
  request.at = at_;
  request.query = {{"uploadId", upload_id_}};
  request.expected = {404};
  request.max_attempts = 2;
  const auto reply = objects_.client().Run(request);
  if (!reply.ok()) {
    Log(LogLevel::kWarn, "An unfinished upload stays behind (a lifecycle rule can remove such): {}",
        reply.status().message());
  }
  upload_id_.clear();
}

}  // namespace sluice::s3
