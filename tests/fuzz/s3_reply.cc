// SPDX-License-Identifier: Apache-2.0
// The XML of a store's replies. The first byte is an HTTP status of its hundred.
#include "check.h"
#include "env/s3/s3_error.h"
#include "env/s3/s3_listing.h"
#include "env/s3/xml_scanner.h"
#include "targets.h"

namespace sluice::fuzz {

void S3Reply(std::string_view input) {
  if (input.empty()) return;
  s3::HttpReply reply;
  reply.status = 200 + 100 * (static_cast<unsigned char>(input[0]) % 4);
  reply.body = input.substr(1);
  const s3::S3Error error = s3::ParseS3Error(reply);
  (void)s3::JudgeError(error);
  FUZZ_CHECK(error.region.empty() || s3::IsRegionName(error.region), error.region);
  const std::string shown = s3::ErrorStatus("GetObject", "s3a://bucket/key", error, 1).ToString();
  FUZZ_CHECK(shown.size() < 4096, shown);
  (void)s3::ParseListPage(reply.body, "bucket");
  const std::string escaped = "<a>" + s3::XmlEscape(reply.body) + "</a>";
  const bool plain = reply.body.find_first_of("\r") == std::string::npos;
  if (plain) FUZZ_CHECK(s3::XmlText(escaped, "a") == reply.body, escaped);
}

}  // namespace sluice::fuzz
