// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"

namespace sluice {

class Operator;

namespace service {

// A value of a row of the catalog. Nothing is NULL.
using RecordValue = std::variant<std::optional<std::string>, bool, std::optional<std::vector<std::string>>>;

enum class RecordKind { kText, kBool, kTexts };

struct RecordColumn {
  std::string name;
  RecordKind kind = RecordKind::kText;
  bool nullable = true;
};

// Rows of which each has a value for each column.
Result<std::unique_ptr<Operator>> RecordRows(const std::vector<RecordColumn>& columns,
                                             const std::vector<std::vector<RecordValue>>& rows);

}  // namespace service
}  // namespace sluice
