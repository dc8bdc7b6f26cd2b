// SPDX-License-Identifier: Apache-2.0
// split(text, regex[, limit]): pieces are views into the text's bytes.
#include <arrow/api.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "expr/characters.h"
#include "expr/map_rows.h"
#include "expr/regex.h"
#include "expr/repaired_text.h"
#include "expr/result_pool.h"
#include "expr/signature.h"
#include "expr/split_kernel.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// The pieces of all rows, one after another.
struct Pieces {
  explicit Pieces(const EvalContext& evaluation) : context(evaluation) {}

  void Add(const BinaryView& whole, std::string_view text, size_t begin, size_t end) {
    // What is too much for a value is counted, not kept.
    if (++of_row > most_of_row) return;
    views.push_back(SubView(whole, text.data(), static_cast<int32_t>(begin), static_cast<int32_t>(end - begin)));
  }
  Status EndRow() {
    const auto row = static_cast<size_t>(std::exchange(of_row, 0));
    SLUICE_RETURN_IF_ERROR(CheckListSize(context, static_cast<int64_t>(row)));
    // The views are copied into a buffer in the end, and before that into twice the room when there is none for the
    // next row.
    const bool grows = views.size() + row > views.capacity();
    const size_t held = grows ? 3 * views.capacity() : 2 * views.size();
    SLUICE_RETURN_IF_ERROR(CheckElements(PoolOf(context), static_cast<int64_t>(held)));
    offsets.push_back(static_cast<int32_t>(views.size()));
    return Status::OK();
  }

  const EvalContext& context;
  const int64_t most_of_row = context.max_value_bytes / static_cast<int64_t>(sizeof(BinaryView));
  int64_t of_row = 0;
  std::vector<BinaryView> views;
  std::vector<int32_t> offsets = {0};
};

void SplitPlain(std::string_view text, const BinaryView& view, std::string_view separator, int32_t limit,
                Pieces* pieces) {
  size_t begin = 0;
  for (int32_t count = 1; limit <= 0 || count < limit; ++count) {
    const size_t hit = FindText(text, separator, begin);
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
  SLUICE_ASSIGN(bool found, regex->Find(text));
  for (int32_t count = 1; found && (limit <= 0 || count < limit);) {
    const auto match = regex->group(0);
    if (match.begin < match.end || match.end > 0) {
      pieces->Add(view, text, begin, match.begin);
      begin = match.end;
      ++count;
    }
    SLUICE_ASSIGN(found, regex->FindNext());
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
  return arrow::MakeArray(data);
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
  Pieces pieces(call.context);
  RegexCache cache("split", call.context);
  std::string last_pattern;
  std::optional<std::string> separator;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
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
        const auto regex = cache.Get(last_pattern);
        const Status status =
            regex.ok() ? SplitRegex(texts[row], texts.view(row), *regex, limits[row], &pieces) : regex.status();
        if (!status.ok()) return WithRow(status, row);
      }
    }
    const Status fits = pieces.EndRow();
    if (!fits.ok()) return WithRow(fits, row);
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
