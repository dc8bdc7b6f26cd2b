// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::s3 {

struct BucketKey {
  std::string bucket;
  std::string key;  // empty: the bucket itself
};

// "bucket/a/b" -> {bucket, "a/b"}; leading and trailing slashes go.
BucketKey SplitPath(std::string_view path);

// S3's canonical encoding: everything but letters, digits and -._~ (and '/' in a key) becomes %XX.
std::string EncodeKey(std::string_view key);
std::string EncodeQueryPart(std::string_view text);
// "?a=1&b=" with both sides encoded; empty for no parameters.
std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& parameters);
// Undoes the encoding of a listing: %XX and '+' for a space.
std::string DecodeListed(std::string_view text);

}  // namespace sluice::s3
