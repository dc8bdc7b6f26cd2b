// SPDX-License-Identifier: Apache-2.0
#include "env/s3/signed_request.h"

#include <aws/auth/credentials.h>
#include <aws/auth/signable.h>
#include <aws/auth/signing.h>
#include <aws/auth/signing_config.h>
#include <aws/auth/signing_result.h>
#include <aws/common/date_time.h>
#include <aws/common/error.h>
#include <aws/http/request_response.h>
#include <aws/io/stream.h>
#include <fmt/format.h>

#include "base/spark_error.h"

namespace sluice::s3 {
namespace {

void AddHeader(aws_http_message* message, std::string_view name, std::string_view value) {
  aws_http_header header{};
  header.name = Cursor(name);
  header.value = Cursor(value);
  aws_http_message_add_header(message, header);
}

struct Signing {
  aws_http_message* message;
  aws_allocator* allocator;
  int error = 0;
  Latch done;
};

void OnSigned(aws_signing_result* result, int error_code, void* user_data) {
  auto* signing = static_cast<Signing*>(user_data);
  signing->error = error_code;
  if (error_code == 0 &&
      aws_apply_signing_result_to_http_request(signing->message, signing->allocator, result) != AWS_OP_SUCCESS) {
    signing->error = aws_last_error();
  }
  signing->done.Open();
}

}  // namespace

Result<std::unique_ptr<SignedRequest>> SignedRequest::Make(const CrtRuntime& runtime, const RequestParts& parts,
                                                           const Credentials& credentials, const std::string& region,
                                                           bool hash_body, int64_t now_ms) {
  std::unique_ptr<SignedRequest> request(new SignedRequest());
  request->message_ = aws_http_message_new_request(runtime.allocator());
  aws_http_message_set_request_method(request->message_, Cursor(parts.method));
  aws_http_message_set_request_path(request->message_, Cursor(parts.path_and_query));
  AddHeader(request->message_, "Host", parts.host);
  AddHeader(request->message_, "User-Agent", "sluice/" SLUICE_VERSION);
  if (parts.method == "PUT" || parts.method == "POST") {
    AddHeader(request->message_, "Content-Length", std::to_string(parts.body.size()));
  }
  for (const auto& [name, value] : parts.headers) AddHeader(request->message_, name, value);
  if (!parts.body.empty()) {
    const aws_byte_cursor body = Cursor(parts.body);
    request->body_ = aws_input_stream_new_from_cursor(runtime.allocator(), &body);
    aws_http_message_set_body_stream(request->message_, request->body_);
  }
  if (!aws_credentials_is_anonymous(credentials.get())) {
    SLUICE_RETURN_IF_ERROR(request->Sign(runtime, credentials, region, hash_body, now_ms));
  }
  return request;
}

Status SignedRequest::Sign(const CrtRuntime& runtime, const Credentials& credentials, const std::string& region,
                           bool hash_body, int64_t now_ms) {
  aws_signing_config_aws config{};
  config.config_type = AWS_SIGNING_CONFIG_AWS;
  config.algorithm = AWS_SIGNING_ALGORITHM_V4;
  config.signature_type = AWS_ST_HTTP_REQUEST_HEADERS;
  config.region = Cursor(region);
  config.service = Cursor("s3");
  aws_date_time_init_epoch_millis(&config.date, static_cast<uint64_t>(now_ms));
  config.flags.use_double_uri_encode = false;
  config.flags.should_normalize_uri_path = false;
  config.signed_body_header = AWS_SBHT_X_AMZ_CONTENT_SHA256;
  if (!hash_body) config.signed_body_value = g_aws_signed_body_value_unsigned_payload;
  config.credentials = credentials.get();

  aws_signable* signable = aws_signable_new_http_request(runtime.allocator(), message_);
  Signing signing{message_, runtime.allocator()};
  const int started = aws_sign_request_aws(
      runtime.allocator(), signable, reinterpret_cast<const aws_signing_config_base*>(&config), OnSigned, &signing);
  if (started == AWS_OP_SUCCESS) {
    signing.done.Wait();
  } else {
    signing.error = aws_last_error();
  }
  aws_signable_destroy(signable);
  if (signing.error == 0) return Status::OK();
  return InternalError(fmt::format("Signing a request to S3 failed: {}", CrtErrorText(signing.error)));
}

SignedRequest::~SignedRequest() {
  aws_http_message_release(message_);
  aws_input_stream_release(body_);
}

}  // namespace sluice::s3
