// SPDX-License-Identifier: Apache-2.0
#include "env/s3/s3_client.h"

#include <aws/auth/credentials.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/logging.h"
#include "base/process_metrics.h"
#include "base/spark_error.h"
#include "env/s3/checksum.h"
#include "env/s3/s3_endpoint.h"
#include "env/s3/signed_request.h"
#include "env/s3/xml_scanner.h"

namespace sluice::s3 {
namespace {

constexpr const char* kCallNames[] = {"PutObject",           "GetObject",         "HeadObject",
                                      "HeadBucket",          "GetBucketLocation", "ListObjectsV2",
                                      "DeleteObject",        "DeleteObjects",     "CreateMultipartUpload",
                                      "UploadPart",          "UploadPartCopy",    "CompleteMultipartUpload",
                                      "AbortMultipartUpload"};
static_assert(std::size(kCallNames) == static_cast<size_t>(S3Call::kCount));

constexpr char kFirstRegion[] = "us-east-1";

bool IsSuccess(int status) {
  return status >= 200 && status < 300;
}

// Calls that may take long answer 200 early and put a failure into the body.
bool HidesError(const S3Request& request, const HttpReply& reply) {
  const bool early = request.call == S3Call::kCompleteMultipartUpload || request.call == S3Call::kUploadPartCopy;
  return early && reply.body.find("<Error") != std::string::npos;
}

bool IsExpected(const S3Request& request, const S3Error& error) {
  return error.crt_error == 0 && error.code != "NoSuchBucket" &&
         std::find(request.expected.begin(), request.expected.end(), error.status) != request.expected.end();
}

// A refusal (409, 429) changed nothing; after a broken connection or a 5xx nobody knows.
bool MayHaveBeenApplied(const HttpReply& reply, const S3Error& error) {
  return error.crt_error != 0 ? reply.may_have_arrived : error.status >= 500 || error.status < 300;
}

int64_t Milliseconds(int64_t nanos) {
  return nanos / 1'000'000;
}

HttpOptions TransportOptions(const S3Config& config) {
  return {config.ca_bundle, config.connect_timeout_ms, config.idle_connection_ms, config.max_connections,
          config.cert_file};
}

S3Config WithClock(S3Config config) {
  if (config.clock == nullptr) config.clock = &SystemClock();
  return config;
}

}  // namespace

const char* CallName(S3Call call) {
  return kCallNames[static_cast<size_t>(call)];
}

S3Client::S3Client(S3Config config)
    : config_(WithClock(std::move(config))),
      clock_(*config_.clock),
      transport_(CrtRuntime::Acquire(), TransportOptions(config_)),
      credentials_(config_, &transport_) {}

std::string S3Client::Show(const BucketKey& at) const {
  return fmt::format("{}://{}{}{}", config_.scheme, at.bucket, at.key.empty() ? "" : "/", at.key);
}

std::map<std::string, int64_t> S3Client::Counts() const {
  std::map<std::string, int64_t> counts;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (const int64_t n = counts_[i].load(); n > 0) counts[kCallNames[i]] = n;
  }
  if (const int64_t n = retries_.load(); n > 0) counts["Retries"] = n;
  return counts;
}

Result<S3Reply> S3Client::Run(const S3Request& request) {
  const int64_t deadline = clock_.MonotonicNanos() + config_.operation_timeout_ms * 1'000'000;
  const int max_attempts = request.max_attempts > 0 ? request.max_attempts : config_.max_attempts;
  const std::string shown = Show(request.at);
  bool renewed = false;
  int redirects = 0;
  int attempt = 0;
  S3Reply result;
  while (true) {
    SLUICE_ASSIGN(const Credentials credentials, credentials_.Get());
    SLUICE_ASSIGN(const std::string region, RegionOf(request.at.bucket));
    const int64_t left = Milliseconds(deadline - clock_.MonotonicNanos());
    const int64_t timeout = std::clamp<int64_t>(left, 1, config_.request_timeout_ms);
    SLUICE_ASSIGN(result.http, Try(request, credentials, region, timeout));
    if (!result.http.excess.empty()) {
      return EnvironmentError("SLUICE_S3.REQUEST_FAILED",
                              fmt::format("S3 {} {} failed: the reply has {}, which no store sends.",
                                          CallName(request.call), shown, result.http.excess));
    }
    if (result.http.crt_error == 0 && IsSuccess(result.http.status) && !HidesError(request, result.http)) return result;
    SLUICE_ASSIGN(result.error, Explain(request, result.http, credentials, region, timeout));
    if (IsExpected(request, result.error)) return result;

    Verdict verdict = JudgeError(result.error);
    if (HidesError(request, result.http) && result.error.status < 300 && verdict == Verdict::kFail) {
      verdict = Verdict::kRetry;
    }
    if (verdict == Verdict::kRenew && !renewed) {
      renewed = true;
      const Result<bool> newer = credentials_.Renew(credentials);
      if (newer.ok() && *newer) continue;
      if (!newer.ok()) Log(LogLevel::kWarn, "S3 credentials could not be renewed: {}", newer.status().message());
    }
    if (verdict == Verdict::kRegion && redirects++ < 2 &&
        ChangeRegion(request.at.bucket, region, result.error.region)) {
      continue;
    }
    const bool late = clock_.MonotonicNanos() >= deadline;
    if (verdict != Verdict::kRetry || ++attempt >= max_attempts || late) {
      return ErrorStatus(CallName(request.call), shown, result.error, attempt,
                         AdviceFor(result.error, verdict, request.at.bucket, region));
    }
    result.ambiguous |= MayHaveBeenApplied(result.http, result.error);
    Log(LogLevel::kDebug, "S3 {} {}: try {} failed ({}), again", CallName(request.call), shown, attempt,
        result.error.crt_error != 0 ? CrtErrorText(result.error.crt_error)
                                    : fmt::format("HTTP {} {}", result.error.status, result.error.code));
    retries_.fetch_add(1);
    TheProcessMetrics().s3_retries.fetch_add(1);
    BackOff(attempt, deadline);
  }
}

std::string S3Client::AdviceFor(const S3Error& error, Verdict verdict, const std::string& bucket,
                                const std::string& region) {
  if (verdict == Verdict::kRenew) return credentials_.HowToRenew(IsExpired(error));
  const bool no_store = error.crt_error != 0 || error.code.empty();
  const Result<BucketAddress> address = AddressOf(config_, bucket, region);
  if (!no_store || !address.ok()) return "";
  const std::string where = fmt::format("{}://{}", address->endpoint.tls ? "https" : "http", address->host_header);
  if (config_.endpoint.empty()) {
    return fmt::format(
        "Requests go to {}, Amazon's own; is there a network? Another store is named by "
        "AWS_ENDPOINT_URL or fs.s3a.endpoint.",
        where);
  }
  const std::string file =
      config_.file_of_variable ? config_.file_of_variable(config_.endpoint_named_by) : std::string();
  return fmt::format("Requests go to {}, as {} says{}.", where, config_.endpoint_named_by,
                     file.empty() ? "" : fmt::format(" (in {})", file));
}

Result<HttpReply> S3Client::Try(const S3Request& request, const Credentials& credentials, const std::string& region,
                                int64_t timeout_ms) {
  SLUICE_ASSIGN(const BucketAddress address, AddressOf(config_, request.at.bucket, region));
  RequestParts parts;
  parts.method = request.method;
  parts.path_and_query = address.path_prefix + "/" + EncodeKey(request.at.key) + EncodeQuery(request.query);
  parts.host = address.host_header;
  parts.headers = request.headers;
  parts.body = request.body;
  // On CompleteMultipartUpload the header would mean the whole object.
  if (request.md5) {
    parts.headers.emplace_back("Content-MD5", Md5Header(request.body));
    if (parts.headers.back().second.empty()) parts.headers.pop_back();
  } else if (!request.body.empty() && request.call != S3Call::kCompleteMultipartUpload) {
    parts.headers.emplace_back("x-amz-checksum-crc32c", Crc32cHeader(Crc32c(request.body)));
  }
  SLUICE_ASSIGN(const auto message, SignedRequest::Make(transport_.runtime(), parts, credentials, region,
                                                        !address.endpoint.tls, clock_.NowMillis()));
  counts_[static_cast<size_t>(request.call)].fetch_add(1);
  return transport_.Send(address.endpoint, message->message(), request.sink, request.max_body, timeout_ms);
}

Result<S3Error> S3Client::Explain(const S3Request& request, const HttpReply& reply, const Credentials& credentials,
                                  const std::string& region, int64_t timeout_ms) {
  const S3Error error = ParseS3Error(reply);
  const bool unclear = error.status == 400 || error.status == 403 || (error.status >= 300 && error.status < 400);
  if (std::string_view(request.method) != "HEAD" || !unclear || !error.region.empty()) return error;
  S3Request again = request;
  again.method = "GET";
  if (request.call == S3Call::kHeadBucket) {
    again.call = S3Call::kGetBucketLocation;
    again.query = {{"location", ""}};
  } else {
    again.call = S3Call::kGetObject;
    again.headers.emplace_back("Range", "bytes=0-0");
  }
  SLUICE_ASSIGN(const HttpReply told, Try(again, credentials, region, timeout_ms));
  if (told.crt_error != 0 || IsSuccess(told.status)) return error;
  return ParseS3Error(told);
}

Result<std::string> S3Client::RegionOf(const std::string& bucket) {
  {
    std::lock_guard lock(mutex_);
    const auto found = regions_.find(bucket);
    if (found != regions_.end()) return found->second;
  }
  if (!config_.region.empty()) return config_.region;
  if (!config_.endpoint.empty()) {
    // Most stores of one's own take any region or this one; another is learnt from their first refusal.
    SLUICE_ASSIGN(const HttpEndpoint endpoint, ParseEndpoint(config_.endpoint, config_.ssl_enabled));
    const std::string named = RegionOfHost(endpoint.host);
    return named.empty() ? kFirstRegion : named;
  }
  return DiscoverRegion(bucket);
}

Result<std::string> S3Client::DiscoverRegion(const std::string& bucket) {
  SLUICE_ASSIGN(const Credentials credentials, credentials_.Get());
  S3Request request;
  request.call = S3Call::kHeadBucket;
  request.method = "HEAD";
  request.at = {bucket, ""};
  SLUICE_ASSIGN(const HttpReply reply, Try(request, credentials, kFirstRegion, config_.request_timeout_ms));
  const std::string region = ParseS3Error(reply).region;
  if (reply.crt_error == 0 && reply.status == 404) {
    S3Error error = ParseS3Error(reply);
    error.code = "NoSuchBucket";
    return ErrorStatus(CallName(request.call), Show(request.at), error, 1);
  }
  // Without an answer the call itself goes to the first region, and its error or redirect says more.
  if (region.empty()) return kFirstRegion;
  std::lock_guard lock(mutex_);
  regions_[bucket] = region;
  return region;
}

bool S3Client::ChangeRegion(const std::string& bucket, const std::string& used, const std::string& told) {
  if (told.empty() || told == used) return false;
  if (!config_.region.empty()) {
    Log(LogLevel::kWarn, "S3 bucket {} is in region {}, not in {} as configured", bucket, told, used);
  }
  std::lock_guard lock(mutex_);
  regions_[bucket] = told;
  return true;
}

void S3Client::BackOff(int attempt, int64_t deadline_ns) {
  thread_local std::minstd_rand random{std::random_device{}()};
  int64_t bound = config_.retry_base_ms;
  for (int i = 1; i < attempt && bound < config_.retry_cap_ms; ++i) bound *= 2;
  bound = std::min({bound, config_.retry_cap_ms, Milliseconds(deadline_ns - clock_.MonotonicNanos())});
  if (bound <= 0) return;
  const int64_t wait = std::uniform_int_distribution<int64_t>(0, bound)(random);
  clock_.WaitFor(wait, [] { return false; });
}

}  // namespace sluice::s3
