// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "env/s3/http_transport.h"

namespace sluice::s3 {

// What the store said, or what kept it from saying anything.
struct S3Error {
  int status = 0;  // 0: no reply
  std::string code;
  std::string message;
  std::string request_id;
  std::string region;  // where the store says the bucket is
  int crt_error = 0;
};

S3Error ParseS3Error(const HttpReply& reply);

// What the client does about a reply.
enum class Verdict {
  kDone,    // success, or a status that the caller understands
  kRetry,   // the network, 5xx, 429, 409: again after a while
  kRenew,   // fresh credentials might help
  kRegion,  // another region might help
  kFail,    // no use trying again
};
Verdict JudgeError(const S3Error& error);

// The store called the credentials expired.
bool IsExpired(const S3Error& error);

// The error of a call, naming call, s3a://bucket/key, the store's code and text, HTTP status and request id; `advice`
// says what to do about it.
Status ErrorStatus(std::string_view call, const std::string& uri, const S3Error& error, int tries,
                   const std::string& advice = "");

}  // namespace sluice::s3
