// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

// librdkafka unpacks a compressed batch of records into memory that it takes by what the batch claims, or as the bytes
// come, and bounds only zstd, by `receive.message.max.bytes`. The linker sends its calls for gzip, lz4 and snappy
// through functions here (--wrap, cmake/SluiceLayer.cmake) that refuse more than the limit as bad compression.

// The limit is the process's, in bytes: the largest that any client has asked for. Any thread may call these.
void RaiseUnpackLimit(int64_t bytes);
int64_t UnpackLimit();

// Unpacks gzip or zlib into memory of malloc, with a zero byte behind it. Null when it is damaged or has more.
char* UnpackGzip(std::string_view packed, size_t limit, size_t* size);

// The bytes that an LZ4 frame unpacks to, without keeping them; nothing when it is damaged or has more. Frames that
// cannot have more by the sizes of their blocks are not unpacked: for them it is a bound.
// `checked` is false for frames with Kafka's old, wrong checksum of the header: only the bound is looked at.
std::optional<size_t> UnpackedLz4Size(std::string_view frame, bool checked, size_t limit);

// The bytes that snappy data claim, bare or (`framed`) as chunks behind their length of 4 bytes, as snappy-java writes
// them. Nothing when they are damaged or claim more.
std::optional<size_t> UnpackedSnappySize(std::string_view packed, bool framed, size_t limit);

}  // namespace sluice
