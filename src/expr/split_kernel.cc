// SPDX-License-Identifier: Apache-2.0
#include "expr/split_kernel.h"

#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "types/utf8_repair.h"

namespace sluice {
namespace {

// What splitting a row tells besides the parts.
struct RowScan {
  int32_t found;
  bool beyond_ascii;
};

bool BeyondAscii(std::string_view text) {
  uint64_t seen = 0;
  size_t at = 0;
  for (uint64_t word; at + sizeof(word) <= text.size(); at += sizeof(word)) {
    std::memcpy(&word, text.data() + at, sizeof(word));
    seen |= word;
  }
  for (; at < text.size(); ++at) seen |= static_cast<uint8_t>(text[at]);
  return (seen & 0x8080808080808080) != 0;
}

// One row being split: writes part after part.
class RowParts {
 public:
  RowParts(std::string_view text, const BinaryView& view, PartColumns* parts, int64_t row)
      : text_(text),
        buffer_(view.ref.buffer_index),
        offset_(view.ref.offset),
        columns_(parts->columns.data()),
        row_(row),
        wanted_(parts->columns.size()) {}

  // The part that ends at `end`; false when no further part is wanted.
  bool Emit(size_t end, size_t separator_size) {
    if (BinaryView* column = columns_[part_]) Write(end, &column[row_]);
    begin_ = end + separator_size;
    return ++part_ < wanted_;
  }
  size_t begin() const { return begin_; }
  RowScan Found(bool beyond_ascii) const { return {static_cast<int32_t>(part_), beyond_ascii}; }
  // Looks at the bytes of the parts that were emitted.
  RowScan Found() const { return Found(BeyondAscii(text_.substr(0, std::min(begin_, text_.size())))); }

 private:
  void Write(size_t end, BinaryView* out) const {
    const size_t size = end - begin_;
    const char* bytes = text_.data() + begin_;
    if (size > static_cast<size_t>(arrow::BinaryViewType::kInlineSize)) {
      out->ref.size = static_cast<int32_t>(size);
      std::memcpy(out->ref.prefix.data(), bytes, arrow::BinaryViewType::kPrefixSize);
      out->ref.buffer_index = buffer_;
      out->ref.offset = offset_ + static_cast<int32_t>(begin_);
      return;
    }
    // Twelve bytes at once and a mask, when they are there; short parts are the most frequent ones.
    uint64_t low = 0;
    uint32_t high = 0;
    if (begin_ + 12 <= text_.size()) {
      std::memcpy(&low, bytes, 8);
      std::memcpy(&high, bytes + 8, 4);
      if (size < 8) {
        low &= (uint64_t{1} << (8 * size)) - 1;
        high = 0;
      } else if (size < 12) {
        high &= (uint32_t{1} << (8 * (size - 8))) - 1;
      }
    } else if (size <= 8) {
      if (size > 0) std::memcpy(&low, bytes, size);
    } else {
      std::memcpy(&low, bytes, 8);
      std::memcpy(&high, bytes + 8, size - 8);
    }
    char* slot = reinterpret_cast<char*>(out);
    const auto size32 = static_cast<uint32_t>(size);
    std::memcpy(slot, &size32, 4);
    std::memcpy(slot + 4, &low, 8);
    std::memcpy(slot + 12, &high, 4);
  }

  std::string_view text_;
  int32_t buffer_;  // of the text's view; without meaning for a short text, whose parts are short too
  int32_t offset_;
  BinaryView* const* columns_;
  int64_t row_;
  size_t wanted_;
  size_t begin_ = 0;
  size_t part_ = 0;
};

static_assert(std::endian::native == std::endian::little, "the short parts are masked in little-endian order");

RowScan SplitByByte(std::string_view text, char separator, RowParts row) {
  const char* end = text.data() + text.size();
  while (true) {
    const size_t left = text.size() - row.begin();
    const void* hit = left == 0 ? nullptr : std::memchr(text.data() + row.begin(), separator, left);
    if (hit == nullptr) break;
    if (!row.Emit(static_cast<size_t>(static_cast<const char*>(hit) - text.data()), 1)) return row.Found();
  }
  row.Emit(static_cast<size_t>(end - text.data()), 0);
  return row.Found();
}

RowScan SplitByText(std::string_view text, std::string_view separator, RowParts row) {
  for (size_t hit; (hit = text.find(separator, row.begin())) != std::string_view::npos;) {
    if (!row.Emit(hit, separator.size())) return row.Found();
  }
  row.Emit(text.size(), 0);
  return row.Found();
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) RowScan SplitByByteAvx2(std::string_view text, char separator, RowParts row) {
  const __m256i wanted = _mm256_set1_epi8(separator);
  const char* bytes = text.data();
  const size_t size = text.size();
  __m256i seen = _mm256_setzero_si256();
  size_t at = 0;
  for (; at + 32 <= size; at += 32) {
    const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + at));
    seen = _mm256_or_si256(seen, block);
    auto hits = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(block, wanted)));
    for (; hits != 0; hits &= hits - 1) {
      if (!row.Emit(at + static_cast<size_t>(std::countr_zero(hits)), 1))
        return row.Found(_mm256_movemask_epi8(seen) != 0);
    }
  }
  if (at < size && size >= 32) {
    // The last 32 bytes again, without those that were seen.
    const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + size - 32));
    seen = _mm256_or_si256(seen, block);
    auto hits = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(block, wanted)));
    for (hits >>= 32 - (size - at); hits != 0; hits &= hits - 1) {
      if (!row.Emit(at + static_cast<size_t>(std::countr_zero(hits)), 1))
        return row.Found(_mm256_movemask_epi8(seen) != 0);
    }
  } else if (at < size) {
    return SplitByByte(text, separator, row);
  }
  row.Emit(size, 0);
  return row.Found(_mm256_movemask_epi8(seen) != 0);
}
#endif

template <typename SplitRow>
void SplitRows(const arrow::Array& array, PartColumns* parts, SplitRow split_row) {
  const ColumnReader<std::string_view> reader(array);
  const bool nulls = array.null_count() > 0;
  for (int64_t row = 0; row < array.length(); ++row) {
    if (nulls && array.IsNull(row)) continue;
    const std::string_view text = reader[row];
    const RowScan scan = split_row(text, RowParts(text, reader.view(row), parts, row));
    parts->found[static_cast<size_t>(row)] = scan.found;
    if (scan.beyond_ascii) parts->beyond_ascii.push_back(row);
  }
}

bool IsMeta(char c) {
  return std::strchr(".$|()[{^?*+\\", c) != nullptr;
}

}  // namespace

bool HasAvx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

std::optional<std::string> PlainSeparator(std::string_view pattern) {
  std::string plain;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      if (++i >= pattern.size()) return std::nullopt;
      const char escaped = pattern[i];
      switch (escaped) {
        case 't':
          plain += '\t';
          continue;
        case 'n':
          plain += '\n';
          continue;
        case 'r':
          plain += '\r';
          continue;
        case 'f':
          plain += '\f';
          continue;
        default:
          break;
      }
      if (std::isalnum(static_cast<unsigned char>(escaped)) || (escaped & 0x80)) return std::nullopt;
      plain += escaped;
    } else if (c == '[' && i + 2 < pattern.size() && pattern[i + 2] == ']' && pattern[i + 1] != '\\' &&
               pattern[i + 1] != '^' && pattern[i + 1] != '[' && !(pattern[i + 1] & 0x80)) {
      plain += pattern[i + 1];
      i += 2;
    } else if (c == '\0' || IsMeta(c)) {
      return std::nullopt;
    } else {
      plain += c;
    }
  }
  // These would also find what is malformed in the text, once that is U+FFFD.
  if (plain.empty() || !IsUtf8(plain) || plain.find("\xEF\xBF\xBD") != std::string::npos) return std::nullopt;
  return plain;
}

void SplitIntoParts(const arrow::Array& text, std::string_view separator, SplitMethod method, PartColumns* parts) {
  parts->found.assign(static_cast<size_t>(text.length()), 0);
  parts->beyond_ascii.clear();
  if (parts->columns.empty()) return;
  if (separator.size() != 1) {
    SplitRows(text, parts,
              [separator](std::string_view row, RowParts out) { return SplitByText(row, separator, out); });
    return;
  }
  const char byte = separator[0];
#if defined(__x86_64__)
  if (method == SplitMethod::kAvx2 || (method == SplitMethod::kBest && HasAvx2())) {
    SplitRows(text, parts, [byte](std::string_view row, RowParts out) { return SplitByByteAvx2(row, byte, out); });
    return;
  }
#endif
  SplitRows(text, parts, [byte](std::string_view row, RowParts out) { return SplitByByte(row, byte, out); });
}

int64_t CountParts(std::string_view text, std::string_view separator) {
  int64_t parts = 1;
  for (size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator, at + separator.size()))
    ++parts;
  return parts;
}

}  // namespace sluice
