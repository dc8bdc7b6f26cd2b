// SPDX-License-Identifier: Apache-2.0
#include "env/s3/s3_error.h"

#include <aws/http/http.h>
#include <aws/io/io.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "env/s3/xml_scanner.h"

namespace sluice::s3 {
namespace {

struct CodeRow {
  std::string_view code;
  Verdict verdict;
  std::string_view error_class;
  std::string_view hint;
};

constexpr size_t kMaxMessage = 1024;
constexpr size_t kMaxCode = 128;

constexpr std::string_view kDenied = "SLUICE_S3.ACCESS_DENIED";
constexpr std::string_view kExpired = "SLUICE_S3.EXPIRED_CREDENTIALS";
constexpr std::string_view kUnavailable = "SLUICE_S3.UNAVAILABLE";
constexpr std::string_view kFailed = "SLUICE_S3.REQUEST_FAILED";

constexpr CodeRow kCodes[] = {
    {"AccessDenied", Verdict::kFail, kDenied, ""},
    {"AllAccessDisabled", Verdict::kFail, kDenied, ""},
    {"AuthorizationHeaderMalformed", Verdict::kRegion, kFailed, "Is the region right (fs.s3a.endpoint.region)?"},
    {"BadDigest", Verdict::kRetry, kUnavailable, ""},
    {"ConditionalRequestConflict", Verdict::kRetry, kUnavailable, ""},
    {"ExpiredToken", Verdict::kRenew, kExpired, ""},
    {"ExpiredTokenException", Verdict::kRenew, kExpired, ""},
    {"IllegalLocationConstraintException", Verdict::kRegion, kFailed, ""},
    {"InternalError", Verdict::kRetry, kUnavailable, ""},
    {"InvalidAccessKeyId", Verdict::kRenew, kDenied,
     "The access key is not known there; temporary keys need their session token too."},
    {"InvalidToken", Verdict::kRenew, kDenied, "The session token does not belong to the access key."},
    {"InvalidTokenId", Verdict::kRenew, kDenied, "The session token does not belong to the access key."},
    {"NoSuchBucket", Verdict::kFail, "SLUICE_S3.NO_SUCH_BUCKET", "Sluice does not make buckets."},
    {"OperationAborted", Verdict::kRetry, kUnavailable, ""},
    {"PermanentRedirect", Verdict::kRegion, kFailed, "Is the region right (fs.s3a.endpoint.region)?"},
    {"RequestTimeTooSkewed", Verdict::kFail, kDenied, "The clock of this machine is wrong."},
    {"RequestTimeout", Verdict::kRetry, kUnavailable, ""},
    {"ServiceUnavailable", Verdict::kRetry, kUnavailable, ""},
    {"SignatureDoesNotMatch", Verdict::kFail, kDenied, "Is the secret key right?"},
    {"SlowDown", Verdict::kRetry, kUnavailable, ""},
    {"TemporaryRedirect", Verdict::kRegion, kFailed, ""},
    {"Throttling", Verdict::kRetry, kUnavailable, ""},
    {"ThrottlingException", Verdict::kRetry, kUnavailable, ""},
    {"TokenRefreshRequired", Verdict::kRenew, kExpired, ""},
    {"XAmzContentChecksumMismatch", Verdict::kRetry, kUnavailable, ""},
};

// A body-less reply (HEAD) tells no more than its status.
CodeRow RowOf(const S3Error& error) {
  const auto* row =
      std::find_if(std::begin(kCodes), std::end(kCodes), [&](const CodeRow& r) { return r.code == error.code; });
  if (row != std::end(kCodes)) return *row;
  if (error.status >= 500 && error.status != 501) return {"", Verdict::kRetry, kUnavailable, ""};
  if (error.status == 429 || error.status == 409) return {"", Verdict::kRetry, kUnavailable, ""};
  if (error.status >= 300 && error.status < 400) return {"", Verdict::kRegion, kFailed, ""};
  if (error.status == 401 || error.status == 403) return {"", Verdict::kFail, kDenied, ""};
  return {"", Verdict::kFail, kFailed, ""};
}

bool IsTlsError(int crt_error) {
  return crt_error == AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE || crt_error == AWS_IO_TLS_ERROR_NOT_NEGOTIATED ||
         crt_error == AWS_IO_TLS_CTX_ERROR || crt_error == AWS_IO_TLS_VERSION_UNSUPPORTED;
}

}  // namespace

bool IsRegionName(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string Shortened(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

S3Error ParseS3Error(const HttpReply& reply) {
  S3Error error;
  error.crt_error = reply.crt_error;
  if (reply.crt_error != 0) return error;
  error.status = reply.status;
  error.request_id = reply.Header("x-amz-request-id");
  error.region = reply.Header("x-amz-bucket-region");
  if (reply.body.find("<Error") != std::string::npos) {
    error.code = XmlText(reply.body, "Code");
    error.message = XmlText(reply.body, "Message");
    if (error.region.empty()) error.region = XmlText(reply.body, "Region");
    if (error.request_id.empty()) error.request_id = XmlText(reply.body, "RequestId");
  }
  error.code = Shortened(error.code, kMaxCode);
  error.message = Shortened(error.message, kMaxMessage);
  error.request_id = Shortened(error.request_id, kMaxCode);
  if (!IsRegionName(error.region)) error.region.clear();
  return error;
}

Verdict JudgeError(const S3Error& error) {
  if (error.crt_error != 0) return IsTlsError(error.crt_error) ? Verdict::kFail : Verdict::kRetry;
  const Verdict verdict = RowOf(error).verdict;
  // Some stores answer 400 or 403 with the region to use and no code.
  if (verdict == Verdict::kFail && error.code.empty() && !error.region.empty()) return Verdict::kRegion;
  return verdict;
}

bool IsExpired(const S3Error& error) {
  return error.crt_error == 0 && RowOf(error).error_class == kExpired;
}

Status ErrorStatus(std::string_view call, const std::string& uri, const S3Error& error, int tries,
                   const std::string& advice) {
  const std::string after = tries > 1 ? fmt::format(" after {} tries", tries) : "";
  const ErrorParameters parameters{{"call", std::string(call)}, {"path", uri}, {"code", error.code}};
  if (error.crt_error != 0) {
    const bool tls = IsTlsError(error.crt_error);
    std::string text = fmt::format("S3 {} {} failed{}: {}.", call, uri, after, CrtErrorText(error.crt_error));
    if (tls) text += " Is the store's certificate signed by an authority in the CA bundle (AWS_CA_BUNDLE)?";
    if (!advice.empty()) text += " " + advice;
    return EnvironmentError(tls ? "SLUICE_S3.TLS" : kUnavailable, std::move(text), !tls, parameters);
  }
  const CodeRow row = RowOf(error);
  std::string text = fmt::format("S3 {} {} failed{}: {}{}{} (HTTP {}{}{}).", call, uri, after,
                                 error.code.empty() ? "no error code" : error.code, error.message.empty() ? "" : ": ",
                                 Redact(error.message), error.status, error.request_id.empty() ? "" : ", request id ",
                                 error.request_id);
  if (!row.hint.empty()) text += fmt::format(" {}", row.hint);
  if (!advice.empty()) text += " " + advice;
  return EnvironmentError(row.error_class, std::move(text), row.verdict == Verdict::kRetry, parameters);
}

}  // namespace sluice::s3
