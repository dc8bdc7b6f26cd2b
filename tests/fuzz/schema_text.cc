// SPDX-License-Identifier: Apache-2.0
// Types as DDL and as Spark's schema JSON (table footers, from_json, schema() of readers).
#include <arrow/api.h>

#include "check.h"
#include "targets.h"
#include "types/spark_type.h"

namespace sluice::fuzz {

void SchemaText(std::string_view input) {
  const std::string text(input);
  if (const auto type = ParseSparkType(text); type.ok()) {
    const std::string shown = SparkSimpleString(**type);
    FUZZ_CHECK(!shown.empty(), text);
  }
  (void)ParseSparkSchema(text);
  const auto schema = SchemaFromSparkJson(text);
  if (!schema.ok()) return;
  const std::string written = SchemaToSparkJson(**schema);
  const auto again = SchemaFromSparkJson(written);
  FUZZ_CHECK(again.ok(), again.status().ToString() + "\n" + written);
  FUZZ_CHECK(SchemaToSparkJson(**again) == written, written);
}

}  // namespace sluice::fuzz
