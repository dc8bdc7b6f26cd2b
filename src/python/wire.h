// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// The numbers of pyspark's worker protocol: big endian; a text is its length and its bytes.
class WireWriter {
 public:
  WireWriter& Int(int64_t value) { return Bytes(value, 4); }
  WireWriter& Long(int64_t value) { return Bytes(value, 8); }
  WireWriter& Bool(bool value) { return Bytes(value ? 1 : 0, 1); }
  WireWriter& Text(std::string_view text) {
    Int(static_cast<int64_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  WireWriter& Bytes(int64_t value, int count) {
    constexpr int kBits = 8;
    for (int i = count - 1; i >= 0; --i) {
      bytes_ += static_cast<char>((static_cast<uint64_t>(value) >> (kBits * i)) & 0xFF);
    }
    return *this;
  }

  std::string bytes_;
};

inline int32_t WireInt(const uint8_t* bytes) {
  return static_cast<int32_t>(uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 |
                              uint32_t{bytes[3]});
}

// What stands in the place of a length, or between two streams.
struct WireMark {
  static constexpr int32_t kEndOfData = -1;
  static constexpr int32_t kException = -2;
  static constexpr int32_t kTimings = -3;
  static constexpr int32_t kEndOfStream = -4;
  static constexpr int32_t kArrowStream = -6;
};

}  // namespace sluice
