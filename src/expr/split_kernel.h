// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/column_io.h"

namespace sluice {

// The text that a regular expression of Java's stands for when it is no real one ("\t", "\|", "[,]", ", "), or nothing.
std::optional<std::string> PlainSeparator(std::string_view pattern);

// The columns of the wanted parts: columns[k] receives part k of each row, or is null when nobody wants it.
struct PartColumns {
  std::vector<BinaryView*> columns;
  // Parts found in the row, at most columns.size(): the others stay unwritten.
  std::vector<int32_t> found;
  // Rows with bytes beyond ASCII among those that were looked at: the only ones whose parts may be no UTF-8.
  std::vector<int64_t> beyond_ascii;
};

enum class SplitMethod { kBest, kPortable, kAvx2 };
bool HasAvx2();

// Splits each valid row once; views point into the buffers of `text`. Rows that are NULL are left alone.
// kAvx2 only for separators of one byte on a machine that has it.
void SplitIntoParts(const arrow::Array& text, std::string_view separator, SplitMethod method, PartColumns* parts);

// Number of parts of one text.
int64_t CountParts(std::string_view text, std::string_view separator);

}  // namespace sluice
