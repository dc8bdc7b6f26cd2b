// SPDX-License-Identifier: Apache-2.0
// A Kafka record's value through what pipelines do with it: split into parts, casts, from_json, from_csv, patterns.
#include <arrow/api.h>
#include <arrow/util/utf8.h>

#include "base/spark_error.h"
#include "check.h"
#include "expr/cast.h"
#include "expr/column_io.h"
#include "expr/function_registry.h"
#include "expr/split_parts.h"
#include "targets.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice::fuzz {
namespace {

constexpr int kMostRows = 4;

ExprPtr Text(const std::string& text) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(text));
}
ExprPtr Int(int32_t value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(value));
}

class PayloadPlan {
 public:
  PayloadPlan() {
    const ExprPtr value = std::make_shared<ColumnExpr>(0, "value", BinaryType(), true);
    const ExprPtr text = Must(MakeCast(value, StringType(), CastMode::kLegacy));
    for (const char* separator : {"\t", "[,;]", "é"}) {
      const ExprPtr split = Call("split", {text, Text(separator)});
      for (int i = 0; i < 3; ++i) parts_.push_back(Call("get", {split, Int(i)}));
    }
    AddCasts(text);
    AddCalls(text);
    fused_ = UseSplitParts(parts_);
  }

  void Run(const std::shared_ptr<arrow::RecordBatch>& batch) const {
    const EvalContext context{.ansi = false};
    Evaluation plain(*batch, context);
    Evaluation fused(*batch, context);
    for (size_t i = 0; i < parts_.size(); ++i) {
      const auto expected = Checked(&plain, parts_[i]);
      const auto actual = Checked(&fused, fused_[i]);
      FUZZ_CHECK(actual->Equals(*expected), parts_[i]->ToString());
      CheckUtf8(*actual, parts_[i]->ToString());
    }
    for (const ExprPtr& expr : exprs_) Checked(&plain, expr);
  }

 private:
  static ExprPtr Must(const Result<ExprPtr>& expr) {
    FUZZ_CHECK(expr.ok(), expr.status().ToString());
    return *expr;
  }
  static ExprPtr Call(const std::string& name, std::vector<ExprPtr> args) {
    return Must(ResolveFunction(name, std::move(args), ResolveOptions{false, "America/New_York"}));
  }

  void AddCasts(const ExprPtr& text) {
    for (const char* type : {"tinyint", "int", "bigint", "float", "double", "decimal(38,18)", "decimal(5,0)", "boolean",
                             "date", "timestamp", "timestamp_ntz", "binary"}) {
      exprs_.push_back(Must(MakeCast(text, *ParseSparkType(type), CastMode::kTry)));
      exprs_.push_back(Must(MakeCast(text, *ParseSparkType(type), CastMode::kLegacy)));
    }
  }

  void AddCalls(const ExprPtr& text) {
    for (const char* schema : {"a INT, b STRING, c ARRAY<DOUBLE>, d STRUCT<e: DATE>", "map<string,bigint>",
                               "array<decimal(10,2)>", "a TIMESTAMP, b BINARY, c BOOLEAN"}) {
      const ExprPtr json = Call("from_json", {text, Text(schema)});
      exprs_.push_back(json);
      exprs_.push_back(Call("to_json", {json}));
    }
    exprs_.push_back(Call("from_csv", {text, Text("a INT, b STRING, c DOUBLE, d DATE")}));
    for (const char* path : {"$.a", "$.a[0].b", "$[*].a", "$['a'].b", "$..a"})
      exprs_.push_back(Call("get_json_object", {text, Text(path)}));
    for (const char* name : {"upper", "lower", "initcap", "length", "reverse", "trim", "unbase64", "unhex", "md5",
                             "xxhash64", "json_array_length", "json_object_keys", "ascii", "hash", "crc32", "to_date"})
      exprs_.push_back(Call(name, {text}));
    exprs_.push_back(Call("regexp_replace", {text, Text("(\\w+)\\s*(\\d?)"), Text("$2-$1")}));
    exprs_.push_back(Call("regexp_extract", {text, Text("^([^:]*):"), Int(1)}));
    exprs_.push_back(Call("like", {text, Text("%a_é%")}));
    exprs_.push_back(Call("translate", {text, Text("aé\t"), Text("bc")}));
    exprs_.push_back(Call("substring", {text, Int(-3), Int(2)}));
    exprs_.push_back(Call("split_part", {text, Text(","), Int(-1)}));
    exprs_.push_back(Call("to_timestamp", {text, Text("yyyy-MM-dd HH:mm:ss.SSS")}));
    exprs_.push_back(Call("lpad", {text, Int(20), Text("é*")}));
  }

  static std::shared_ptr<arrow::Array> Checked(Evaluation* evaluation, const ExprPtr& expr) {
    const auto column = evaluation->Eval(expr);
    if (!column.ok()) {
      // Some functions refuse values without ANSI too; the error is the user's then, and never ours.
      const SparkErrorDetail* error = FindSparkError(column.status());
      FUZZ_CHECK(error != nullptr && error->kind == ErrorKind::kUser,
                 expr->ToString() + ": " + column.status().ToString());
      return arrow::MakeArrayOfNull(expr->type(), evaluation->input().num_rows()).ValueOrDie();
    }
    const auto valid = (*column)->ValidateFull();
    FUZZ_CHECK(valid.ok() || valid.message().find("UTF8") != std::string::npos,
               expr->ToString() + ": " + valid.ToString());
    return *column;
  }

  static void CheckUtf8(const arrow::Array& column, const std::string& what) {
    const ColumnReader<std::string_view> texts(column);
    for (int64_t row = 0; row < column.length(); ++row) FUZZ_CHECK(column.IsNull(row) || IsUtf8(texts[row]), what);
  }

  std::vector<ExprPtr> parts_;
  std::vector<ExprPtr> fused_;
  std::vector<ExprPtr> exprs_;
};

}  // namespace

// Rows end at the first of the bytes 0x01; one more is NULL. Few of them: an input is cheap then, and rows do not
// meet.
void Payload(std::string_view input) {
  static const auto* plan = new PayloadPlan();
  arrow::BinaryViewBuilder builder(BinaryType(), arrow::default_memory_pool());
  std::string_view rest = input;
  for (int row = 1;; ++row) {
    const size_t end = row < kMostRows ? rest.find('\x01') : std::string_view::npos;
    FUZZ_CHECK(builder.Append(rest.substr(0, end)).ok(), "");
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  FUZZ_CHECK(builder.AppendNull().ok(), "");
  const std::shared_ptr<arrow::Array> column = *builder.Finish();
  plan->Run(arrow::RecordBatch::Make(arrow::schema({arrow::field("value", BinaryType())}), column->length(), {column}));
}

}  // namespace sluice::fuzz
