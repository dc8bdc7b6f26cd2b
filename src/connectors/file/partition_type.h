// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// The type that fits all values of a partition column, as Spark infers it: INT, BIGINT, DECIMAL of whole numbers,
// DOUBLE, DATE, TIMESTAMP or STRING. Without a value STRING.
std::shared_ptr<arrow::DataType> InferPartitionType(const std::vector<std::optional<std::string>>& values);

// The value of a folder's name in the column's type; NULL for nothing.
Result<std::shared_ptr<arrow::Scalar>> PartitionValue(const std::optional<std::string>& text,
                                                      const std::shared_ptr<arrow::DataType>& type,
                                                      const std::string& time_zone);

}  // namespace sluice
