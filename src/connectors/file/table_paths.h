// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"

namespace sluice {

// The files that a table's sink log names, as paths below the table's folder. A log that names anything else is
// damaged: whoever could write into the folder would otherwise choose what is read or deleted elsewhere. The folder
// itself may be spelled in the log in another way than here (s3:// or s3a://, a symbolic link that leads to it). One
// thread at a time.
class TablePaths {
 public:
  explicit TablePaths(Location table) : table_(std::move(table)) {}

  // The path of the file that an entry names by `uri`. SLUICE_SINK_LOG_DAMAGED when it is not below the table's folder,
  // or has "." or ".." in it.
  Result<std::string> PathOf(const std::string& uri);

 private:
  Location table_;
  std::vector<std::string> other_spellings_;  // of the table's folder
};

// The path inside a file system that a URI of a sink log names: "file:///a%20b" -> "/a b", "s3a://b/k" -> "b/k".
std::string PathOfUri(const std::string& uri);

}  // namespace sluice
