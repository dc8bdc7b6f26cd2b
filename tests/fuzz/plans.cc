// SPDX-License-Identifier: Apache-2.0
#include "plans.h"

#include <arrow/api.h>

#include "analysis/analyzer.h"
#include "analysis/fixed_catalog.h"
#include "check.h"
#include "types/spark_type.h"

namespace sluice::fuzz {
namespace {

std::shared_ptr<arrow::Schema> TableSchema() {
  return arrow::schema(
      {arrow::field("s", StringType()), arrow::field("i", arrow::int32()), arrow::field("l", arrow::int64()),
       arrow::field("d", arrow::float64()), arrow::field("n", arrow::decimal128(10, 2)),
       arrow::field("t", TimestampType()), arrow::field("day", arrow::date32()), arrow::field("b", arrow::boolean()),
       arrow::field("a", ArrayType(StringType(), true)), arrow::field("m", arrow::map(StringType(), arrow::int32())),
       arrow::field("st", arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("y", StringType())}))});
}

std::shared_ptr<arrow::Schema> KafkaSchema() {
  return arrow::schema({arrow::field("key", BinaryType()), arrow::field("value", BinaryType()),
                        arrow::field("topic", StringType()), arrow::field("partition", arrow::int32()),
                        arrow::field("offset", arrow::int64()), arrow::field("timestamp", TimestampType()),
                        arrow::field("timestampType", arrow::int32())});
}

}  // namespace

void AnalyzePlan(const spark::connect::Relation& relation, bool ansi) {
  FixedCatalog catalog;
  catalog.AddFormat("kafka", KafkaSchema());
  catalog.AddFormat("parquet", TableSchema());
  ScanSpec scan;
  scan.format = "parquet";
  catalog.AddView("t", *catalog.ResolveScan(scan, nullptr));
  Conf conf;
  FUZZ_CHECK(conf.Set("spark.sql.ansi.enabled", ansi ? "true" : "false").ok(), "");
  const Result<PlanPtr> plan = Analyzer(catalog, conf).Resolve(relation);
  if (!plan.ok()) return;
  FUZZ_CHECK((*plan)->schema != nullptr, "");
  const PlanPtr optimized = Optimize(*plan, EvalContext{.ansi = ansi});
  FUZZ_CHECK(optimized->schema->num_fields() == (*plan)->schema->num_fields(), Explain(*optimized));
  FUZZ_CHECK(!Explain(*optimized).empty(), "");
}

}  // namespace sluice::fuzz
