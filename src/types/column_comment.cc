// SPDX-License-Identifier: Apache-2.0
#include "types/column_comment.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <nlohmann/json.hpp>

namespace sluice {

std::optional<std::string> ColumnComment(const arrow::Field& field) {
  if (field.metadata() == nullptr) return std::nullopt;
  if (auto comment = field.metadata()->Get("comment"); comment.ok()) return comment.MoveValueUnsafe();
  // As types/schema_json.cc keeps what came with a schema.
  const auto kept = field.metadata()->Get("spark.metadata");
  if (!kept.ok()) return std::nullopt;
  const auto json = nlohmann::json::parse(*kept, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("comment") || !json["comment"].is_string()) return std::nullopt;
  return json["comment"].get<std::string>();
}

std::shared_ptr<arrow::Field> WithColumnComment(const arrow::Field& field, const std::string& comment) {
  return field.WithMergedMetadata(arrow::key_value_metadata({"comment"}, {comment}));
}

}  // namespace sluice
