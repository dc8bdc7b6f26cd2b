// SPDX-License-Identifier: Apache-2.0
// regexp_extract_all and regexp_instr.
#include <arrow/api.h>
#include <fmt/format.h>

#include "expr/characters.h"
#include "expr/functions/lists.h"
#include "expr/regex.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

Status CheckGroup(const char* function, const Regex& regex, int32_t group) {
  if (group >= 0 && group <= static_cast<int32_t>(regex.group_count())) return Status::OK();
  return UserError(
      "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
      fmt::format("The pattern of {} has {} groups, so there is no group {}.", function, regex.group_count(), group),
      {{"parameter", "`idx`"},
       {"functionName", fmt::format("`{}`", function)},
       {"groupCount", std::to_string(regex.group_count())},
       {"groupIndex", std::to_string(group)}});
}

Result<ArrayPtr> RegexpExtractAll(const KernelCall& call) {
  RegexCache cache("regexp_extract_all", call.context);
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  offsets[0] = 0;
  arrow::StringViewBuilder pieces(PoolOf(call.context));
  const ColumnReader<Text> texts(*call.args[0]);
  const ColumnReader<Text> patterns(*call.args[1]);
  const ColumnReader<int32_t> groups(*call.args[2]);
  for (int64_t row = 0; row < call.rows; ++row) {
    const auto add = [&]() -> Status {
      SLUICE_ASSIGN(Regex * regex, cache.Get(patterns[row]));
      SLUICE_ASSIGN(bool found, regex->Find(texts[row]));
      for (int64_t count = 1; found; ++count) {
        SLUICE_RETURN_IF_ERROR(CheckGroup("regexp_extract_all", *regex, groups[row]));
        SLUICE_RETURN_IF_ERROR(CheckListSize(call.context, count));
        const auto span = regex->group(static_cast<size_t>(groups[row]));
        SLUICE_RETURN_IF_ERROR(
            pieces.Append(span.set ? texts[row].substr(span.begin, span.end - span.begin) : Text("")));
        SLUICE_ASSIGN(found, regex->FindNext());
      }
      return Status::OK();
    };
    if (!validity.IsNull(row)) {
      const Status status = add();
      if (!status.ok()) return WithRow(status, row);
    }
    offsets[row + 1] = static_cast<int32_t>(pieces.length());
  }
  SLUICE_ASSIGN(const auto values, pieces.Finish());
  return ListOf(call, validity.buffer(), std::move(buffer), *values);
}

// The place from 1 as Java counts it: signs outside of the basic plane are two.
Result<ArrayPtr> RegexpInstr(const KernelCall& call) {
  RegexCache cache("regexp_instr", call.context);
  return MapRows<int32_t, Text, Text, int32_t>(
      call, [&](RowOutput<int32_t>& out, Text text, Text pattern, int32_t) -> Status {
        SLUICE_ASSIGN(Regex * regex, cache.Get(pattern));
        SLUICE_ASSIGN(const bool found, regex->Find(text));
        if (!found) return out.Set(0);
        int32_t place = 1;
        for (Text before = text.substr(0, regex->group(0).begin); !before.empty();) {
          const size_t size = std::min(CharacterSize(static_cast<unsigned char>(before[0])), before.size());
          place += size == 4 ? 2 : 1;
          before.remove_prefix(size);
        }
        return out.Set(place);
      });
}

}  // namespace

void AddMorePatterns(FunctionTable* table) {
  table->push_back(Function("regexp_extract_all", "regexp_extract_all(str, regex[, group])", "A group of each match.",
                            "regexp_extract_all('100-200, 300-400', '(\\\\d+)-(\\\\d+)', 1)", "3.1.0",
                            {.args = {Arg::kString, Arg::kString, Arg::kInt},
                             .type = ArrayType(StringType(), true),
                             .kernel = RegexpExtractAll,
                             .required = 2,
                             .defaults = {IntLiteral(1)},
                             .java_text = true}));
  table->push_back(Function("regexp_instr", "regexp_instr(str, regex)",
                            "Place from 1 of the first match; 0 when there is none.", "regexp_instr('abcde', 'c.')",
                            "3.4.0",
                            {.args = {Arg::kString, Arg::kString, Arg::kInt},
                             .type = arrow::int32(),
                             .kernel = RegexpInstr,
                             .required = 2,
                             .defaults = {IntLiteral(0)},
                             .java_text = true}));
}

}  // namespace sluice
