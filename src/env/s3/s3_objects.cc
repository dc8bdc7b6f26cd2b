// SPDX-License-Identifier: Apache-2.0
#include "env/s3/s3_objects.h"

#include <aws/common/date_time.h>
#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "base/spark_error.h"
#include "env/s3/checksum.h"

namespace sluice::s3 {
namespace {

class StringSink : public BodySink {
 public:
  explicit StringSink(int64_t at_most) : at_most_(static_cast<size_t>(at_most)) {}
  void Begin() override {
    bytes.clear();
    too_large = false;
  }
  bool Append(std::string_view part) override {
    too_large = part.size() > at_most_ - bytes.size();
    if (!too_large) bytes.append(part);
    return !too_large;
  }
  std::string bytes;
  bool too_large = false;

 private:
  const size_t at_most_;
};

class FixedSink : public BodySink {
 public:
  FixedSink(uint8_t* out, int64_t capacity) : out_(out), capacity_(capacity) {}
  void Begin() override { size = 0; }
  bool Append(std::string_view part) override {
    if (static_cast<int64_t>(part.size()) > capacity_ - size) return false;
    std::memcpy(out_ + size, part.data(), part.size());
    size += static_cast<int64_t>(part.size());
    return true;
  }
  int64_t size = 0;

 private:
  uint8_t* const out_;
  const int64_t capacity_;
};

class CompareSink : public BodySink {
 public:
  explicit CompareSink(std::optional<std::string_view> bytes) : bytes_(bytes) {}
  void Begin() override {
    digest = {};
    equal = true;
  }
  bool Append(std::string_view part) override {
    if (bytes_ && equal) {
      const auto at = static_cast<size_t>(digest.size());
      equal = at + part.size() <= bytes_->size() && bytes_->substr(at, part.size()) == part;
    }
    digest.Add(part);
    return true;
  }
  ContentDigest digest;
  bool equal = true;

 private:
  const std::optional<std::string_view> bytes_;
};

int64_t ParseInt(std::string_view text, int64_t otherwise) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

ObjectHead HeadOf(const HttpReply& reply) {
  return {ParseInt(reply.Header("content-length"), 0), ParseDateMillis(reply.Header("last-modified")),
          reply.Header("etag")};
}

Status Torn(const S3Client& client, const BucketKey& at, std::string_view what) {
  return EnvironmentError("SLUICE_S3.REQUEST_FAILED", fmt::format("S3 GetObject {}: {}.", client.Show(at), what), true);
}

}  // namespace

void ContentDigest::Add(std::string_view bytes) {
  size_ += static_cast<int64_t>(bytes.size());
  crc64_ = Crc64(bytes, crc64_);
}

void ContentDigest::Append(const ContentDigest& next) {
  crc64_ = CombineCrc64(crc64_, next.crc64_, static_cast<uint64_t>(next.size_));
  size_ += next.size_;
}

Result<ObjectHead> S3Objects::Head(const BucketKey& at) {
  S3Request request;
  request.call = S3Call::kHeadObject;
  request.method = "HEAD";
  request.at = at;
  request.expected = {404};
  SLUICE_ASSIGN(const S3Reply reply, client_->Run(request));
  if (reply.status() == 404) return NotFoundError(PathOf(at));
  return HeadOf(reply.http);
}

Result<std::string> S3Objects::Get(const BucketKey& at, int64_t at_most) {
  StringSink sink(at_most);
  S3Request request;
  request.at = at;
  request.headers = {{"x-amz-checksum-mode", "ENABLED"}};
  request.sink = &sink;
  request.max_body = INT64_MAX;  // the sink has its own bound, and says so
  request.expected = {404};
  const Result<S3Reply> got = client_->Run(request);
  if (sink.too_large) return TooLargeError(PathOf(at), at_most);
  SLUICE_RETURN_IF_ERROR(got.status());
  const S3Reply& reply = *got;
  if (reply.status() == 404) return NotFoundError(PathOf(at));
  const std::string told = reply.http.Header("x-amz-checksum-crc32c");
  // A checksum of checksums ("...-3", a multipart upload) says nothing about the whole.
  if (!told.empty() && told.find('-') == std::string::npos && told != Crc32cHeader(Crc32c(sink.bytes))) {
    return Torn(*client_, at, "the bytes do not fit the checksum that the store keeps");
  }
  return std::move(sink.bytes);
}

Status S3Objects::GetRange(const BucketKey& at, const std::string& etag, int64_t offset, int64_t length, uint8_t* out) {
  if (length <= 0) return Status::OK();
  FixedSink sink(out, length);
  SLUICE_RETURN_IF_ERROR(ReadRange(at, etag, offset, length, &sink));
  if (sink.size == length) return Status::OK();
  return Torn(*client_, at, fmt::format("asked for {} bytes at {}, got {}", length, offset, sink.size));
}

Result<ContentDigest> S3Objects::DigestRange(const BucketKey& at, const std::string& etag, int64_t offset,
                                             int64_t length) {
  CompareSink sink(std::nullopt);
  SLUICE_RETURN_IF_ERROR(ReadRange(at, etag, offset, length, &sink));
  if (sink.digest.size() == length) return sink.digest;
  return Torn(*client_, at, fmt::format("asked for {} bytes at {}, got {}", length, offset, sink.digest.size()));
}

Status S3Objects::ReadRange(const BucketKey& at, const std::string& etag, int64_t offset, int64_t length,
                            BodySink* sink) {
  S3Request request;
  request.at = at;
  request.headers = {{"Range", fmt::format("bytes={}-{}", offset, offset + length - 1)}};
  if (!etag.empty()) request.headers.emplace_back("If-Match", etag);
  request.sink = sink;
  request.max_body = length;
  request.expected = {404, 412, 416};
  SLUICE_ASSIGN(const S3Reply reply, client_->Run(request));
  if (reply.status() == 404) return NotFoundError(PathOf(at));
  if (reply.status() == 412 || reply.status() == 416)
    return Torn(*client_, at, "the object was replaced while it was read");
  if (reply.status() == 206 || (reply.status() == 200 && offset == 0)) return Status::OK();
  return Torn(*client_, at, fmt::format("asked for {} bytes at {}, got HTTP {}", length, offset, reply.status()));
}

Result<std::string> S3Objects::GetTail(const BucketKey& at, int64_t length, ObjectHead* head) {
  StringSink sink(length);
  S3Request request;
  request.at = at;
  request.headers = {{"Range", fmt::format("bytes=-{}", length)}};
  request.sink = &sink;
  request.max_body = length;
  request.expected = {404, 416};
  SLUICE_ASSIGN(const S3Reply reply, client_->Run(request));
  if (reply.status() == 404) return NotFoundError(PathOf(at));
  if (reply.status() == 416) {  // an empty object has no last byte
    SLUICE_ASSIGN(*head, Head(at));
    if (head->size != 0) return Torn(*client_, at, "the object was replaced while it was opened");
    return std::string();
  }
  *head = HeadOf(reply.http);
  if (reply.status() == 200) head->size = static_cast<int64_t>(sink.bytes.size());
  if (reply.status() == 206) {
    const std::string range = reply.http.Header("content-range");  // "bytes 5-9/10"
    head->size = ParseInt(std::string_view(range).substr(range.find('/') + 1), -1);
    if (head->size < static_cast<int64_t>(sink.bytes.size())) {
      return Torn(*client_, at, fmt::format("the reply has the content range '{}'", Shortened(range, 128)));
    }
  }
  return std::move(sink.bytes);
}

Result<WriteResult> S3Objects::Put(const BucketKey& at, std::string_view body, const WriteCondition& condition) {
  S3Request request;
  request.call = S3Call::kPutObject;
  request.method = "PUT";
  request.at = at;
  request.headers = ConditionHeaders(condition);
  for (auto& header : EncryptionHeaders(client_->config())) request.headers.push_back(std::move(header));
  request.body = body;
  request.expected = {412};
  if (!condition.if_match.empty()) request.expected.push_back(404);
  SLUICE_ASSIGN(const S3Reply reply, client_->Run(request));
  return WriteResult{reply.status() < 300, reply.ambiguous};
}

Result<Comparison> S3Objects::Compare(const BucketKey& at, const ContentDigest& digest,
                                      std::optional<std::string_view> bytes) {
  const auto head = Head(at);
  if (!head.ok() && IsNotFound(head.status())) return Comparison{Sameness::kGone, ""};
  SLUICE_RETURN_IF_ERROR(head.status());
  if (head->size != digest.size()) return Comparison{Sameness::kOther, head->etag};
  CompareSink sink(bytes);
  S3Request request;
  request.at = at;
  request.headers = {{"If-Match", head->etag}};
  request.sink = &sink;
  request.max_body = head->size;
  request.expected = {404, 412};
  SLUICE_ASSIGN(const S3Reply reply, client_->Run(request));
  if (reply.status() >= 400) return Comparison{Sameness::kGone, ""};
  const bool same = sink.equal && sink.digest == digest;
  return Comparison{same ? Sameness::kSame : Sameness::kOther, head->etag};
}

std::vector<std::pair<std::string, std::string>> ConditionHeaders(const WriteCondition& condition) {
  if (!condition.if_match.empty()) return {{"If-Match", condition.if_match}};
  return {{"If-None-Match", "*"}};
}

std::vector<std::pair<std::string, std::string>> EncryptionHeaders(const S3Config& config) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (config.encryption.empty()) return headers;
  headers.emplace_back("x-amz-server-side-encryption", config.encryption);
  if (!config.kms_key_id.empty()) {
    headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", config.kms_key_id);
  }
  return headers;
}

int64_t ParseDateMillis(const std::string& text) {
  if (text.empty()) return 0;
  const aws_byte_cursor cursor = Cursor(text);
  aws_date_time date;
  if (aws_date_time_init_from_str_cursor(&date, &cursor, AWS_DATE_FORMAT_AUTO_DETECT) != AWS_OP_SUCCESS) return 0;
  return static_cast<int64_t>(aws_date_time_as_millis(&date));
}

std::string PathOf(const BucketKey& at) {
  return at.key.empty() ? at.bucket : at.bucket + "/" + at.key;
}

}  // namespace sluice::s3
