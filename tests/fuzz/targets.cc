// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

namespace sluice::fuzz {

const std::vector<Target>& Targets() {
  // A log entry of a megabyte may become objects of JSON, each larger than its text.
  // A bomb of 256 KiB may be as many values of JSON.
  constexpr Budget kLog{.cpu_ms = 5'000, .bytes = 128LL << 20};
  static const std::vector<Target> targets = {
      {"bad_records", BadRecords, kLog, true},
      {"connect_plan", ConnectPlan},
      {"connect_request", ConnectRequest},
      {"dotenv", Dotenv, kLog, true},
      {"jaas", Jaas},
      {"json_logs", JsonLogs, kLog, true},
      {"parquet_file", ParquetFile},
      {"parquet_shape", ParquetShape},
      {"patterns", Patterns},
      {"payload", Payload},
      {"s3_reply", S3Reply},
      {"schema_text", SchemaText},
      {"split_twins", SplitTwins},
      {"sql_text", SqlText},
      {"text_files", TextFiles, kLog, true},
      {"state_file", StateFile},
      {"text_records", TextRecords, kLog, true},
  };
  return targets;
}

}  // namespace sluice::fuzz
