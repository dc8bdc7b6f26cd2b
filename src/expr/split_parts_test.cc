// SPDX-License-Identifier: Apache-2.0
#include "expr/split_parts.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <random>

#include "expr/function_registry.h"
#include "expr/share.h"
#include "expr/split_kernel.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

ArrayPtr Binaries(const std::vector<std::optional<std::string>>& values) {
  arrow::BinaryViewBuilder builder(BinaryType(), arrow::default_memory_pool());
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}

std::shared_ptr<arrow::RecordBatch> ValueBatch(const std::vector<std::optional<std::string>>& values) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("value", BinaryType())}),
                                  static_cast<int64_t>(values.size()), {Binaries(values)});
}

ExprPtr Part(int i, bool ansi, const char* function = "getitem", const char* separator = "\t") {
  const ResolveOptions options{ansi, "UTC"};
  ExprPtr value = std::make_shared<ColumnExpr>(0, "value", BinaryType(), true);
  ExprPtr text = *MakeCast(value, StringType(), ansi ? CastMode::kAnsi : CastMode::kLegacy);
  ExprPtr pattern = std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(std::string(separator)));
  ExprPtr index = std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(i));
  return *ResolveFunction(function, {*ResolveFunction("split", {text, pattern}, options), index}, options);
}

std::vector<ExprPtr> Parts(int count, bool ansi) {
  std::vector<ExprPtr> parts;
  for (int i = 0; i < count; ++i) parts.push_back(Part(i, ansi));
  return parts;
}

std::string At(const ArrayPtr& array, int64_t row) {
  return array->IsNull(row) ? "NULL" : std::string(static_cast<const arrow::StringViewArray&>(*array).GetView(row));
}

TEST(SplitParts, RewritesEqualSplitsIntoOneNode) {
  const auto parts = UseSplitParts(Parts(3, true));
  EXPECT_EQ(parts[0]->children()[0], parts[2]->children()[0]);
  EXPECT_NE(dynamic_cast<const SplitPartsExpr*>(parts[0]->children()[0].get()), nullptr);
  EXPECT_EQ(parts[1]->ToString(), "split(CAST(value AS STRING), \t, -1)[1]");
}

TEST(SplitParts, GivesWhatTheListGives) {
  const auto batch = ValueBatch(
      {"a\tbb\tccc", "", std::nullopt, "\t\t", "one text longer than twelve bytes\tx\ty\tz", "no separator"});
  const EvalContext context{.ansi = false};
  const auto plain = Parts(4, false);
  const auto rewritten = UseSplitParts(plain);
  for (size_t i = 0; i < plain.size(); ++i) {
    Evaluation first(*batch, context);
    Evaluation second(*batch, context);
    const auto expected = *first.Eval(plain[i]);
    const auto actual = *second.Eval(rewritten[i]);
    ASSERT_TRUE(actual->ValidateFull().ok()) << actual->ValidateFull();
    EXPECT_TRUE(actual->Equals(*expected)) << actual->ToString() << expected->ToString();
  }
  Evaluation evaluation(*batch, context);
  EXPECT_EQ(At(*evaluation.Eval(rewritten[0]), 1), "");
  EXPECT_EQ(At(*evaluation.Eval(rewritten[0]), 2), "NULL");
  EXPECT_EQ(At(*evaluation.Eval(rewritten[2]), 3), "");
  EXPECT_EQ(At(*evaluation.Eval(rewritten[3]), 4), "z");
}

// Spark splits a Java String: bytes that are no UTF-8 are U+FFFD then, in the list and in its parts.
TEST(SplitParts, PartsAreUtf8) {
  const std::string text = "ein Text, länger als zwölf Bytes";
  const auto batch = ValueBatch({"a\xFF\tb\t\xE2\x82\tc", text + "\xFE\t" + text + "\t\xC3", std::nullopt,
                                 "plain\tascii", text + "\t" + text, "\xFF"});
  const EvalContext context{.ansi = false};
  const auto plain = Parts(4, false);
  const auto rewritten = UseSplitParts(plain);
  Evaluation first(*batch, context);
  Evaluation second(*batch, context);
  for (size_t i = 0; i < plain.size(); ++i) {
    const auto actual = *second.Eval(rewritten[i]);
    ASSERT_TRUE(actual->ValidateFull().ok()) << actual->ValidateFull();
    EXPECT_TRUE(actual->Equals(*first.Eval(plain[i]))) << actual->ToString();
  }
  EXPECT_EQ(At(*second.Eval(rewritten[0]), 0), "a\xEF\xBF\xBD");
  EXPECT_EQ(At(*second.Eval(rewritten[0]), 1), text + "\xEF\xBF\xBD");
  EXPECT_EQ(At(*second.Eval(rewritten[1]), 1), text);
  EXPECT_EQ(At(*second.Eval(rewritten[2]), 0), "\xEF\xBF\xBD");
  EXPECT_EQ(At(*second.Eval(rewritten[0]), 5), "\xEF\xBF\xBD");
}

TEST(SplitParts, AnsiNamesRowSizeAndWayOut) {
  const auto batch = ValueBatch({"a\tb", std::nullopt, "a"});
  const EvalContext context;
  for (const auto& parts : {Parts(2, true), UseSplitParts(Parts(2, true))}) {
    Evaluation evaluation(*batch, context);
    EXPECT_TRUE(evaluation.Eval(parts[0]).ok());
    const Status status = evaluation.Eval(parts[1]).status();
    EXPECT_TRUE(HasErrorClass(status, "INVALID_ARRAY_INDEX")) << status;
    const SparkErrorDetail* detail = FindSparkError(status);
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->row, 2);
    EXPECT_EQ(detail->parameters.at("arraySize"), "1");
    EXPECT_EQ(detail->sqlstate, "22003");
    EXPECT_NE(detail->message.find("get()"), std::string::npos);
  }
}

TEST(SplitParts, GetIsNullOutside) {
  const auto batch = ValueBatch({"a\tb", "a"});
  const EvalContext context;
  const auto parts = UseSplitParts({Part(1, true, "get"), Part(0, true)});
  Evaluation evaluation(*batch, context);
  const auto column = *evaluation.Eval(parts[0]);
  EXPECT_EQ(At(column, 0), "b");
  EXPECT_EQ(At(column, 1), "NULL");
}

TEST(SplitParts, SharesThePayloadsBytes) {
  const std::string longish(40, 'x');
  const auto batch = ValueBatch({longish + "\t" + longish});
  const EvalContext context;
  const auto parts = UseSplitParts(Parts(2, true));
  Evaluation evaluation(*batch, context);
  const auto column = *evaluation.Eval(parts[1]);
  EXPECT_EQ(column->data()->buffers[2]->data(), batch->column_data(0)->buffers[2]->data());
}

TEST(SplitParts, LeavesRealPatternsAlone) {
  const auto parts = UseSplitParts({Part(0, true, "getitem", "[ab]"), Part(1, true, "getitem", "\\|")});
  EXPECT_EQ(dynamic_cast<const SplitPartExpr*>(parts[0].get()), nullptr);
  EXPECT_NE(dynamic_cast<const SplitPartExpr*>(parts[1].get()), nullptr);
}

TEST(SplitKernel, KnowsPlainSeparators) {
  EXPECT_EQ(PlainSeparator("\\t"), "\t");
  EXPECT_EQ(PlainSeparator("\\|"), "|");
  EXPECT_EQ(PlainSeparator("[|]"), "|");
  EXPECT_EQ(PlainSeparator(", "), ", ");
  EXPECT_EQ(PlainSeparator("|"), std::nullopt);
  EXPECT_EQ(PlainSeparator("."), std::nullopt);
  EXPECT_EQ(PlainSeparator("\\s"), std::nullopt);
  EXPECT_EQ(PlainSeparator("[ab]"), std::nullopt);
  EXPECT_EQ(PlainSeparator(""), std::nullopt);
}

// The vector code and its portable twin write the same parts for texts of every length and density.
TEST(SplitKernel, Avx2AgreesWithPortable) {
  if (!HasAvx2()) GTEST_SKIP() << "this machine has no AVX2";
  std::mt19937 random(7);
  std::vector<std::optional<std::string>> texts;
  for (int i = 0; i < 3000; ++i) {
    std::string text(random() % 150, ' ');
    const unsigned density = 1 + random() % 40;
    for (char& c : text) c = random() % density == 0 ? '\t' : static_cast<char>(random());
    if (i % 50 == 0) {
      texts.emplace_back(std::nullopt);
    } else {
      texts.emplace_back(std::move(text));
    }
  }
  const auto column = Binaries(texts);
  constexpr size_t kParts = 9;
  std::vector<std::vector<BinaryView>> views[2];
  PartColumns parts[2];
  for (int method = 0; method < 2; ++method) {
    views[method].assign(kParts, std::vector<BinaryView>(texts.size(), BinaryView{}));
    for (size_t i = 0; i < kParts; ++i) parts[method].columns.push_back(i == 4 ? nullptr : views[method][i].data());
    SplitIntoParts(*column, "\t", method == 0 ? SplitMethod::kPortable : SplitMethod::kAvx2, &parts[method]);
  }
  EXPECT_EQ(parts[0].found, parts[1].found);
  for (size_t i = 0; i < kParts; ++i) {
    EXPECT_EQ(std::memcmp(views[0][i].data(), views[1][i].data(), texts.size() * sizeof(BinaryView)), 0)
        << "part " << i;
  }
}

TEST(ShareEqual, KeepsNondeterministicCallsApart) {
  const ResolveOptions options;
  const auto one = *ResolveFunction("current_timestamp", {}, options);
  const auto two = *ResolveFunction("current_timestamp", {}, options);
  const auto shared = ShareEqual({one, two});
  EXPECT_EQ(shared[0], shared[1]);
}

}  // namespace
}  // namespace sluice
