// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

namespace sluice::fuzz {

const std::vector<Target>& Targets() {
  static const std::vector<Target> targets = {
      {"connect_plan", ConnectPlan}, {"dotenv", Dotenv},          {"jaas", Jaas},       {"json_logs", JsonLogs},
      {"parquet_file", ParquetFile}, {"patterns", Patterns},      {"payload", Payload}, {"s3_reply", S3Reply},
      {"schema_text", SchemaText},   {"split_twins", SplitTwins}, {"sql_text", SqlText}};
  return targets;
}

}  // namespace sluice::fuzz
