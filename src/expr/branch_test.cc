// SPDX-License-Identifier: Apache-2.0
// Arguments that are evaluated only where they are needed.
#include "expr/branch.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <random>

#include "expr/function_registry.h"
#include "expr/gather.h"
#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::RecordBatch> Texts(const std::vector<std::optional<std::string>>& values) {
  arrow::StringViewBuilder builder(StringType(), arrow::default_memory_pool());
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("s", StringType())}), static_cast<int64_t>(values.size()),
                                  {*builder.Finish()});
}

const ResolveOptions kAnsi;

ExprPtr Column() {
  return std::make_shared<ColumnExpr>(0, "s", StringType(), true);
}
ExprPtr Text(const char* text) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(std::string(text)));
}
ExprPtr Number(int value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(value));
}
ExprPtr Call(const char* name, std::vector<ExprPtr> args) {
  return *ResolveFunction(name, std::move(args), kAnsi);
}
ExprPtr AsInt() {
  return *MakeCast(Column(), arrow::int32(), CastMode::kAnsi);
}
ExprPtr IsNumber() {
  return Call("rlike", {Column(), Text("^[0-9]+$")});
}

Result<std::string> Values(const ExprPtr& expr, const std::shared_ptr<arrow::RecordBatch>& batch) {
  const EvalContext context;
  Evaluation evaluation(*batch, context);
  SLUICE_ASSIGN(auto array, evaluation.Eval(expr));
  EXPECT_TRUE(array->ValidateFull().ok()) << array->ValidateFull();
  std::string text;
  for (int64_t row = 0; row < array->length(); ++row) {
    SLUICE_ASSIGN(auto value, FormatValue(*array, row, "UTC"));
    text += (row > 0 ? " " : "") + value;
  }
  return text;
}

// NULL where the text is "x".
ExprPtr NoX() {
  return Call("nullif", {Column(), Text("x")});
}

TEST(Order, AnArgumentBehindANullDoesNotFail) {
  const ExprPtr repeated = Call("repeat", {NoX(), AsInt()});
  EXPECT_EQ(*Values(repeated, Texts({"1", "x", std::nullopt, "2", "x"})), "1 NULL NULL 22 NULL");
  EXPECT_EQ(*Values(repeated, Texts({"x", "x"})), "NULL NULL");
  const auto failed = Values(repeated, Texts({"1", "x", std::nullopt, "y", "x"}));
  ASSERT_TRUE(HasErrorClass(failed.status(), "CAST_INVALID_INPUT")) << failed.status();
  EXPECT_EQ(FindSparkError(failed.status())->row, 3);
}

TEST(Order, OfAQuotientTheDivisorComesFirst) {
  const ExprPtr divisor = *MakeCast(NoX(), arrow::int32(), CastMode::kAnsi);
  EXPECT_EQ(*Values(Call("/", {AsInt(), divisor}), Texts({"1", "x", std::nullopt, "2"})), "1.0 NULL NULL 1.0");
  const auto failed = Values(Call("*", {AsInt(), divisor}), Texts({"1", "x"}));
  EXPECT_TRUE(HasErrorClass(failed.status(), "CAST_INVALID_INPUT")) << failed.status();
}

TEST(Order, AnItemBehindItsEqualDoesNotFail) {
  const ExprPtr number = *MakeCast(AsInt(), StringType(), CastMode::kAnsi);
  const ExprPtr found = Call("in", {Column(), Text("x"), Text("y"), number});
  EXPECT_EQ(*Values(found, Texts({"1", "x", std::nullopt, "y"})), "true true NULL true");
  EXPECT_TRUE(HasErrorClass(Values(found, Texts({"1", "x", "z"})).status(), "CAST_INVALID_INPUT"));
}

TEST(Order, WhatTakesNullsEvaluatesAll) {
  const auto failed = Values(Call("concat_ws", {Text(","), NoX(), *MakeCast(AsInt(), StringType(), CastMode::kAnsi)}),
                             Texts({"1", "x"}));
  EXPECT_TRUE(HasErrorClass(failed.status(), "CAST_INVALID_INPUT")) << failed.status();
}

TEST(Branch, AGuardedCastDoesNotFail) {
  const auto batch = Texts({"1", "x", std::nullopt, "22", "y", "z", "w"});
  EXPECT_FALSE(Values(AsInt(), batch).ok());
  EXPECT_EQ(*Values(Call("if", {IsNumber(), AsInt(), Number(-1)}), batch), "1 -1 -1 22 -1 -1 -1");
  EXPECT_EQ(*Values(Call("when", {IsNumber(), AsInt()}), batch), "1 NULL NULL 22 NULL NULL NULL");
  EXPECT_EQ(*Values(Call("and", {IsNumber(), Call(">", {AsInt(), Number(5)})}), batch),
            "false false NULL true false false false");
  EXPECT_EQ(*Values(Call("or", {Call("not", {IsNumber()}), Call(">", {AsInt(), Number(5)})}), batch),
            "false true NULL true true true true");
  EXPECT_EQ(*Values(Call("coalesce", {*MakeCast(Column(), arrow::int32(), CastMode::kTry), Number(0)}), batch),
            "1 0 0 22 0 0 0");
}

TEST(Branch, AnErrorNamesTheRowOfTheInput) {
  const auto batch = Texts({"1", "x", "2", "bad", "3", "4"});
  // Row 1 is left out by the guard, row 3 is not.
  const ExprPtr guarded = Call("if", {Call("=", {Column(), Text("x")}), Number(0), AsInt()});
  for (const ExprPtr& expr : {guarded, Call("when", {Call("=", {Column(), Text("bad")}), AsInt()})}) {
    const Status status = Values(expr, batch).status();
    EXPECT_TRUE(HasErrorClass(status, "CAST_INVALID_INPUT")) << status;
    ASSERT_NE(FindSparkError(status), nullptr);
    EXPECT_EQ(FindSparkError(status)->row, 3);
    EXPECT_NE(FindSparkError(status)->message.find("try_cast"), std::string::npos);
  }
}

TEST(Branch, ArgumentsThatNobodyNeedsAreNotEvaluated) {
  const auto batch = Texts({"x", "y"});
  EXPECT_EQ(*Values(Call("coalesce", {Column(), *MakeCast(AsInt(), StringType(), CastMode::kAnsi)}), batch), "x y");
  EXPECT_EQ(*Values(Call("coalesce", {Column(), Text("z")}), Texts({})), "");
}

// Short texts are compared by their views, eight rows at a time, and columns without nulls are combined a word at a
// time: all of it must agree with a loop over texts.
TEST(Branch, LogicOverEqualTextsAgreesWithALoop) {
  std::mt19937 random(3);
  const std::vector<std::string> texts = {
      "", "a", "b", "twelve bytes", "twelve bytet", "thirteen bytes", "thirteen bytet"};
  using Truth = std::optional<bool>;
  const auto both = [](Truth a, Truth b) -> Truth {
    if (a == false || b == false) return false;
    return a && b ? Truth(true) : std::nullopt;
  };
  const auto inverse = [](Truth a) { return a ? Truth(!*a) : a; };
  const auto shown = [](Truth a) { return a ? (*a ? "true" : "false") : "NULL"; };
  for (int round = 0; round < 300; ++round) {
    const size_t rows = random() % 40;
    const bool nulls = round % 2 == 0;
    std::vector<std::optional<std::string>> values;
    for (size_t i = 0; i < rows; ++i) {
      values.push_back(nulls && random() % 5 == 0 ? std::nullopt : std::optional(texts[random() % texts.size()]));
    }
    const std::string& x = texts[random() % texts.size()];
    const std::string& y = texts[random() % texts.size()];
    std::string conjunction, disjunction;
    for (const auto& value : values) {
      const Truth is_x = value ? Truth(*value == x) : std::nullopt;
      const Truth is_y = value ? Truth(*value == y) : std::nullopt;
      const char* space = conjunction.empty() ? "" : " ";
      conjunction += space + std::string(shown(both(inverse(is_x), inverse(is_y))));
      disjunction += space + std::string(shown(inverse(both(inverse(is_x), inverse(is_y)))));
    }
    const auto is = [](const std::string& text) { return Call("=", {Column(), Text(text.c_str())}); };
    EXPECT_EQ(*Values(Call("and", {Call("not", {is(x)}), Call("not", {is(y)})}), Texts(values)), conjunction);
    EXPECT_EQ(*Values(Call("or", {is(x), is(y)}), Texts(values)), disjunction);
  }
}

TEST(Evaluation, SharedNodesAreComputedOnce) {
  const auto batch = Texts({"a"});
  const EvalContext context;
  Evaluation evaluation(*batch, context);
  const ExprPtr upper = Call("upper", {Column()});
  const auto first = *evaluation.Eval(upper);
  const ExprPtr other_holder = upper;
  EXPECT_EQ(*evaluation.Eval(upper), *evaluation.Eval(upper));
}

TEST(Evaluation, RowsOfSlicesAreTheirOwn) {
  const auto batch = Texts({"x", "1", "2"})->Slice(1);
  EXPECT_EQ(*Values(AsInt(), batch), "1 2");
  EXPECT_EQ(*Values(Call("upper", {Column()}), Texts({"q", "abc", std::nullopt})->Slice(1)), "ABC NULL");
  EXPECT_EQ(*Values(Call("substring", {Column(), Number(2)}), Texts({"q", "a text longer than twelve", "b"})->Slice(1)),
            " text longer than twelve ");
}

TEST(Gather, TakesNestedRows) {
  const auto batch = Texts({"a,b", "c", std::nullopt, "d,e,f"});
  const EvalContext context;
  Evaluation evaluation(*batch, context);
  const auto lists = *evaluation.Eval(Call("split", {Column(), Text(",")}));
  const auto taken = *TakeRows(lists, {3, -1, 2, 0}, arrow::default_memory_pool());
  ASSERT_TRUE(taken->ValidateFull().ok()) << taken->ValidateFull();
  EXPECT_EQ(*FormatValue(*taken, 0, "UTC"), "[d, e, f]");
  EXPECT_TRUE(taken->IsNull(1));
  EXPECT_TRUE(taken->IsNull(2));
  EXPECT_EQ(*FormatValue(*taken, 3, "UTC"), "[a, b]");
}

TEST(Cast, OfASliceOfListsLooksAtItsOwnEntries) {
  const auto batch = Texts({"x,y", "1,2", std::nullopt, "3", "z"});
  const EvalContext context;
  Evaluation evaluation(*batch, context);
  const auto lists = *evaluation.Eval(Call("split", {Column(), Text(",")}));
  const auto slice = [&](int64_t begin, int64_t rows) {
    const auto schema = arrow::schema({arrow::field("l", lists->type())});
    const auto part = arrow::RecordBatch::Make(schema, rows, {lists->Slice(begin, rows)});
    const ExprPtr list = std::make_shared<ColumnExpr>(0, "l", lists->type(), true);
    return Values(*MakeCast(list, ArrayType(arrow::int32()), CastMode::kAnsi), part);
  };
  EXPECT_EQ(*slice(1, 3), "[1, 2] NULL [3]");
  const auto failed = slice(1, 4);
  ASSERT_TRUE(HasErrorClass(failed.status(), "CAST_INVALID_INPUT")) << failed.status();
  EXPECT_EQ(FindSparkError(failed.status())->row, 3);
}

TEST(Now, IsTheBatchsTime) {
  const auto batch = Texts({"a", "b"});
  const EvalContext context{.now_us = 1'709'212'455'000'000, .time_zone = "Asia/Tokyo"};
  Evaluation evaluation(*batch, context);
  const auto now = *evaluation.Eval(Call("current_timestamp", {}));
  EXPECT_EQ(*FormatValue(*now, 1, "UTC"), "2024-02-29 13:14:15");
  const auto today = *evaluation.Eval(Call("current_date", {}));
  EXPECT_EQ(*FormatValue(*today, 0, "UTC"), "2024-02-29");
}

}  // namespace
}  // namespace sluice
