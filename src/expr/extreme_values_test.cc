// SPDX-License-Identifier: Apache-2.0
// Every function and cast on the ends of the range of every type: nothing may be undefined (the debug build has UBSan),
// and what comes out is a sound column. Calls are made from the table of functions: whatever types it takes.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <random>

#include "expr/function_registry.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

struct Sample {
  std::string type;
  std::vector<std::string> values;  // as text that CAST reads, or that a builder takes; NULL is added
};

const std::vector<Sample>& Samples() {
  static const auto* samples = new std::vector<Sample>{
      {"boolean", {"true", "false"}},
      {"tinyint", {"-128", "127", "0"}},
      {"smallint", {"-32768", "32767", "1"}},
      {"int", {"-2147483648", "2147483647", "0", "-1", "1", "3"}},
      {"bigint", {"-9223372036854775808", "9223372036854775807", "0", "-1", "2147483648", "253402300800"}},
      {"float", {"NaN", "Infinity", "-Infinity", "3.4e38", "-0.0", "1e-45"}},
      {"double", {"NaN", "Infinity", "-Infinity", "1.7976931348623157e308", "-1.7e308", "-0.0", "4.9e-324", "1e19"}},
      {"decimal(38,0)", {"99999999999999999999999999999999999999", "-99999999999999999999999999999999999999", "0"}},
      {"decimal(38,38)", {"0.99999999999999999999999999999999999999", "-0.00000000000000000000000000000000000001"}},
      {"decimal(18,6)", {"999999999999.999999", "-999999999999.999999"}},
      {"string",
       {"",
        "0",
        "-9223372036854775809",
        "1e400",
        "9999-12-31 23:59:59.999999",
        "+294247-01-10T04:00:54.775807Z",
        "-290308-12-21",
        "\xFF\xC0",
        "\xF0\x9F\x98\x80",
        "%1$s %-999d",
        "yyyy-MM-dd",
        "UTC",
        "+18:00",
        "YEAR",
        "(",
        "[1,{}]",
        "$[9]",
        "32",
        "SHA-1",
        "UTF-16",
        "9223372036854775807"}},
      {"binary", {"", "a", "\xFF\xFE"}},
      {"date", {"-5877641-06-23", "5881580-07-11", "1970-01-01", "1582-10-10"}},
      {"timestamp", {"-290308-12-21 19:59:06", "294247-01-10 04:00:54.775807", "1969-12-31 23:59:59.999999"}},
      {"timestamp_ntz", {"-290308-12-21 19:59:06", "294247-01-10 04:00:54.775807", "1970-01-01"}}};
  return *samples;
}

// A column of all values of a sample and a NULL. Dates and timestamps are the ends of their integers, which no text
// need be able to say.
std::shared_ptr<arrow::Array> ColumnOf(const Sample& sample) {
  const auto type = *ParseSparkType(sample.type);
  if (type->id() == arrow::Type::DATE32) {
    arrow::Date32Builder days;
    EXPECT_TRUE(days.AppendValues({INT32_MIN, INT32_MAX, 0, -141427, 2932896, 2932897}).ok());
    EXPECT_TRUE(days.AppendNull().ok());
    return *days.Finish();
  }
  if (type->id() == arrow::Type::TIMESTAMP) {
    arrow::TimestampBuilder micros(type, arrow::default_memory_pool());
    EXPECT_TRUE(micros.AppendValues({INT64_MIN, INT64_MAX, -1, 0, INT64_MIN / 2, 253402300799999999}).ok());
    EXPECT_TRUE(micros.AppendNull().ok());
    return *micros.Finish();
  }
  arrow::StringViewBuilder texts;
  for (const auto& value : sample.values) EXPECT_TRUE(texts.Append(value).ok());
  EXPECT_TRUE(texts.AppendNull().ok());
  const std::shared_ptr<arrow::Array> column = *texts.Finish();
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("v", column->type())}), column->length(),
                                              arrow::ArrayVector{column});
  const EvalContext context;
  Evaluation evaluation(*batch, context);
  const ExprPtr text = std::make_shared<ColumnExpr>(0, "v", column->type(), true);
  auto cast = MakeCast(text, type, CastMode::kTry);
  EXPECT_TRUE(cast.ok()) << sample.type;
  auto values = evaluation.Eval(*cast);
  EXPECT_TRUE(values.ok()) << values.status().ToString();
  return *values;
}

class ExtremeValues : public testing::Test {
 protected:
  ExtremeValues() {
    for (const Sample& sample : Samples()) {
      columns_.push_back(ColumnOf(sample));
      types_.push_back(columns_.back()->type());
      arrow::ListBuilder list(arrow::default_memory_pool(),
                              std::shared_ptr<arrow::ArrayBuilder>(*arrow::MakeBuilder(types_.back())));
      for (int row = 0; row < 3; ++row) {
        EXPECT_TRUE(list.Append().ok());
        EXPECT_TRUE(list.value_builder()
                        ->AppendArraySlice(*columns_.back()->data(), 0, columns_.back()->length() * row / 2)
                        .ok());
      }
      EXPECT_TRUE(list.AppendNull().ok());
      lists_.push_back(*list.Finish());
    }
    columns_.insert(columns_.end(), lists_.begin(), lists_.end());
    types_.clear();
    for (const auto& column : columns_) types_.push_back(column->type());
  }

  // Some rows of the columns of these types, each with each other one as far as there are not too many.
  std::shared_ptr<arrow::RecordBatch> Rows(const std::vector<size_t>& types) {
    constexpr int64_t kMost = 120;
    int64_t all = 1;
    for (const size_t type : types) all *= columns_[type]->length();
    const int64_t rows = std::min(all, kMost);
    arrow::ArrayVector columns;
    arrow::FieldVector fields;
    int64_t step = 1;
    for (const size_t type : types) {
      std::unique_ptr<arrow::ArrayBuilder> builder = *arrow::MakeBuilder(types_[type]);
      for (int64_t row = 0; row < rows; ++row) {
        const int64_t from =
            (all > kMost ? static_cast<int64_t>(random_() % 1000) : row / step) % columns_[type]->length();
        EXPECT_TRUE(builder->AppendArraySlice(*columns_[type]->data(), from, 1).ok());
      }
      step *= columns_[type]->length();
      columns.push_back(*builder->Finish());
      fields.push_back(arrow::field("c" + std::to_string(fields.size()), types_[type]));
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
  }

  void Check(const ExprPtr& expr, const std::shared_ptr<arrow::RecordBatch>& rows, const EvalContext& context) {
    const auto sound = [&](const arrow::RecordBatch& some) {
      if (HasFailure()) return true;  // one is enough to be found
      SCOPED_TRACE(expr->ToString() + some.schema()->ToString());
      Evaluation evaluation(some, context);
      const auto values = evaluation.Eval(expr);
      if (!values.ok()) {
        const auto* detail = FindSparkError(values.status());
        EXPECT_TRUE(detail != nullptr && detail->kind != ErrorKind::kBug)
            << expr->ToString() << values.status().ToString();
        return false;
      }
      const Status valid = (*values)->ValidateFull();
      EXPECT_TRUE(valid.ok() || valid.message().find("UTF8") != std::string::npos)
          << expr->ToString() << valid.ToString();
      return true;
    };
    ++evaluated_;
    if (sound(*rows)) return;
    for (int64_t row = 0; row < rows->num_rows(); ++row) sound(*rows->Slice(row, 1));
  }

  // Calls with arguments of these types, when the function takes them.
  void Call(const ScalarFunction& function, const std::vector<size_t>& types) {
    for (const bool ansi : {true, false}) {
      for (const char* zone : {"UTC", "America/Los_Angeles"}) {
        std::vector<ExprPtr> args;
        for (size_t i = 0; i < types.size(); ++i)
          args.push_back(std::make_shared<ColumnExpr>(static_cast<int>(i), "c", types_[types[i]], true));
        const auto expr = function.resolve(args, {ansi, zone});
        if (!expr.ok() || HasFailure()) return;
        EvalContext context;
        context.ansi = ansi;
        context.time_zone = zone;
        context.max_value_bytes = 1 << 16;
        EXPECT_NO_THROW(Check(*expr, Rows(types), context));
      }
    }
  }

  std::mt19937_64 random_{20260101};
  std::vector<std::shared_ptr<arrow::DataType>> types_;
  arrow::ArrayVector columns_;
  arrow::ArrayVector lists_;
  int64_t evaluated_ = 0;
};

TEST_F(ExtremeValues, OfOneAndTwoArguments) {
  for (const ScalarFunction& function : ScalarFunctions()) {
    SCOPED_TRACE(function.name);
    Call(function, {});
    for (size_t a = 0; a < types_.size(); ++a) {
      Call(function, {a});
      for (size_t b = 0; b < types_.size(); ++b) {
        // All pairs would take minutes under the sanitizers.
        if ((a * 7 + b) % 3 == 0 || a == b) Call(function, {a, b});
      }
    }
  }
  EXPECT_GT(evaluated_, 1000);
}

TEST_F(ExtremeValues, OfMoreArguments) {
  const size_t flat = Samples().size();
  for (const ScalarFunction& function : ScalarFunctions()) {
    SCOPED_TRACE(function.name);
    for (int i = 0; i < 60; ++i) {
      const size_t count = 3 + random_() % 5;
      std::vector<size_t> types;
      for (size_t k = 0; k < count; ++k) types.push_back(random_() % (k == 0 ? types_.size() : flat));
      // Texts and whole numbers are what most take.
      if (i % 2 == 0) {
        for (size_t& type : types) type = random_() % 2 == 0 ? 3 : 10;
      }
      Call(function, types);
    }
  }
  EXPECT_GT(evaluated_, 500);
}

TEST_F(ExtremeValues, OfCasts) {
  for (size_t from = 0; from < types_.size(); ++from) {
    for (const auto& to : types_) {
      for (const CastMode mode : {CastMode::kAnsi, CastMode::kLegacy, CastMode::kTry}) {
        const auto cast = MakeCast(std::make_shared<ColumnExpr>(0, "c", types_[from], true), to, mode);
        if (!cast.ok()) continue;
        for (const char* zone : {"UTC", "Pacific/Apia"}) {
          EvalContext context;
          context.ansi = mode == CastMode::kAnsi;
          context.time_zone = zone;
          Check(*cast, Rows({from}), context);
        }
      }
    }
  }
  EXPECT_GT(evaluated_, 300);
}

}  // namespace
}  // namespace sluice
