// SPDX-License-Identifier: Apache-2.0
#include "expr/base64.h"

#include <algorithm>
#include <cstdint>

namespace sluice {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

void AppendBase64(std::string_view bytes, std::string* out) {
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) *out += k <= have ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
  }
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string bytes;
  uint32_t group = 0;
  int digits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) continue;
    group = group << 6 | static_cast<uint32_t>(digit);
    if (++digits == 4) {
      for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(group >> shift);
      group = 0;
      digits = 0;
    }
  }
  if (digits == 1) return std::nullopt;
  if (digits == 2) bytes += static_cast<char>(group >> 4);
  if (digits == 3) {
    bytes += static_cast<char>(group >> 10);
    bytes += static_cast<char>(group >> 2);
  }
  return bytes;
}

}  // namespace sluice
