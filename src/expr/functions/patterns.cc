// SPDX-License-Identifier: Apache-2.0
// LIKE, RLIKE and the regexp functions.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "expr/case_mapping.h"
#include "expr/characters.h"
#include "expr/foldable.h"
#include "expr/like.h"
#include "expr/map_rows.h"
#include "expr/regex.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

// The escape character is the third argument, a constant.
Result<char> EscapeOf(const FunctionExpr& node) {
  const arrow::Scalar* escape = LiteralArgument(node, 2);
  const Text text = escape == nullptr ? Text() : static_cast<const arrow::BaseBinaryScalar&>(*escape).view();
  if (text.size() != 1) return UserError("INVALID_ESCAPE_CHAR", "ESCAPE needs a constant string of one character.");
  return text[0];
}

Result<ArrayPtr> LikeRows(const KernelCall& call, bool fold) {
  SLUICE_ASSIGN(const char escape, EscapeOf(call.node));
  std::string last;
  std::optional<LikePattern> like;
  std::string folded;
  return MapRows<bool, Text, Text>(call, [&](RowOutput<bool>& out, Text text, Text pattern) -> Status {
    if (!like || last != pattern) {
      std::string wanted(pattern);
      if (fold) {
        wanted.clear();
        AppendLower(pattern, &wanted);
      }
      SLUICE_ASSIGN(like, LikePattern::Compile(wanted, escape));
      last = pattern;
    }
    if (fold) {
      folded.clear();
      AppendLower(text, &folded);
      text = folded;
    }
    SLUICE_ASSIGN(const bool matches, like->Matches(text));
    return out.Set(matches);
  });
}

Result<ArrayPtr> Like(const KernelCall& call) {
  return LikeRows(call, false);
}
Result<ArrayPtr> ILike(const KernelCall& call) {
  return LikeRows(call, true);
}

std::string DisplayLike(const FunctionExpr& node) {
  const auto& args = node.children();
  const std::string escape = args[2]->ToString();
  return fmt::format("{} LIKE {}{}", args[0]->ToString(), args[1]->ToString(),
                     escape == "\\" ? "" : " ESCAPE '" + escape + "'");
}

std::string DisplayILike(const FunctionExpr& node) {
  const std::string escape = node.children()[2]->ToString();
  return fmt::format("ilike({}, {}{})", node.children()[0]->ToString(), node.children()[1]->ToString(),
                     escape == "\\" ? "" : ", " + escape);
}

// In capitals, whichever name was written.
std::string DisplayRLike(const FunctionExpr& node) {
  std::string name = node.name();
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format("{}({})", name, JoinArguments(node));
}

Result<ArrayPtr> RLike(const KernelCall& call) {
  RegexCache cache("rlike", call.context);
  return MapRows<bool, Text, Text>(call, [&](RowOutput<bool>& out, Text text, Text pattern) -> Status {
    SLUICE_ASSIGN(Regex * regex, cache.Get(pattern));
    SLUICE_ASSIGN(const bool found, regex->Find(text));
    return out.Set(found);
  });
}

// Java's replacement: $1 and ${name} are groups, a backslash takes the next sign literally.
Status AppendReplacement(Text replacement, const Regex& regex, Text text, ValueText* out) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c == '\\' && i + 1 < replacement.size()) {
      SLUICE_RETURN_IF_ERROR(out->Append(replacement.substr(++i, 1)));
      continue;
    }
    if (c != '$') {
      SLUICE_RETURN_IF_ERROR(out->Append(replacement.substr(i, 1)));
      continue;
    }
    int group = -1;
    if (i + 1 < replacement.size() && replacement[i + 1] == '{') {
      const size_t close = replacement.find('}', i);
      if (close != Text::npos) {
        group = regex.GroupNumber(std::string(replacement.substr(i + 2, close - i - 2)));
        i = close;
      }
    } else {
      // As many digits as name a group.
      for (int number = 0; i + 1 < replacement.size() && replacement[i + 1] >= '0' && replacement[i + 1] <= '9'; ++i) {
        number = number * 10 + (replacement[i + 1] - '0');
        if (group >= 0 && number > static_cast<int>(regex.group_count())) break;
        group = number;
      }
    }
    if (group < 0 || group > static_cast<int>(regex.group_count())) {
      return UserError("INVALID_REGEXP_REPLACE",
                       fmt::format("The replacement '{}' names a group that the pattern lacks.", replacement));
    }
    const auto span = regex.group(static_cast<size_t>(group));
    if (span.set) SLUICE_RETURN_IF_ERROR(out->Append(text.substr(span.begin, span.end - span.begin)));
  }
  return Status::OK();
}

Result<ArrayPtr> RegexpReplace(const KernelCall& call) {
  RegexCache cache("regexp_replace", call.context);
  ValueText result(call.context);
  return MapRows<Text, Text, Text, Text, int32_t>(
      call, [&](RowOutput<Text>& out, Text text, Text pattern, Text replacement, int32_t position) -> Status {
        SLUICE_ASSIGN(Regex * regex, cache.Get(pattern));
        result.Clear();
        size_t copied = 0;
        const size_t first = CharacterOffset(text, position - 1);
        bool found = false;
        if (position == 1 || first < text.size()) {
          SLUICE_ASSIGN(found, regex->Find(text, first));
        }
        while (found) {
          const auto match = regex->group(0);
          SLUICE_RETURN_IF_ERROR(result.Append(text.substr(copied, match.begin - copied)));
          SLUICE_RETURN_IF_ERROR(AppendReplacement(replacement, *regex, text, &result));
          copied = match.end;
          SLUICE_ASSIGN(found, regex->FindNext());
        }
        SLUICE_RETURN_IF_ERROR(result.Append(text.substr(copied)));
        return out.Set(result.text());
      });
}

// The position must be a constant that is NULL or 1 or more.
Result<TypePtr> CheckPosition(const std::vector<ExprPtr>& args) {
  if (!IsFoldable(*args[3])) {
    return UserError(
        "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The position of regexp_replace must be a constant.",
        {{"inputName", "`position`"}, {"inputType", "\"INT\""}, {"inputExpr", "\"" + args[3]->ToString() + "\""}});
  }
  SLUICE_ASSIGN(const auto position, EvalConstant(args[3], EvalContext()));
  if (position->is_valid && static_cast<const arrow::Int32Scalar&>(*position).value < 1) {
    return UserError(
        "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "The position of regexp_replace counts from 1.",
        {{"exprName", "position"}, {"valueRange", "(0, 2147483647]"}, {"currentValue", position->ToString()}});
  }
  return StringType();
}

Status NoSuchGroup(const char* function, const Regex& regex, int32_t group) {
  return UserError(
      "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
      fmt::format("The pattern of {} has {} groups, so there is no group {}.", function, regex.group_count(), group),
      {{"parameter", "`idx`"},
       {"functionName", fmt::format("`{}`", function)},
       {"groupCount", std::to_string(regex.group_count())},
       {"groupIndex", std::to_string(group)}});
}

Result<ArrayPtr> RegexpExtract(const KernelCall& call) {
  RegexCache cache("regexp_extract", call.context);
  return MapRows<Text, Text, Text, int32_t>(
      call, [&](RowOutput<Text>& out, Text text, Text pattern, int32_t group) -> Status {
        SLUICE_ASSIGN(Regex * regex, cache.Get(pattern));
        SLUICE_ASSIGN(const bool found, regex->Find(text));
        if (!found) return out.Set("");
        if (group < 0 || group > static_cast<int32_t>(regex->group_count()))
          return NoSuchGroup("regexp_extract", *regex, group);
        const auto span = regex->group(static_cast<size_t>(group));
        return out.Set(span.set ? text.substr(span.begin, span.end - span.begin) : Text());
      });
}

Result<ArrayPtr> RegexpSubstr(const KernelCall& call) {
  RegexCache cache("regexp_substr", call.context);
  return MapRows<Text, Text, Text>(call, [&](RowOutput<Text>& out, Text text, Text pattern) -> Status {
    SLUICE_ASSIGN(Regex * regex, cache.Get(pattern));
    SLUICE_ASSIGN(const bool found, regex->Find(text));
    const auto span = regex->group(0);
    if (!found || span.begin == span.end) return out.SetNull();
    return out.Set(text.substr(span.begin, span.end - span.begin));
  });
}

Result<ArrayPtr> RegexpCount(const KernelCall& call) {
  RegexCache cache("regexp_count", call.context);
  return MapRows<int32_t, Text, Text>(call, [&](RowOutput<int32_t>& out, Text text, Text pattern) -> Status {
    SLUICE_ASSIGN(Regex * regex, cache.Get(pattern));
    SLUICE_ASSIGN(bool found, regex->Find(text));
    int32_t count = 0;
    for (; found; ++count) {
      SLUICE_ASSIGN(found, regex->FindNext());
    }
    return out.Set(count);
  });
}

}  // namespace

void AddPatterns(FunctionTable* table) {
  const std::vector<Arg> texts = {Arg::kString, Arg::kString};
  const std::vector<Arg> three = {Arg::kString, Arg::kString, Arg::kString};
  table->push_back(Function("like", "str LIKE pattern [ESCAPE c]",
                            "Whether it matches; % is any text and _ one character.", "'Spark' LIKE 'S%'", "1.0.0",
                            {.args = three,
                             .type = arrow::boolean(),
                             .kernel = Like,
                             .required = 2,
                             .defaults = {StringLiteral("\\")},
                             .display = DisplayLike,
                             .java_text = true}));
  table->push_back(Function("ilike", "str ILIKE pattern [ESCAPE c]", "LIKE without regard to case.",
                            "'Spark' ILIKE 's%'", "3.3.0",
                            {.args = three,
                             .type = arrow::boolean(),
                             .kernel = ILike,
                             .required = 2,
                             .defaults = {StringLiteral("\\")},
                             .display = DisplayILike}));
  table->push_back(Function(
      "rlike", "str RLIKE regex", "Whether a Java regular expression finds something.", "'Spark' RLIKE 'p.r'", "1.0.0",
      {.args = texts, .type = arrow::boolean(), .kernel = RLike, .display = DisplayRLike, .java_text = true}));
  table->push_back(
      Function("regexp_like", "regexp_like(str, regex)", "Whether a Java regular expression finds something.",
               "regexp_like('Spark', 'p.r')", "3.2.0",
               {.args = texts, .type = arrow::boolean(), .kernel = RLike, .display = DisplayRLike, .java_text = true}));
  table->push_back(Function(
      "regexp", "regexp(str, regex)", "Whether a Java regular expression finds something.", "regexp('Spark', 'p.r')",
      "3.2.0", {.args = texts, .type = arrow::boolean(), .kernel = RLike, .display = DisplayRLike, .java_text = true}));
  table->push_back(Function("regexp_replace", "regexp_replace(str, regex, replacement[, position])",
                            "Each match replaced; $1 is the first group.",
                            "regexp_replace('100-200', '(\\\\d+)', 'num')", "1.5.0",
                            {.args = {Arg::kString, Arg::kString, Arg::kString, Arg::kInt},
                             .type_of = CheckPosition,
                             .kernel = RegexpReplace,
                             .required = 3,
                             .defaults = {IntLiteral(1)},
                             .java_text = true}));
  table->push_back(Function("regexp_extract", "regexp_extract(str, regex[, group])",
                            "A group of the first match; empty when there is none.",
                            "regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 1)", "1.5.0",
                            {.args = {Arg::kString, Arg::kString, Arg::kInt},
                             .type = StringType(),
                             .kernel = RegexpExtract,
                             .required = 2,
                             .defaults = {IntLiteral(1)},
                             .java_text = true}));
  table->push_back(Function(
      "regexp_substr", "regexp_substr(str, regex)", "The first match; NULL when there is none.",
      "regexp_substr('Steven Jones', 'Ste(v|ph)en')", "3.4.0",
      {.args = texts, .type = StringType(), .kernel = RegexpSubstr, .nulls = Nulls::kAlways, .java_text = true}));
  table->push_back(Function("regexp_count", "regexp_count(str, regex)", "Number of matches.",
                            "regexp_count('abcabc', 'b')", "3.4.0",
                            {.args = texts, .type = arrow::int32(), .kernel = RegexpCount, .java_text = true}));
}

}  // namespace sluice
