// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>

namespace sluice {

// The comment of a column: COMMENT '..' of a DDL text, or "comment" of the metadata of a schema JSON.
std::optional<std::string> ColumnComment(const arrow::Field& field);
// The field with another comment.
std::shared_ptr<arrow::Field> WithColumnComment(const arrow::Field& field, const std::string& comment);

}  // namespace sluice
