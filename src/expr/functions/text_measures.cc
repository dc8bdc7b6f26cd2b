// SPDX-License-Identifier: Apache-2.0
// Strings measured and compared: edit distance, sound, check digits, places in lists, words.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "expr/branch.h"
#include "expr/characters.h"
#include "expr/gather.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

std::vector<Text> CharactersOf(Text text) {
  std::vector<Text> characters;
  while (!text.empty()) {
    characters.push_back(Characters(text, 0, 1));
    text.remove_prefix(characters.back().size());
  }
  return characters;
}

constexpr size_t kMostSteps = 1 << 27;  // for one value: a fifth of a second

// Two large texts would take hours: they are refused, and the query may end before.
Result<int64_t> Distance(const EvalContext& context, const std::vector<Text>& a, const std::vector<Text>& b) {
  if (a.size() * b.size() > kMostSteps) {
    return UserError(
        "INVALID_PARAMETER_VALUE.LENGTH",
        fmt::format("levenshtein needs too much work on texts of {} and {} characters.", a.size(), b.size()));
  }
  std::vector<int64_t> costs(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) costs[j] = static_cast<int64_t>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(context.CheckCancelled());
    int64_t diagonal = costs[0];
    costs[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = costs[j];
      costs[j] = std::min({replaced, costs[j] + 1, costs[j - 1] + 1});
    }
  }
  return costs.back();
}

// Number of characters to add, remove or replace; -1 above a threshold.
Result<ArrayPtr> Levenshtein(const KernelCall& call) {
  const bool bounded = call.args.size() > 2;
  ColumnWriter<int32_t> writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const ColumnReader<Text> first(*call.args[0]);
  const ColumnReader<Text> second(*call.args[1]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    SLUICE_ASSIGN(int64_t distance, Distance(call.context, CharactersOf(first[row]), CharactersOf(second[row])));
    if (bounded && distance > ColumnReader<int32_t>(*call.args[2])[row]) distance = -1;
    SLUICE_RETURN_IF_ERROR(writer.Set(row, static_cast<int32_t>(distance)));
  }
  return writer.Finish(arrow::int32());
}

// The letter and three digits by which American names that sound alike are filed; other texts stay as they are.
Result<ArrayPtr> Soundex(const KernelCall& call) {
  return MapRows<Text, Text>(call, [](RowOutput<Text>& out, Text text) {
    static constexpr char kCodes[] = "01230127022455012623017202";  // 7: H and W, which are passed over
    const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
    if (text.empty() || upper(text[0]) < 'A' || upper(text[0]) > 'Z') return out.Set(text);
    std::string code = {upper(text[0]), '0', '0', '0'};
    char last = kCodes[code[0] - 'A'];
    size_t size = 1;
    for (size_t i = 1; i < text.size() && size < 4; ++i) {
      const char c = upper(text[i]);
      if (c < 'A' || c > 'Z') {
        last = '0';
        continue;
      }
      const char digit = kCodes[c - 'A'];
      if (digit == '7') continue;
      if (digit != '0' && digit != last) code[size++] = digit;
      last = digit;
    }
    return out.Set(code);
  });
}

Result<ArrayPtr> LuhnCheck(const KernelCall& call) {
  return MapRows<bool, Text>(call, [](RowOutput<bool>& out, Text text) {
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (text.empty() || !digits) return out.Set(false);
    int sum = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const int digit = text[text.size() - 1 - i] - '0';
      const int twice = digit * 2;
      sum += i % 2 == 0 ? digit : twice > 9 ? twice - 9 : twice;
      sum %= 10;
    }
    return out.Set(sum == 0);
  });
}

// The place from 1 of a text in a list with commas; 0 when it is missing or has a comma.
Result<ArrayPtr> FindInSet(const KernelCall& call) {
  return MapRows<int32_t, Text, Text>(call, [](RowOutput<int32_t>& out, Text wanted, Text list) {
    if (wanted.find(',') != Text::npos) return out.Set(0);
    for (int32_t place = 1;; ++place) {
      const size_t comma = list.find(',');
      if (list.substr(0, comma) == wanted) return out.Set(place);
      if (comma == Text::npos) return out.Set(0);
      list.remove_prefix(comma + 1);
    }
  });
}

// elt(n, a, b, ..): the n-th of the others.
Result<ArrayPtr> Elt(const KernelCall& call) {
  const auto choices = static_cast<int64_t>(call.args.size()) - 1;
  const ColumnReader<int32_t> places(*call.args[0]);
  std::vector<int64_t> picked(static_cast<size_t>(call.rows), -1);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.args[0]->IsNull(row)) continue;
    const int32_t place = places[row];
    if (place >= 1 && place <= choices) {
      picked[static_cast<size_t>(row)] = (place - 1) * call.rows + row;
    } else if (call.node.ansi()) {
      return WithRow(UserError("INVALID_ARRAY_INDEX",
                               fmt::format("elt has {} values to choose from, and no value {}.", choices, place),
                               {{"indexValue", std::to_string(place)},
                                {"arraySize", std::to_string(choices)},
                                {"ansiConfig", "\"spark.sql.ansi.enabled\""}}),
                     row);
    }
  }
  SLUICE_ASSIGN(const auto all, arrow::Concatenate({call.args.begin() + 1, call.args.end()}, PoolOf(call.context)));
  return TakeRows(all, picked, PoolOf(call.context));
}

Result<ExprPtr> ResolveElt(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("elt", args.size(), 2, -1));
  SLUICE_ASSIGN(args[0], CoerceArgument("elt", 0, std::move(args[0]), Arg::kInt, options.ansi));
  const bool binary =
      std::all_of(args.begin() + 1, args.end(), [](const ExprPtr& arg) { return IsBinaryType(*arg->type()); });
  for (size_t i = 1; i < args.size(); ++i) {
    SLUICE_ASSIGN(args[i],
                  CoerceArgument("elt", i, std::move(args[i]), binary ? Arg::kBinary : Arg::kString, options.ansi));
  }
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "elt", .kernel = Elt, .ansi = options.ansi, .order = Order::kAll},
      binary ? BinaryType() : StringType(), true, std::move(args));
}

}  // namespace

void AddTextMeasures(FunctionTable* table) {
  table->push_back(Function(
      "levenshtein", "levenshtein(a, b[, most])",
      "Number of characters to add, remove or replace to make b of a; -1 when it is above most.",
      "levenshtein('kitten', 'sitting')", "1.5.0",
      {.args = {Arg::kString, Arg::kString, Arg::kInt}, .type = arrow::int32(), .kernel = Levenshtein, .required = 2}));
  table->push_back(Function("soundex", "soundex(str)", "The Soundex code: names that sound alike have the same.",
                            "soundex('Miller')", "1.5.0",
                            {.args = {Arg::kString}, .type = StringType(), .kernel = Soundex}));
  table->push_back(
      Function("luhn_check", "luhn_check(str)", "Whether the last digit is right by Luhn's algorithm.",
               "luhn_check('8112189876')", "3.5.0",
               {.args = {Arg::kString}, .type = arrow::boolean(), .kernel = LuhnCheck, .nulls = Nulls::kAlways}));
  table->push_back(Function("find_in_set", "find_in_set(str, list)",
                            "Place from 1 in a list with commas; 0 when it is missing.",
                            "find_in_set('ab', 'abc,b,ab,c,def')", "1.5.0",
                            {.args = {Arg::kString, Arg::kString}, .type = arrow::int32(), .kernel = FindInSet}));
  table->push_back(
      {"elt", "elt(n, a, b, ...)", "The n-th of the values behind n.", "elt(1, 'scala', 'java')", "2.0.0", ResolveElt});
}

}  // namespace sluice
