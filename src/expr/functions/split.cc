// SPDX-License-Identifier: Apache-2.0
// split(text, regex[, limit]): pieces are views into the text's bytes.
#include <arrow/api.h>

#include <algorithm>
#include <optional>

#include "expr/characters.h"
#include "expr/map_rows.h"
#include "expr/regex.h"
#include "expr/repaired_text.h"
#include "expr/signature.h"
#include "expr/split_kernel.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// The pieces of all rows, one after another.
struct Pieces {
  std::vector<BinaryView> views;
  std::vector<int32_t> offsets = {0};

  void Add(const BinaryView& whole, std::string_view text, size_t begin, size_t end) {
    views.push_back(SubView(whole, text.data(), static_cast<int32_t>(begin), static_cast<int32_t>(end - begin)));
  }
};

void SplitPlain(std::string_view text, const BinaryView& view, std::string_view separator, int32_t limit,
                Pieces* pieces) {
  size_t begin = 0;
  for (int32_t count = 1; limit <= 0 || count < limit; ++count) {
    const size_t hit = text.find(separator, begin);
    if (hit == std::string_view::npos) break;
    pieces->Add(view, text, begin, hit);
    begin = hit + separator.size();
  }
  pieces->Add(view, text, begin, text.size());
}

// An empty pattern: character by character; with a limit the last piece is all that is left.
void SplitCharacters(std::string_view text, const BinaryView& view, int32_t limit, Pieces* pieces) {
  size_t begin = 0;
  for (int32_t count = 1; begin < text.size(); ++count) {
    const size_t next = begin + CharacterSize(static_cast<unsigned char>(text[begin]));
    const size_t end = count == limit ? text.size() : std::min(text.size(), next);
    pieces->Add(view, text, begin, end);
    begin = end;
  }
  if (text.empty()) pieces->Add(view, text, 0, 0);
}

// As String.split: an empty match at the very beginning gives no empty piece.
Status SplitRegex(std::string_view text, const BinaryView& view, Regex* regex, int32_t limit, Pieces* pieces) {
  size_t begin = 0;
  size_t search = 0;
  int32_t count = 1;
  while (search <= text.size() && (limit <= 0 || count < limit)) {
    SLUICE_ASSIGN(const bool found, regex->Find(text, search));
    if (!found) break;
    const auto match = regex->group(0);
    const bool empty = match.begin == match.end;
    if (!(empty && (match.end == 0 || text.empty()))) {
      pieces->Add(view, text, begin, match.begin);
      begin = match.end;
      ++count;
    }
    search =
        empty ? match.end + (match.end < text.size() ? CharacterSize(static_cast<unsigned char>(text[match.end])) : 1)
              : match.end;
  }
  pieces->Add(view, text, begin, text.size());
  return Status::OK();
}

// `text`: the column whose buffers the pieces point into.
Result<ArrayPtr> ListOf(const KernelCall& call, const arrow::Array& text, const Pieces& pieces,
                        std::shared_ptr<arrow::Buffer> validity) {
  arrow::MemoryPool* pool = PoolOf(call.context);
  const auto view_bytes = static_cast<int64_t>(pieces.views.size() * sizeof(BinaryView));
  const auto offset_bytes = static_cast<int64_t>(pieces.offsets.size() * sizeof(int32_t));
  SLUICE_ASSIGN(auto views, arrow::AllocateBuffer(view_bytes, pool));
  SLUICE_ASSIGN(auto offsets, arrow::AllocateBuffer(offset_bytes, pool));
  if (view_bytes > 0) std::memcpy(views->mutable_data(), pieces.views.data(), static_cast<size_t>(view_bytes));
  std::memcpy(offsets->mutable_data(), pieces.offsets.data(), static_cast<size_t>(offset_bytes));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {nullptr, std::move(views)};
  const auto& own = text.data()->buffers;
  buffers.insert(buffers.end(), own.begin() + 2, own.end());
  auto values = arrow::ArrayData::Make(StringType(), static_cast<int64_t>(pieces.views.size()), std::move(buffers), 0);
  auto data = arrow::ArrayData::Make(call.node.type(), call.rows, {std::move(validity), std::move(offsets)});
  data->child_data = {std::move(values)};
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> Split(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  // Java's regular expressions see Java Strings; only the empty pattern, which uses none, sees the bytes.
  SLUICE_ASSIGN(const ArrayPtr repaired, RepairedText(call.args[0], PoolOf(call.context)));
  SLUICE_ASSIGN(const ArrayPtr repaired_patterns, RepairedText(call.args[1], PoolOf(call.context)));
  const ColumnReader<std::string_view> bytes(*call.args[0]);
  const ColumnReader<std::string_view> texts(*repaired);
  const ColumnReader<std::string_view> patterns(*repaired_patterns);
  const ColumnReader<int32_t> limits(*call.args[2]);
  Pieces pieces;
  RegexCache cache("split");
  std::string last_pattern;
  std::optional<std::string> separator;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (!validity.IsNull(row)) {
      if (row == 0 || patterns[row] != last_pattern || !separator) {
        last_pattern = patterns[row];
        separator = PlainSeparator(last_pattern);
      }
      if (separator) {
        SplitPlain(texts[row], texts.view(row), *separator, limits[row], &pieces);
      } else if (last_pattern.empty()) {
        SplitCharacters(bytes[row], bytes.view(row), limits[row], &pieces);
      } else {
        SLUICE_ASSIGN(Regex * regex, cache.Get(last_pattern));
        const Status status = SplitRegex(texts[row], texts.view(row), regex, limits[row], &pieces);
        if (!status.ok()) return WithRow(status, row);
      }
    }
    pieces.offsets.push_back(static_cast<int32_t>(pieces.views.size()));
  }
  return ListOf(call, *repaired, pieces, validity.buffer());
}

}  // namespace

void AddSplit(FunctionTable* table) {
  table->push_back(Function("split", "split(str, regex[, limit])",
                            "The pieces between matches of a Java regular expression; trailing empty ones are kept.",
                            "split('oneAtwoBthree', '[ABC]')", "1.5.0",
                            {.args = {Arg::kString, Arg::kString, Arg::kInt},
                             .type = ArrayType(StringType(), false),
                             .kernel = Split,
                             .required = 2,
                             .defaults = {IntLiteral(-1)}}));
}

}  // namespace sluice
