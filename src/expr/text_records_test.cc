// SPDX-License-Identifier: Apache-2.0
// What recordings of single calls cannot show of from_json and from_csv: rows of errors, bounds, refused options.
#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "expr/csv_tokenizer.h"
#include "expr/function_registry.h"
#include "expr/json_reader.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

ExprPtr Text(const std::string& text) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(text));
}

Result<ExprPtr> Resolve(const std::string& function, const std::string& schema,
                        const std::vector<std::string>& options) {
  std::vector<ExprPtr> args{std::make_shared<ColumnExpr>(0, "value", StringType(), true), Text(schema)};
  if (!options.empty()) {
    std::vector<ExprPtr> map;
    for (const auto& text : options) map.push_back(Text(text));
    SLUICE_ASSIGN(auto call, ResolveFunction("map", std::move(map), {}));
    args.push_back(std::move(call));
  }
  return ResolveFunction(function, std::move(args), {});
}

Result<std::shared_ptr<arrow::Array>> Eval(const ExprPtr& expr, const std::vector<std::string>& texts) {
  arrow::StringViewBuilder builder;
  for (const auto& text : texts) SLUICE_RETURN_IF_ERROR(builder.Append(text));
  SLUICE_ASSIGN(const std::shared_ptr<arrow::Array> column, builder.Finish());
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("value", StringType())}), column->length(), {column});
  const EvalContext context;
  return Evaluation(*batch, context).Eval(expr);
}

TEST(TextRecords, AFailfastErrorKnowsItsRow) {
  for (const char* function : {"from_json", "from_csv"}) {
    const auto expr = Resolve(function, "a INT", {"Mode", "failfast"});
    ASSERT_TRUE(expr.ok()) << expr.status().ToString();
    const std::string good = std::string(function) == "from_json" ? "{\"a\":1}" : "1";
    const auto column = Eval(*expr, {good, good, "x"});
    ASSERT_TRUE(HasErrorClass(column.status(), "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION"))
        << column.status().ToString();
    EXPECT_EQ(FindSparkError(column.status())->row, 2);
    EXPECT_TRUE(Eval(*expr, {good, good}).ok());
  }
}

TEST(TextRecords, ACorruptRecordKeepsItsBytes) {
  const auto expr = Resolve("from_json", "a INT, _corrupt_record STRING", {});
  const std::string record = "{\"a\": \xFF\xFE";
  const auto column = Eval(*expr, {record, "{\"a\":7}"});
  ASSERT_TRUE(column.ok()) << column.status().ToString();
  const auto& fields = static_cast<const arrow::StructArray&>(**column);
  EXPECT_TRUE(fields.field(0)->IsNull(0));
  EXPECT_EQ(static_cast<const arrow::StringViewArray&>(*fields.field(1)).GetView(0), record);
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*fields.field(0)).Value(1), 7);
  EXPECT_TRUE(fields.field(1)->IsNull(1));
}

TEST(TextRecords, DeepJsonIsMalformed) {
  const auto expr = Resolve("from_json", "a STRING", {});
  for (const auto& [depth, fits] : {std::pair(998, true), std::pair(1000, false), std::pair(200'000, false)}) {
    const std::string open(static_cast<size_t>(depth), '[');
    const std::string close(static_cast<size_t>(depth), ']');
    const auto column = Eval(*expr, {"{\"a\":" + open + close + "}"});
    ASSERT_TRUE(column.ok());
    EXPECT_EQ(static_cast<const arrow::StructArray&>(**column).field(0)->IsValid(0), fits) << depth;
  }
}

TEST(TextRecords, QuotesInWrongPlacesAreBounded) {
  for (const char* handling : {"STOP_AT_CLOSING_QUOTE", "BACK_TO_DELIMITER", "STOP_AT_DELIMITER", "SKIP_VALUE"}) {
    const auto options = ReadCsvOptions(
        TextOptions(std::vector<std::pair<std::string, std::string>>{{"unescapedQuoteHandling", handling}}));
    ASSERT_TRUE(options.ok());
    CsvTokenizer tokenizer(options->syntax);
    std::string line;
    for (int i = 0; i < 100'000; ++i) line += "\"a\"\\b";
    const auto split = tokenizer.Split(line);
    EXPECT_TRUE(split.ok() || HasErrorClass(split.status(), "MALFORMED_CSV_RECORD")) << split.status().ToString();
    EXPECT_TRUE(*tokenizer.Split("\"a\",b") && tokenizer.size() == 2) << handling;
  }
}

TEST(TextRecords, OptionsThatCannotBeAreRefusedByName) {
  const struct {
    const char* function;
    const char* name;
    const char* value;
    const char* error;
  } kCases[] = {
      {"from_json", "locale", "de-DE", "UNSUPPORTED_FEATURE.SLUICE"},
      {"from_csv", "locale", "fr", "UNSUPPORTED_FEATURE.SLUICE"},
      {"from_csv", "quote", "é", "UNSUPPORTED_FEATURE.SLUICE"},
      {"from_json", "allowComments", "yes", "SLUICE_INVALID_OPTION"},
      {"from_csv", "maxColumns", "many", "SLUICE_INVALID_OPTION"},
      {"from_csv", "unescapedQuoteHandling", "ask", "SLUICE_INVALID_OPTION"},
      {"from_csv", "multiLine", "1", "SLUICE_INVALID_OPTION"},
  };
  for (const auto& test : kCases) {
    const auto expr = Resolve(test.function, "a INT", {test.name, test.value});
    EXPECT_TRUE(HasErrorClass(expr.status(), test.error)) << test.name << ": " << expr.status().ToString();
    EXPECT_NE(expr.status().ToString().find(test.name), std::string::npos) << expr.status().ToString();
  }
}

}  // namespace
}  // namespace sluice
