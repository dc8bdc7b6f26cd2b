// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "checkpoint/file_sink_log.h"
#include "connectors/file/file_format.h"
#include "connectors/options.h"
#include "connectors/sink.h"

namespace sluice {

// The options of every sink of files, followed by those of the format.
std::vector<OptionRow> FileSinkOptions(const FileFormat& format);

// What options, settings and schema say about the files of a query. Shared by its tasks, immutable.
struct FileSinkSettings {
  std::shared_ptr<const FileEncoding> encoding;
  std::vector<int> partition_columns;        // inside a slice
  std::vector<std::string> partition_names;  // as in the schema
  int64_t max_records_per_file = 0;          // 0: no limit
  int64_t row_group_bytes = 0;               // input values of a task's open row groups
  std::string time_zone;                     // of timestamps in partition folders
  FileSinkLogOptions log;

  // Of a streaming query; options that its table does not know are refused or told.
  static Result<std::shared_ptr<const FileSinkSettings>> Make(const FileFormat& format, const SinkContext& context);
  // Of a batch write, whose options were checked. There is no log.
  static Result<std::shared_ptr<const FileSinkSettings>> MakeBatch(const FileFormat& format,
                                                                   const SinkContext& context);
};

}  // namespace sluice
