// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <vector>

#include "expr/expr.h"

namespace sluice {

// A condition over rows of `schema` that is true where each partition value can be the name of a folder below `path`,
// and else the error of the row (SLUICE_PARTITION_VALUE): a NUL, or a name longer than the file system takes. In a
// plan it lets such a record be told by its place, or be set aside. Null when no value can be wrong: only texts can.
ExprPtr PartitionCheck(const arrow::Schema& schema, const std::vector<std::string>& columns, const std::string& path);

}  // namespace sluice
