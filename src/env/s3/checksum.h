// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::s3 {

uint32_t Crc32c(std::string_view bytes, uint32_t previous = 0);
uint64_t Crc64(std::string_view bytes, uint64_t previous = 0);
// Of two contents one after the other, from the checksum of each.
uint64_t CombineCrc64(uint64_t first, uint64_t second, uint64_t second_size);
// As x-amz-checksum-crc32c carries it: base64 of the big-endian value.
std::string Crc32cHeader(uint32_t crc);
// As Content-MD5 carries it; empty where MD5 is forbidden.
std::string Md5Header(std::string_view bytes);

}  // namespace sluice::s3
