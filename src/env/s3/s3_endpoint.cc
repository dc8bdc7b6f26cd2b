// SPDX-License-Identifier: Apache-2.0
#include "env/s3/s3_endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/spark_error.h"

namespace sluice::s3 {
namespace {

bool IsAddress(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || host.find(':') != std::string::npos;
}

// Whether "bucket.host" is a name that DNS and, under TLS, a wildcard certificate can carry.
bool FitsHostName(const std::string& bucket, bool tls) {
  if (bucket.size() < 3 || bucket.size() > 63) return false;
  return std::all_of(bucket.begin(), bucket.end(), [tls](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (c == '.' && !tls);
  });
}

Status BadEndpoint(const std::string& endpoint, std::string_view why) {
  return UserError("SLUICE_S3.CONFIGURATION", fmt::format("The S3 endpoint '{}' {}.", endpoint, why));
}

}  // namespace

Result<HttpEndpoint> ParseEndpoint(const std::string& endpoint, bool ssl_enabled) {
  HttpEndpoint result;
  result.tls = ssl_enabled;
  std::string rest = endpoint;
  if (const size_t at = endpoint.find("://"); at != std::string::npos) {
    const std::string scheme = endpoint.substr(0, at);
    if (scheme != "http" && scheme != "https") return BadEndpoint(endpoint, "begins with neither http:// nor https://");
    result.tls = scheme == "https";
    rest = endpoint.substr(at + 3);
  }
  while (rest.ends_with('/')) rest.pop_back();
  if (rest.find_first_of("/?#@") != std::string::npos) return BadEndpoint(endpoint, "is more than a host and a port");
  result.port = result.tls ? 443 : 80;
  const size_t bracket = rest.find(']');
  const size_t colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    const char* first = rest.data() + colon + 1;
    const char* last = rest.data() + rest.size();
    const auto [end, error] = std::from_chars(first, last, result.port);
    if (error != std::errc() || end != last || result.port == 0 || result.port > 65535) {
      return BadEndpoint(endpoint, "has no valid port");
    }
  }
  result.host = rest.substr(0, colon);
  if (result.host.starts_with('[') && result.host.ends_with(']')) {
    result.host = result.host.substr(1, result.host.size() - 2);
  }
  if (result.host.empty()) return BadEndpoint(endpoint, "names no host");
  return result;
}

std::string RegionOfHost(const std::string& host) {
  const size_t amazon = host.find(".amazonaws.com");
  if (amazon == std::string::npos || !host.starts_with("s3")) return "";
  std::string middle = host.substr(2, amazon - 2);  // ".eu-west-1", "-eu-west-1", ".dualstack.eu-west-1", ""
  if (const size_t dot = middle.rfind('.'); dot != std::string::npos) middle = middle.substr(dot + 1);
  if (middle.starts_with('-')) middle.erase(0, 1);
  return middle == "external-1" || middle == "accelerate" || middle == "fips" ? "" : middle;
}

Result<BucketAddress> AddressOf(const S3Config& config, const std::string& bucket, const std::string& region) {
  BucketAddress address;
  if (config.endpoint.empty()) {
    address.endpoint.tls = config.ssl_enabled;
    address.endpoint.port = config.ssl_enabled ? 443 : 80;
    address.endpoint.host = fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
  } else {
    SLUICE_ASSIGN(address.endpoint, ParseEndpoint(config.endpoint, config.ssl_enabled));
  }
  HttpEndpoint& endpoint = address.endpoint;
  const bool fits = !IsAddress(endpoint.host) && endpoint.host != "localhost" && FitsHostName(bucket, endpoint.tls);
  if (config.path_style.value_or(!fits)) {
    address.path_prefix = "/" + bucket;
  } else {
    endpoint.host = bucket + "." + endpoint.host;
  }
  const bool usual_port = endpoint.port == (endpoint.tls ? 443u : 80u);
  const std::string name = endpoint.host.find(':') == std::string::npos ? endpoint.host : "[" + endpoint.host + "]";
  address.host_header = usual_port ? name : fmt::format("{}:{}", name, endpoint.port);
  return address;
}

}  // namespace sluice::s3
