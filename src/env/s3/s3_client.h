// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "env/s3/credentials.h"
#include "env/s3/http_transport.h"
#include "env/s3/s3_error.h"
#include "env/s3/s3_file_system.h"
#include "env/s3/s3_path.h"

namespace sluice::s3 {

enum class S3Call {
  kPutObject,
  kGetObject,
  kHeadObject,
  kHeadBucket,
  kGetBucketLocation,
  kListObjects,
  kDeleteObject,
  kDeleteObjects,
  kCreateMultipartUpload,
  kUploadPart,
  kUploadPartCopy,
  kCompleteMultipartUpload,
  kAbortMultipartUpload,
  kCount,
};
const char* CallName(S3Call call);

struct S3Request {
  S3Call call = S3Call::kGetObject;
  const char* method = "GET";
  BucketKey at;
  std::vector<std::pair<std::string, std::string>> query;    // not encoded
  std::vector<std::pair<std::string, std::string>> headers;  // besides what signing adds
  std::string_view body;                                     // must outlive Run
  BodySink* sink = nullptr;
  int64_t max_body = kMaxXmlBody;  // a longer body of a 2xx is an error
  std::vector<int> expected;       // statuses besides 2xx that the caller understands
  int max_attempts = 0;            // 0: the config's
  bool md5 = false;                // the body is guarded by Content-MD5 and not by a checksum that the store keeps
};

struct S3Reply {
  HttpReply http;
  S3Error error;           // of an expected status that is no 2xx
  bool ambiguous = false;  // an earlier try of ours may have been applied
  int status() const { return http.status; }
};

// Signed requests with retries, fresh credentials, the right region and a deadline. Thread-safe.
class S3Client {
 public:
  explicit S3Client(S3Config config);

  // Returns a 2xx reply or one of the request's expected statuses; everything else is an error that names call and key.
  // A 404 that means a missing bucket is always an error.
  Result<S3Reply> Run(const S3Request& request);

  // Waits before try `attempt` + 1 (the first is 1): a random time below a bound that doubles, not past the deadline.
  void BackOff(int attempt, int64_t deadline_ns = INT64_MAX);

  const S3Config& config() const { return config_; }
  // "s3a://bucket/key" for messages.
  std::string Show(const BucketKey& at) const;
  std::map<std::string, int64_t> Counts() const;

 private:
  Result<HttpReply> Try(const S3Request& request, const Credentials& credentials, const std::string& region,
                        int64_t timeout_ms);
  // A HEAD that failed has no body: asks for one byte to learn why.
  // What a person can do about an error: fresh keys, or another endpoint.
  std::string AdviceFor(const S3Error& error, Verdict verdict, const std::string& bucket, const std::string& region);
  Result<S3Error> Explain(const S3Request& request, const HttpReply& reply, const Credentials& credentials,
                          const std::string& region, int64_t timeout_ms);
  Result<std::string> RegionOf(const std::string& bucket);
  Result<std::string> DiscoverRegion(const std::string& bucket);
  bool ChangeRegion(const std::string& bucket, const std::string& used, const std::string& told);

  S3Config config_;
  Clock& clock_;
  HttpTransport transport_;
  CredentialStore credentials_;
  std::mutex mutex_;
  std::map<std::string, std::string> regions_;  // of buckets, as the stores said
  std::array<std::atomic<int64_t>, static_cast<size_t>(S3Call::kCount)> counts_{};
  std::atomic<int64_t> retries_{0};
};

}  // namespace sluice::s3
