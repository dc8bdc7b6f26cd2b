// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"
#include "env/s3/http_transport.h"
#include "env/s3/s3_file_system.h"

namespace sluice::s3 {

// "http://127.0.0.1:9000", "minio.local:9000" (scheme by `ssl_enabled`), "https://s3.eu-west-1.amazonaws.com".
// A path, a user or another scheme is an error.
Result<HttpEndpoint> ParseEndpoint(const std::string& endpoint, bool ssl_enabled);

// The region in an Amazon host name (s3.eu-west-1.amazonaws.com), or "".
std::string RegionOfHost(const std::string& host);

// Where requests for a bucket go.
struct BucketAddress {
  HttpEndpoint endpoint;
  std::string host_header;  // with the port where it is not the usual one
  std::string path_prefix;  // "" or "/bucket"
};
Result<BucketAddress> AddressOf(const S3Config& config, const std::string& bucket, const std::string& region);

}  // namespace sluice::s3
