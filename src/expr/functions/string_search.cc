// SPDX-License-Identifier: Apache-2.0
// Strings: finding, replacing, splitting by plain text.
#include <arrow/api.h>

#include <algorithm>
#include <map>

#include "expr/characters.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

// Position from 1 of `wanted` at or after character `start` (from 1); 0 when there is none.
int32_t Locate(Text text, Text wanted, int32_t start) {
  if (start < 1) return 0;
  if (wanted.empty()) return 1;
  const size_t from = CharacterOffset(text, start - 1);
  const size_t hit = FindText(text, wanted, from);
  return hit == Text::npos ? 0 : static_cast<int32_t>(CountCharacters(text.substr(0, hit)) + 1);
}

Result<ArrayPtr> Instr(const KernelCall& call) {
  return MapRows<int32_t, Text, Text>(
      call, [](RowOutput<int32_t>& out, Text text, Text wanted) { return out.Set(Locate(text, wanted, 1)); });
}

Result<ArrayPtr> LocateKernel(const KernelCall& call) {
  // A NULL start gives 0, unlike the other arguments.
  ColumnWriter<int32_t> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  const ColumnReader<Text> wanted(*call.args[0]);
  const ColumnReader<Text> texts(*call.args[1]);
  const ColumnReader<int32_t> starts(*call.args[2]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.args[2]->IsNull(row)) continue;
    if (call.args[0]->IsNull(row) || call.args[1]->IsNull(row)) {
      SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
    } else {
      SLUICE_RETURN_IF_ERROR(writer.Set(row, Locate(texts[row], wanted[row], starts[row])));
    }
  }
  return writer.Finish(arrow::int32());
}

template <typename Test>
Result<ArrayPtr> TestTexts(const KernelCall& call, Test test) {
  return MapRows<bool, Text, Text>(
      call, [test](RowOutput<bool>& out, Text text, Text part) { return out.Set(test(text, part)); });
}

Result<ArrayPtr> Contains(const KernelCall& call) {
  return TestTexts(call, [](Text text, Text part) { return FindText(text, part, 0) != Text::npos; });
}
Result<ArrayPtr> StartsWith(const KernelCall& call) {
  return TestTexts(call, [](Text text, Text part) { return text.starts_with(part); });
}
Result<ArrayPtr> EndsWith(const KernelCall& call) {
  return TestTexts(call, [](Text text, Text part) { return text.ends_with(part); });
}

Result<ArrayPtr> Replace(const KernelCall& call) {
  ValueText result(call.context);
  return MapRows<Text, Text, Text, Text>(
      call, [&result](RowOutput<Text>& out, Text text, Text search, Text replacement) {
        if (search.empty()) return out.Set(text);
        result.Clear();
        size_t begin = 0;
        for (size_t hit; (hit = FindText(text, search, begin)) != Text::npos; begin = hit + search.size()) {
          SLUICE_RETURN_IF_ERROR(result.Append(text.substr(begin, hit - begin)));
          SLUICE_RETURN_IF_ERROR(result.Append(replacement));
        }
        SLUICE_RETURN_IF_ERROR(result.Append(text.substr(begin)));
        return out.Set(result.text());
      });
}

Result<ArrayPtr> Translate(const KernelCall& call) {
  std::string result;
  return MapRows<Text, Text, Text, Text>(call, [&result](RowOutput<Text>& out, Text text, Text from, Text to) {
    std::map<Text, Text> table;  // the first of equal characters counts
    while (!from.empty()) {
      const Text key = Characters(from, 0, 1);
      const Text value = Characters(to, 0, 1);
      table.emplace(key, value);
      from.remove_prefix(key.size());
      to.remove_prefix(value.size());
    }
    result.clear();
    while (!text.empty()) {
      const Text character = Characters(text, 0, 1);
      const auto found = table.find(character);
      result += found == table.end() ? character : found->second;
      text.remove_prefix(character.size());
    }
    return out.Set(result);
  });
}

int64_t CountPieces(Text text, Text delimiter) {
  int64_t count = 1;
  for (size_t hit, begin = 0; (hit = FindText(text, delimiter, begin)) != Text::npos; begin = hit + delimiter.size())
    ++count;
  return count;
}

// Piece `index` from 0; empty when there is none.
Text PieceAt(Text text, Text delimiter, int64_t index) {
  size_t begin = 0;
  for (;; --index) {
    const size_t hit = FindText(text, delimiter, begin);
    if (index == 0) return text.substr(begin, hit - begin);
    if (hit == Text::npos) return {};
    begin = hit + delimiter.size();
  }
}

Result<ArrayPtr> SplitPart(const KernelCall& call) {
  return MapRows<Text, Text, Text, int32_t>(call, [](RowOutput<Text>& out, Text text, Text delimiter, int32_t number) {
    if (number == 0)
      return UserError("INVALID_INDEX_OF_ZERO",
                       "split_part counts from 1, or from the end with -1; there is no part 0.");
    if (delimiter.empty()) return out.Set(number == 1 || number == -1 ? text : Text());
    const int64_t index = number > 0 ? int64_t{number} - 1 : CountPieces(text, delimiter) + number;
    return out.Set(index < 0 ? Text() : PieceAt(text, delimiter, index));
  });
}

Result<ArrayPtr> SubstringIndex(const KernelCall& call) {
  return CutRows<Text, int32_t>(call, [](Text text, Text delimiter, int32_t count) {
    if (delimiter.empty() || count == 0) return text.substr(0, 0);
    if (count > 0) {
      size_t end = 0;
      for (size_t from = 0; count > 0; --count, from = end + 1) {
        end = text.find(delimiter, from);
        if (end == Text::npos) return text;
      }
      return text.substr(0, end);
    }
    size_t begin = text.size();
    for (; count < 0; ++count) {
      if (begin == 0) return text;
      begin = text.rfind(delimiter, begin - 1);
      if (begin == Text::npos) return text;
    }
    return text.substr(begin + delimiter.size());
  });
}

Result<ArrayPtr> Ascii(const KernelCall& call) {
  return MapRows<int32_t, Text>(
      call, [](RowOutput<int32_t>& out, Text text) { return out.Set(static_cast<int32_t>(FirstCodePoint(text))); });
}

Result<ArrayPtr> Char(const KernelCall& call) {
  std::string text;
  return MapRows<Text, int64_t>(call, [&text](RowOutput<Text>& out, int64_t code) {
    text.clear();
    if (code >= 0) AppendCodePoint(static_cast<uint32_t>(code & 0xFF), &text);
    return out.Set(text);
  });
}

}  // namespace

void AddStringSearch(FunctionTable* table) {
  const auto two_texts = [table](const char* name, const char* signature, const char* doc, const char* example,
                                 const char* since, TypePtr type, Kernel kernel) {
    table->push_back(Function(name, signature, doc, example, since,
                              {.args = {Arg::kString, Arg::kString}, .type = std::move(type), .kernel = kernel}));
  };
  two_texts("instr", "instr(str, part)", "Position of the part from 1; 0 when it is missing.",
            "instr('SparkSQL', 'SQL')", "1.5.0", arrow::int32(), Instr);
  for (const char* name : {"locate", "position"}) {
    table->push_back(Function(name, "locate(part, str[, start])",
                              "Position of the part from 1, at or after start; 0 when it is missing.",
                              "locate('bar', 'foobarbar', 5)", "1.5.0",
                              {.args = {Arg::kString, Arg::kString, Arg::kInt},
                               .type = arrow::int32(),
                               .kernel = LocateKernel,
                               .required = 2,
                               .defaults = {IntLiteral(1)},
                               .order = Order::kAll}));
  }
  two_texts("contains", "contains(str, part)", "Whether the part occurs.", "contains('Spark SQL', 'SQL')", "3.3.0",
            arrow::boolean(), Contains);
  two_texts("startswith", "startswith(str, part)", "Whether it begins with the part.",
            "startswith('Spark SQL', 'Spark')", "3.3.0", arrow::boolean(), StartsWith);
  two_texts("endswith", "endswith(str, part)", "Whether it ends with the part.", "endswith('Spark SQL', 'SQL')",
            "3.3.0", arrow::boolean(), EndsWith);
  table->push_back(Function("replace", "replace(str, search[, replacement])", "Each occurrence replaced.",
                            "replace('ABCabc', 'abc', 'DEF')", "2.3.0",
                            {.args = {Arg::kString, Arg::kString, Arg::kString},
                             .type = StringType(),
                             .kernel = Replace,
                             .required = 2,
                             .defaults = {StringLiteral("")}}));
  table->push_back(Function("translate", "translate(str, from, to)",
                            "Characters of `from` replaced by those of `to` at their places, or removed.",
                            "translate('AaBbCc', 'abc', '123')", "1.5.0",
                            {.args = {Arg::kString, Arg::kString, Arg::kString},
                             .type = StringType(),
                             .kernel = Translate,
                             .java_text = true}));
  table->push_back(Function(
      "split_part", "split_part(str, delimiter, n)", "Part n from 1, or from the end; empty when there is none.",
      "split_part('11.12.13', '.', 3)", "3.3.0",
      {.args = {Arg::kString, Arg::kString, Arg::kInt}, .type = StringType(), .kernel = SplitPart, .java_text = true}));
  table->push_back(Function(
      "substring_index", "substring_index(str, delimiter, n)",
      "What stands before the n-th delimiter, or behind it from the end.", "substring_index('www.apache.org', '.', 2)",
      "1.5.0", {.args = {Arg::kString, Arg::kString, Arg::kInt}, .type = StringType(), .kernel = SubstringIndex}));
  table->push_back(Function("ascii", "ascii(str)", "Code of the first character.", "ascii('222')", "1.5.0",
                            {.args = {Arg::kString}, .type = arrow::int32(), .kernel = Ascii}));
  for (const char* name : {"char", "chr"}) {
    table->push_back(Function(name, "char(n)", "The character with the code n, modulo 256.", "char(65)", "2.3.0",
                              {.args = {Arg::kLong}, .type = StringType(), .kernel = Char}));
  }
}

}  // namespace sluice
