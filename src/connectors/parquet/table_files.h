// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "conf/conf.h"
#include "env/env.h"

namespace sluice {

// One data file of a table.
struct TableFile {
  std::shared_ptr<FileSystem> fs;
  std::string path;
  int64_t size = 0;
  std::vector<std::optional<std::string>> partition;  // by TableFiles::partition_names
};

// The files of a table, by path, and the columns that their folders stand for.
struct TableFiles {
  std::vector<TableFile> files;
  std::vector<std::string> partition_names;
};

// The files behind "file or folder" paths. A folder with a sink log (_spark_metadata) holds what the log names, others
// what a listing shows, less names that begin with _ or . as in Spark. PATH_NOT_FOUND when there is nothing.
Result<TableFiles> ListTableFiles(Env* env, const Conf& conf, const std::vector<std::string>& paths);

// The type that fits all values of a partition column, as Spark infers it: INT, BIGINT, DOUBLE, DATE, TIMESTAMP or
// STRING.
std::shared_ptr<arrow::DataType> InferPartitionType(const std::vector<std::optional<std::string>>& values);

}  // namespace sluice
