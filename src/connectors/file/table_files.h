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
  int64_t modified_ms = 0;                            // since 1970 UTC
  std::string log;                                    // the folder of the sink log that names it; empty: none does
};

// The files of a table, by path, and the columns that their folders stand for.
struct TableFiles {
  std::vector<TableFile> files;
  std::vector<std::string> partition_names;
};

// What of the files that a path names is of the table.
struct ListingOptions {
  std::optional<std::string> name_pattern;  // of the files' names, with wildcards; none: all
  bool recursive = false;                   // files of all folders below, and no folder stands for a column
};

// The files behind "file or folder" paths, in which wildcards may stand (file/path_pattern.h). A folder with a sink log
// (_spark_metadata) holds what the log names, others what a listing shows, less names that begin with _ or . as in
// Spark. Folders named "column=value" are columns, and where there are any, files beside them are not of the table;
// without any, sub-folders are not. PATH_NOT_FOUND when there is nothing.
Result<TableFiles> ListTableFiles(Env* env, const Conf& conf, const std::vector<std::string>& paths,
                                  const ListingOptions& options = {});

}  // namespace sluice
