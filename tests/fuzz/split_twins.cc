// SPDX-License-Identifier: Apache-2.0
// The AVX2 split and its portable twin do the same. Input: the separator, how many parts are wanted, and the text; rows
// end at each 0x01.
#include <arrow/api.h>

#include <algorithm>
#include <cstring>

#include "check.h"
#include "expr/column_io.h"
#include "expr/split_kernel.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

std::shared_ptr<arrow::Array> RowsOf(std::string_view text) {
  arrow::StringViewBuilder builder;
  while (true) {
    const size_t end = text.find('\x01');
    const std::string_view row = text.substr(0, end);
    FUZZ_CHECK((row == "NULL" ? builder.AppendNull() : builder.Append(row)).ok(), "");
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return *builder.Finish();
}

struct Outcome {
  PartColumns parts;
  std::vector<std::vector<BinaryView>> views;
};

Outcome Split(const arrow::Array& rows, std::string_view separator, size_t wanted, SplitMethod method) {
  Outcome outcome;
  outcome.views.resize(wanted, std::vector<BinaryView>(static_cast<size_t>(rows.length())));
  for (auto& column : outcome.views) {
    std::memset(static_cast<void*>(column.data()), 0, column.size() * sizeof(BinaryView));
    outcome.parts.columns.push_back(column.data());
  }
  SplitIntoParts(rows, separator, method, &outcome.parts);
  return outcome;
}

}  // namespace

void SplitTwins(std::string_view input) {
  if (input.size() < 2 || !HasAvx2()) return;
  const std::string_view separator = input.substr(0, 1);
  const size_t wanted = 1 + static_cast<unsigned char>(input[1]) % 20;
  const auto rows = RowsOf(input.substr(2));
  const Outcome fast = Split(*rows, separator, wanted, SplitMethod::kAvx2);
  const Outcome plain = Split(*rows, separator, wanted, SplitMethod::kPortable);
  FUZZ_CHECK(fast.parts.found == plain.parts.found, "");
  for (size_t i = 0; i < wanted; ++i) {
    FUZZ_CHECK(std::memcmp(fast.views[i].data(), plain.views[i].data(), fast.views[i].size() * sizeof(BinaryView)) == 0,
               std::to_string(i));
  }
  // The AVX2 one may have looked further than the last wanted part.
  for (const int64_t row : plain.parts.beyond_ascii) {
    const auto& seen = fast.parts.beyond_ascii;
    FUZZ_CHECK(std::find(seen.begin(), seen.end(), row) != seen.end(), std::to_string(row));
  }
}

}  // namespace sluice::fuzz
