// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/status.h"

namespace sluice {

// A STRING column as it comes back from Java Strings (types/utf8_repair.h): the column itself when every value is
// UTF-8, else one that shares its buffers, at the same indexes, and has the repaired values in buffers of its own.
// Columns of other types come back as they are.
Result<std::shared_ptr<arrow::Array>> RepairedText(const std::shared_ptr<arrow::Array>& column,
                                                   arrow::MemoryPool* pool);

}  // namespace sluice
