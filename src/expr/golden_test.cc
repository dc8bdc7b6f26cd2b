// SPDX-License-Identifier: Apache-2.0
// Every case of tests/golden/expr against what real Spark answered (tools/record_golden.py).
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "expr/aggregate.h"
#include "expr/cast.h"
#include "expr/function_registry.h"
#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

std::string Unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char code = text[++i];
    switch (code) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case '0':
        out += '\0';
        break;
      case 'x':
        out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
        break;
      default:
        out += code;
    }
  }
  return out;
}

std::string Unquoted(const std::string& text) {
  return Unescape(text.size() > 1 && text.front() == '\'' && text.back() == '\'' ? text.substr(1, text.size() - 2)
                                                                                 : text);
}

Result<ExprPtr> Argument(const std::string& type, const std::string& text, const ResolveOptions& options);

ExprPtr Text(const std::string& text) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(text));
}

// array(..), map(..) and named_struct(..) of the JSON of a case.
Result<ExprPtr> Nested(const Json& value, const std::shared_ptr<arrow::DataType>& type, const ResolveOptions& options) {
  if (value.is_null()) return std::make_shared<LiteralExpr>(arrow::MakeNullScalar(type));
  if (type->id() == arrow::Type::DECIMAL128) {
    return MakeCast(Text(value.is_string() ? value.get<std::string>() : value.dump()), type, CastMode::kAnsi);
  }
  std::vector<ExprPtr> args;
  std::string function;
  if (type->id() == arrow::Type::LIST) {
    function = "array";
    for (const auto& item : value) {
      SLUICE_ASSIGN(auto arg, Nested(item, type->field(0)->type(), options));
      args.push_back(std::move(arg));
    }
    if (args.empty()) return MakeCast(*ResolveFunction("array", {}, options), type, CastMode::kAnsi);
  } else if (type->id() == arrow::Type::MAP) {
    function = "map";
    for (const auto& [key, item] : value.items()) {
      args.push_back(Text(key));
      SLUICE_ASSIGN(auto arg, Nested(item, static_cast<const arrow::MapType&>(*type).item_type(), options));
      args.push_back(std::move(arg));
    }
  } else if (type->id() == arrow::Type::STRUCT) {
    function = "named_struct";
    for (const auto& field : type->fields()) {
      args.push_back(Text(field->name()));
      SLUICE_ASSIGN(auto arg, Nested(value.at(field->name()), field->type(), options));
      args.push_back(std::move(arg));
    }
  } else {
    return Argument(SparkSimpleString(*type), value.is_string() ? value.get<std::string>() : value.dump(), options);
  }
  return ResolveFunction(function, std::move(args), options);
}

// The type that SQL gives a decimal literal: as few digits as it needs.
std::shared_ptr<arrow::DataType> LiteralDecimal(const std::string& text) {
  const size_t point = text.find('.');
  const auto scale = static_cast<int>(point == std::string::npos ? 0 : text.size() - point - 1);
  int digits = 0;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) && (digits > 0 || c != '0')) ++digits;
  }
  return arrow::decimal128(std::max({digits, scale, 1}), scale);
}

Result<ExprPtr> Argument(const std::string& type_text, const std::string& text, const ResolveOptions& options) {
  if (type_text == "interval") {  // '1' MONTH
    const size_t field = text.rfind(' ');
    return Argument("interval" + text.substr(field), Unquoted(text.substr(0, field)), options);
  }
  SLUICE_ASSIGN(auto type, ParseSparkType(type_text));
  if (type->id() == arrow::Type::DECIMAL128 && text != "NULL") type = LiteralDecimal(text);
  if (text == "NULL") return std::make_shared<LiteralExpr>(arrow::MakeNullScalar(type));
  if (type->num_fields() > 0) return Nested(Json::parse(text), type, options);
  if (type->Equals(StringType())) return Text(Unquoted(text));
  if (type->Equals(BinaryType())) {
    return std::make_shared<LiteralExpr>(
        std::make_shared<arrow::BinaryViewScalar>(arrow::Buffer::FromString(Unquoted(text)), BinaryType()));
  }
  EvalContext context;
  context.time_zone = options.time_zone;
  SLUICE_ASSIGN(auto cast, MakeCast(Text(text), type, CastMode::kAnsi));
  SLUICE_ASSIGN(auto scalar, EvalConstant(cast, context));
  return std::make_shared<LiteralExpr>(std::move(scalar));
}

Result<ExprPtr> Call(const std::string& function, std::vector<ExprPtr> args, const ResolveOptions& options) {
  const bool to_null = function.starts_with("try_cast:");
  if (!to_null && !function.starts_with("cast:")) return ResolveFunction(function, std::move(args), options);
  SLUICE_ASSIGN(auto type, ParseSparkType(function.substr(function.find(':') + 1)));
  return MakeCast(args[0], type, to_null ? CastMode::kTry : options.ansi ? CastMode::kAnsi : CastMode::kLegacy);
}

// What Spark's CAST(.. AS STRING) would print, or nothing for NULL.
Result<std::optional<std::string>> Print(const arrow::Array& array, int64_t row, const ResolveOptions& options) {
  if (array.IsNull(row)) return std::nullopt;
  SLUICE_ASSIGN(auto zone, TimeZone::Find(options.time_zone));
  std::string text;
  SLUICE_RETURN_IF_ERROR(ValueFormatter(std::move(zone), false, options.ansi).Append(array, row, &text));
  return text;
}

// Mentions a NULL or nested argument: Spark shows how it was written there.
bool ComparesName(const Json& test) {
  // SQL's parser folds the sign into a number; a literal does not know the session's zone.
  if ((test["fn"] == "-" && test["args"].size() == 1) || test.contains("zone")) return false;
  for (const auto& arg : test["args"]) {
    const auto text = arg[1].get<std::string>();
    const auto type = arg[0].get<std::string>();
    if (text == "NULL" || type.find('<') != std::string::npos ||
        ((type == "double" || type == "float") && !std::isdigit(static_cast<unsigned char>(text.back()))) ||
        text.find("\\x") != std::string::npos || type == "timestamp_ntz") {
      return false;
    }
  }
  return true;
}

// Java's fdlibm and glibc differ in the last place of some functions.
bool SameDouble(const arrow::DataType& type, const std::optional<std::string>& a, const std::optional<std::string>& b) {
  if (type.id() != arrow::Type::DOUBLE || !a || !b) return false;
  const double x = std::strtod(a->c_str(), nullptr);
  const double y = std::strtod(b->c_str(), nullptr);
  return std::abs(x - y) <= 4e-16 * std::abs(y);
}

// An aggregate over the elements of the one argument, in two halves that are merged.
Result<std::shared_ptr<arrow::Array>> RunAggregate(const std::string& name, const ExprPtr& list,
                                                   const ResolveOptions& options) {
  SLUICE_ASSIGN(auto scalar, EvalConstant(list, EvalContext{}));
  const auto values = static_cast<const arrow::ListScalar&>(*scalar).value;
  const ExprPtr column = std::make_shared<ColumnExpr>(0, "v", values->type(), true);
  SLUICE_ASSIGN(auto call, ResolveAggregate(name, {column}, false, options.ansi));
  const int64_t half = values->length() / 2;
  const std::vector<uint32_t> groups(static_cast<size_t>(values->length()), 0);
  std::vector<std::unique_ptr<Accumulator>> parts;
  for (const auto& part : {values->Slice(0, half), values->Slice(half)}) {
    const auto batch =
        arrow::RecordBatch::Make(arrow::schema({arrow::field("v", part->type())}), part->length(), {part});
    const EvalContext context;
    Evaluation evaluation(*batch, context);
    SLUICE_ASSIGN(auto arg, evaluation.Eval(call.args[0]));
    SLUICE_ASSIGN(auto accumulator, MakeAccumulator(call));
    accumulator->Resize(1);
    SLUICE_RETURN_IF_ERROR(accumulator->Update({arg}, groups.data(), part->length()));
    parts.push_back(std::move(accumulator));
  }
  const uint32_t mapping[] = {0};
  SLUICE_RETURN_IF_ERROR(parts[0]->Merge(*parts[1], mapping));
  return parts[0]->Finish();
}

struct Outcome {
  std::shared_ptr<arrow::Array> values;
  ExprPtr expr;
};

Result<Outcome> Run(const Json& test, const ResolveOptions& options) {
  std::vector<ExprPtr> args;
  for (const auto& arg : test["args"]) {
    SLUICE_ASSIGN(auto expr, Argument(arg[0].get<std::string>(), arg[1].get<std::string>(), options));
    args.push_back(std::move(expr));
  }
  if (const auto function = test["fn"].get<std::string>(); function.starts_with("agg:")) {
    SLUICE_ASSIGN(auto values, RunAggregate(function.substr(4), args[0], options));
    const auto type = values->type();
    return Outcome{std::move(values), std::make_shared<ColumnExpr>(0, "v", type, true)};
  }
  SLUICE_ASSIGN(auto expr, Call(test["fn"].get<std::string>(), std::move(args), options));
  EvalContext context;
  context.ansi = options.ansi;
  context.time_zone = options.time_zone;
  const auto batch = arrow::RecordBatch::Make(arrow::schema({}), 3, arrow::ArrayVector{});
  Evaluation evaluation(*batch, context);
  SLUICE_ASSIGN(auto values, evaluation.Eval(expr));
  return Outcome{std::move(values), std::move(expr)};
}

// Empty when all is as recorded.
std::string Difference(const Json& test, const Json& expected, const ResolveOptions& options) {
  const auto outcome = Run(test, options);
  if (expected.contains("error")) {
    if (outcome.ok()) return "no error";
    const auto* detail = FindSparkError(outcome.status());
    if (detail == nullptr) return outcome.status().ToString();
    const auto wanted = expected["error"].get<std::string>();
    // A Java exception without a class: any error of ours will do.
    if (expected["sqlstate"].is_null()) return {};
    if (detail->error_class != wanted) return outcome.status().ToString();
    if (!expected["sqlstate"].is_null() && detail->sqlstate != expected["sqlstate"].get<std::string>())
      return "SQLSTATE " + detail->sqlstate;
    return {};
  }
  if (!outcome.ok()) return outcome.status().ToString();
  const auto& [values, expr] = *outcome;
  if (const Status valid = values->ValidateFull(); !valid.ok() && valid.message().find("UTF8") == std::string::npos)
    return valid.ToString();
  if (!SameSparkType(*values->type(), *expr->type())) return "a column of " + values->type()->ToString();
  const bool only_value = !expected.contains("type");
  if (!only_value && SparkSimpleString(*expr->type()) != expected["type"].get<std::string>())
    return "type " + SparkSimpleString(*expr->type());
  std::optional<std::string> wanted;
  if (expected.contains("hex"))
    wanted = Unescape([&] {
      std::string escaped;
      const auto hex = expected["hex"].get<std::string>();
      for (size_t i = 0; i < hex.size(); i += 2) escaped += "\\x" + hex.substr(i, 2);
      return escaped;
    }());
  else if (!expected["value"].is_null())
    wanted = expected["value"].get<std::string>();
  for (int64_t row = 0; row < values->length(); ++row) {
    const auto printed = Print(*values, row, options);
    if (!printed.ok()) return printed.status().ToString();
    if (*printed != wanted && !SameDouble(*expr->type(), *printed, wanted)) return "value " + printed->value_or("NULL");
  }
  if (!wanted && !expr->nullable()) return "NULL, though it is not nullable";
  if (only_value) return {};
  const auto name = expected["name"].get<std::string>();
  // Spark had folded these already, or names them otherwise.
  const bool odd_name = name == "entries" || name == "true";
  if (ComparesName(test) && !odd_name && expr->ToString() != name) return "name " + expr->ToString();
  return {};
}

std::string Shown(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class GoldenTest : public testing::TestWithParam<const char*> {};

TEST_P(GoldenTest, AsRecorded) {
  std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/tests/golden/expr/" + GetParam() + ".json");
  ASSERT_TRUE(file.good()) << GetParam();
  const Json cases = Json::parse(file);
  int compared = 0;
  for (const auto& test : cases) {
    for (const bool ansi : {true, false}) {
      const Json& expected = ansi || !test.contains("legacy") ? test["ansi"] : test["legacy"];
      const ResolveOptions options{ansi, test.value("zone", "UTC")};
      const std::string difference = Difference(test, expected, options);
      if (!difference.empty()) {
        ADD_FAILURE() << test["fn"] << " " << Shown(test["args"]) << (ansi ? " ANSI" : " legacy")
                      << "\n  Sluice: " << difference << "\n  Spark: " << Shown(expected);
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 20);
}

INSTANTIATE_TEST_SUITE_P(Families, GoldenTest,
                         testing::Values("aggregates", "arrays", "casts", "conditionals", "csv_values", "dates",
                                         "encryption", "hashes", "java_patterns", "json", "json_paths", "json_values",
                                         "math", "number_formats", "operators", "patterns", "sentences", "sequences",
                                         "strings", "utf8"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sluice
