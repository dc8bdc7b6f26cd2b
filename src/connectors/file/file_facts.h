// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <memory>
#include <string>

#include "connectors/file/file_table.h"

namespace sluice {

// What a file tells of itself, as a column of its rows. Readers have it as they have the values in names of folders.
struct FileFact {
  const char* name;
  std::shared_ptr<arrow::DataType> (*type)();
  std::string (*text)(const TableFile& file);
};

// URI, path, name, size and time of change in microseconds since 1970.
const std::array<FileFact, 5>& FileFacts();
// "file:///t/a.csv"
std::string UriOf(const TableFile& file);

// Puts a column for each fact behind those of the table.
void AddFileFacts(ResolvedTable* table);
// Puts the facts behind the values of the file's folders.
void AddFileFacts(TableFile* file);
// The columns without those of the facts, which are the last.
std::shared_ptr<arrow::Schema> WithoutFileFacts(const arrow::Schema& schema);

}  // namespace sluice
