// SPDX-License-Identifier: Apache-2.0
// The bronze pipeline of the README, in both ways people write it.
#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/analyzer.h"
#include "analysis/fixed_catalog.h"
#include "analysis/sql/parser.h"
#include "expr/split_parts.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::Relation;

const std::vector<std::string> kColumns = {
    "marketplace",   "customer_id",       "review_id",       "product_id",    "product_parent",
    "product_title", "product_category",  "star_rating",     "helpful_votes", "total_votes",
    "vine",          "verified_purchase", "review_headline", "review_body",   "purchase_date"};

class LabProgramTest : public ::testing::Test {
 protected:
  LabProgramTest() {
    catalog_.AddFormat(
        "kafka", arrow::schema({arrow::field("key", BinaryType()), arrow::field("value", BinaryType()),
                                arrow::field("topic", StringType()), arrow::field("partition", arrow::int32()),
                                arrow::field("offset", arrow::int64()), arrow::field("timestamp", TimestampType()),
                                arrow::field("timestampType", arrow::int32())}));
  }

  static Relation Kafka() {
    Relation relation;
    relation.mutable_read()->set_is_streaming(true);
    relation.mutable_read()->mutable_data_source()->set_format("kafka");
    (*relation.mutable_read()->mutable_data_source()->mutable_options())["subscribe"] = "reviews";
    return relation;
  }

  static Relation SelectExpr(Relation input, const std::vector<std::string>& expressions) {
    Relation relation;
    *relation.mutable_project()->mutable_input() = std::move(input);
    for (const std::string& text : expressions) {
      relation.mutable_project()->add_expressions()->mutable_expression_string()->set_expression(text);
    }
    return relation;
  }

  static Relation WithColumn(Relation input, const std::string& name, spark::connect::Expression value) {
    Relation relation;
    *relation.mutable_with_columns()->mutable_input() = std::move(input);
    auto* alias = relation.mutable_with_columns()->add_aliases();
    alias->add_name(name);
    *alias->mutable_expr() = std::move(value);
    return relation;
  }

  static spark::connect::Expression CallOf(const std::string& function) {
    spark::connect::Expression call;
    call.mutable_unresolved_function()->set_function_name(function);
    return call;
  }

  PlanPtr Resolved(const Relation& relation) {
    Result<PlanPtr> plan = Analyzer(catalog_, conf_).Resolve(relation);
    EXPECT_TRUE(plan.ok()) << plan.status().ToString();
    return plan.ok() ? *plan : nullptr;
  }

  FixedCatalog catalog_;
  Conf conf_;
};

// Counts the distinct SplitPartsExpr objects under expressions.
void CollectSplits(const ExprPtr& expr, std::vector<const Expr*>* found) {
  if (dynamic_cast<const SplitPartsExpr*>(expr.get()) != nullptr &&
      std::find(found->begin(), found->end(), expr.get()) == found->end()) {
    found->push_back(expr.get());
  }
  for (const ExprPtr& child : expr->children()) CollectSplits(child, found);
}

TEST_F(LabProgramTest, SelectExprBecomesOneProjectionWithOneSplit) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < kColumns.size(); ++i) parts.push_back(fmt::format("parts[{}] as {}", i, kColumns[i]));
  Relation relation = SelectExpr(Kafka(), {"split(cast(value as string), '\\t') as parts"});
  relation = SelectExpr(std::move(relation), parts);
  relation = WithColumn(std::move(relation), "review_timestamp", CallOf("current_timestamp"));

  const PlanPtr plan = Resolved(relation);
  ASSERT_NE(plan, nullptr);
  ASSERT_EQ(plan->schema->num_fields(), 16);
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(plan->schema->field(i)->name(), kColumns[static_cast<size_t>(i)]);
    EXPECT_TRUE(plan->schema->field(i)->type()->Equals(*StringType()));
    EXPECT_TRUE(plan->schema->field(i)->nullable());
  }
  EXPECT_EQ(plan->schema->field(15)->name(), "review_timestamp");
  EXPECT_TRUE(plan->schema->field(15)->type()->Equals(*TimestampType()));
  EXPECT_FALSE(plan->schema->field(15)->nullable());

  const PlanPtr optimized = Optimize(plan, EvalContext());
  ASSERT_TRUE(optimized->Is<plan::Project>());
  ASSERT_TRUE(optimized->inputs[0]->Is<plan::Scan>()) << Explain(*optimized);
  EXPECT_TRUE(optimized->schema->Equals(*plan->schema));
  EXPECT_EQ(optimized->inputs[0]->Get<plan::Scan>().source.columns, std::vector<int>{1});
  std::vector<const Expr*> splits;
  for (const ExprPtr& expr : optimized->Get<plan::Project>().exprs) CollectSplits(expr, &splits);
  EXPECT_EQ(splits.size(), 1U) << Explain(*optimized);
}

TEST_F(LabProgramTest, NestedWithColumnSplitsOnce) {
  Relation relation = Kafka();
  for (size_t i = 0; i < kColumns.size(); ++i) {
    spark::connect::Expression split = CallOf("split");
    split.mutable_unresolved_function()->add_arguments()->mutable_unresolved_attribute()->set_unparsed_identifier(
        "value");
    split.mutable_unresolved_function()->add_arguments()->mutable_literal()->set_string("\t");
    spark::connect::Expression item;
    *item.mutable_unresolved_extract_value()->mutable_child() = std::move(split);
    item.mutable_unresolved_extract_value()->mutable_extraction()->mutable_literal()->set_integer(static_cast<int>(i));
    spark::connect::Expression cast;
    *cast.mutable_cast()->mutable_expr() = std::move(item);
    cast.mutable_cast()->set_type_str("int");
    relation = WithColumn(std::move(relation), kColumns[i], std::move(cast));
  }
  const PlanPtr plan = Resolved(relation);
  ASSERT_NE(plan, nullptr);
  ASSERT_EQ(plan->schema->num_fields(), 22);
  const PlanPtr optimized = Optimize(plan, EvalContext());
  ASSERT_TRUE(optimized->Is<plan::Project>());
  ASSERT_TRUE(optimized->inputs[0]->Is<plan::Scan>()) << Explain(*optimized);
  std::vector<const Expr*> splits;
  for (const ExprPtr& expr : optimized->Get<plan::Project>().exprs) CollectSplits(expr, &splits);
  EXPECT_EQ(splits.size(), 1U) << Explain(*optimized);
  EXPECT_TRUE(optimized->schema->field(21)->type()->Equals(*arrow::int32()));
}

TEST_F(LabProgramTest, SqlFileGivesTheSamePlan) {
  const std::string text = R"(-- the bronze table
SET spark.sql.session.timeZone = UTC;
CREATE STREAMING TABLE bronze_reviews
USING parquet
LOCATION 's3a://hwe-${CLASS}/${HANDLE}/bronze/reviews'
OPTIONS (checkpointLocation '/tmp/kafka-checkpoint', trigger 'processingTime 10 seconds', queryName 'bronze')
AS SELECT split(cast(value AS string), '\t') AS parts, parts[0] AS marketplace, parts[1] AS customer_id,
          current_timestamp() AS review_timestamp
FROM STREAM read_kafka(bootstrapServers => '${BOOTSTRAP}', subscribe => 'reviews',
                       `kafka.security.protocol` => 'SASL_SSL', maxOffsetsPerTrigger => 1000);
)";
  const auto lookup = [](const std::string& name) -> std::optional<std::string> {
    if (name == "CLASS") return "fall";
    if (name == "HANDLE") return "o'neil";
    if (name == "BOOTSTRAP") return "localhost:9092";
    return std::nullopt;
  };
  Result<SqlFile> file = ParseFileSql(text, "bronze.sql", lookup, Conf());
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  ASSERT_EQ(file->statements.size(), 2U);
  EXPECT_EQ(std::get<SetStatement>(file->statements[0]).value, "UTC");
  const auto& start = std::get<spark::connect::Command>(file->statements[1]).write_stream_operation_start();
  EXPECT_EQ(start.format(), "parquet");
  EXPECT_EQ(start.path(), "s3a://hwe-fall/o'neil/bronze/reviews");
  EXPECT_EQ(start.options().at("checkpointLocation"), "/tmp/kafka-checkpoint");
  EXPECT_EQ(start.processing_time_interval(), "10 seconds");
  EXPECT_EQ(start.query_name(), "bronze");
  EXPECT_EQ(start.output_mode(), "append");
  const PlanPtr plan = Resolved(start.input());
  ASSERT_NE(plan, nullptr);
  EXPECT_TRUE(IsStreaming(*plan));
  const PlanPtr optimized = Optimize(plan, EvalContext());
  const PlanNode& scan = *optimized->inputs[0];
  ASSERT_TRUE(scan.Is<plan::Scan>());
  EXPECT_EQ(scan.Get<plan::Scan>().source.options.at("kafka.bootstrap.servers"), "localhost:9092");
  EXPECT_EQ(scan.Get<plan::Scan>().source.options.at("maxOffsetsPerTrigger"), "1000");
  EXPECT_EQ(scan.Get<plan::Scan>().source.options.at("kafka.security.protocol"), "SASL_SSL");
}

TEST_F(LabProgramTest, AShortLineFailsWithItsPlaceInTheText) {
  Relation relation;
  relation.mutable_sql()->set_query(
      "SELECT key,\n       split(cast(value as string), '\\t')[2] AS third\nFROM STREAM read_kafka(subscribe => 'x')");
  const PlanPtr plan = Resolved(relation);
  ASSERT_NE(plan, nullptr);
  const PlanPtr optimized = Optimize(plan, EvalContext());
  arrow::StringBuilder values;
  ASSERT_TRUE(values.Append("a\tb").ok());
  const auto text = values.Finish().ValueOrDie();
  const auto plain = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("key", arrow::binary()), arrow::field("value", arrow::binary())}), 1,
      {text->View(arrow::binary()).ValueOrDie(), text->View(arrow::binary()).ValueOrDie()});
  const auto batch = ToEngineBatch(plain).ValueOrDie();
  EvalContext context;
  Evaluation evaluation(*batch, context);
  const Status status = evaluation.Eval(optimized->Get<plan::Project>().exprs[1]).status();
  const SparkErrorDetail* error = FindSparkError(status);
  ASSERT_NE(error, nullptr) << status.ToString();
  EXPECT_EQ(error->error_class, "INVALID_ARRAY_INDEX");
  ASSERT_TRUE(error->place.has_value());
  EXPECT_EQ(error->place->line, 2);
  EXPECT_EQ(error->place->column, 8);
  EXPECT_EQ(error->place->fragment, "split(cast(value as string), '\\t')[2]");
  EXPECT_EQ(error->row, 0);
}

}  // namespace
}  // namespace sluice
