// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "connectors/file/file_format.h"

namespace sluice {

// CSV files, read and written as Spark with univocity-parsers does.
extern const FileFormat kCsvFormat;

}  // namespace sluice
