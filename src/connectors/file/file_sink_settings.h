// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "checkpoint/file_sink_log.h"
#include "connectors/options.h"
#include "connectors/parquet/parquet_writer.h"
#include "connectors/sink.h"

namespace sluice {

// A file sink's options, for the docs and for CheckOptions.
const std::vector<OptionRow>& FileSinkOptions();

// What options, settings and schema say about the files of a query. Shared by its tasks, immutable.
struct FileSinkSettings {
  std::shared_ptr<const ParquetLayout> layout;
  std::vector<int> partition_columns;        // inside a slice
  std::vector<std::string> partition_names;  // as in the schema
  int64_t max_records_per_file = 0;          // 0: no limit
  int64_t row_group_bytes = 0;               // input values of a task's open row groups
  int tasks_at_once = 1;                     // that are open together whatever the threads, and share row_group_bytes
  std::string time_zone;                     // of timestamps in partition folders
  FileSinkLogOptions log;

  static Result<std::shared_ptr<const FileSinkSettings>> Make(const SinkContext& context);
};

}  // namespace sluice
