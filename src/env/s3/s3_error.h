// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "env/s3/http_transport.h"

namespace sluice::s3 {

// What the store said, or what kept it from saying anything. Its texts are cut: they go into messages and logs.
struct S3Error {
  int status = 0;          // 0: no reply
  std::string code;        // at most 128 bytes
  std::string message;     // at most 1 KiB
  std::string request_id;  // at most 128 bytes
  std::string region;      // where the store says the bucket is; empty when it is no name of a region
  int crt_error = 0;
};

S3Error ParseS3Error(const HttpReply& reply);

// Letters, digits, '-' and '_', at most 64: what may go into a host name and a signature.
bool IsRegionName(std::string_view text);
// The first `most` bytes, whole characters of UTF-8, with "..." where something is left out.
std::string Shortened(const std::string& text, size_t most);

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
