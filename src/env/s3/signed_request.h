// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "env/s3/credentials.h"

struct aws_http_message;
struct aws_input_stream;

namespace sluice::s3 {

struct RequestParts {
  std::string_view method;
  std::string path_and_query;  // encoded
  std::string host;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  // must outlive the request
};

// An HTTP message of the library with its body. Not copyable.
class SignedRequest {
 public:
  // Signs with SigV4 for S3 at `now_ms`; anonymous credentials leave it unsigned. The body's hash is part of the
  // signature unless `hash_body` is false: TLS and a checksum header guard it then.
  static Result<std::unique_ptr<SignedRequest>> Make(const CrtRuntime& runtime, const RequestParts& parts,
                                                     const Credentials& credentials, const std::string& region,
                                                     bool hash_body, int64_t now_ms);
  ~SignedRequest();
  SignedRequest(const SignedRequest&) = delete;
  SignedRequest& operator=(const SignedRequest&) = delete;
  aws_http_message* message() const { return message_; }

 private:
  SignedRequest() = default;
  Status Sign(const CrtRuntime& runtime, const Credentials& credentials, const std::string& region, bool hash_body,
              int64_t now_ms);
  aws_http_message* message_ = nullptr;
  aws_input_stream* body_ = nullptr;
};

}  // namespace sluice::s3
