// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace sluice {

// The folder name that stands for null and for the empty string.
inline constexpr char kNullPartition[] = "__HIVE_DEFAULT_PARTITION__";

// A name or value with %XX for what may not stand in a folder's name, as Spark escapes it; and back.
std::string EscapePathName(std::string_view text);
std::string UnescapePathName(std::string_view text);

// "p=1/q=a%2Fb": the folder of one row. `values` are the partition columns of a slice, `names` theirs.
Result<std::string> PartitionFolder(const std::vector<std::string>& names, const arrow::ArrayVector& values,
                                    int64_t row, const std::string& time_zone);

// "p=1" -> (p, 1); null for kNullPartition. Nothing when it is not of this form.
std::optional<std::pair<std::string, std::optional<std::string>>> ParsePartitionFolder(std::string_view folder);

}  // namespace sluice
