// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "connectors/file/file_format.h"

namespace sluice {

// Files of JSON records, one a line, or with multiLine one document a file.
extern const FileFormat kJsonFormat;

}  // namespace sluice
