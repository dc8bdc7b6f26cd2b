// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "connectors/file/file_format.h"

namespace sluice {

// Files of lines: one column, value STRING.
extern const FileFormat kTextFormat;

}  // namespace sluice
