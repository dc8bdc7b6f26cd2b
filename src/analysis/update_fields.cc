// SPDX-License-Identifier: Apache-2.0
#include "analysis/update_fields.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <span>
#include <vector>

#include "analysis/name_parts.h"
#include "analysis/scope.h"
#include "analysis/shown_expr.h"
#include "base/spark_error.h"
#include "expr/function_registry.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

ExprPtr Text(const std::string& text) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(text)));
}

Status NoStruct(const Expr& structure) {
  const std::string type = SparkTypeName(*structure.type());
  return UserError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                   fmt::format("A field is set or dropped in a STRUCT, but {} is {}.", structure.ToString(), type),
                   {{"sqlExpr", "\"update_fields(" + structure.ToString() + ")\""},
                    {"paramIndex", "first"},
                    {"requiredType", "\"STRUCT\""},
                    {"inputSql", "\"" + structure.ToString() + "\""},
                    {"inputType", "\"" + type + "\""}});
}

// The fields of the struct as arguments of named_struct, with the change made.
Result<std::vector<ExprPtr>> ChangedFields(const ExprPtr& structure, const std::string& name, const ExprPtr& value,
                                           const SessionOptions& options) {
  std::vector<ExprPtr> fields;
  bool found = false;
  for (const auto& field : structure->type()->fields()) {
    const bool same = SameName(field->name(), name);
    found = found || same;
    if (same && value == nullptr) continue;
    if (same) {
      fields.insert(fields.end(), {Text(name), value});
      continue;
    }
    SLUICE_ASSIGN(ExprPtr kept, ResolveFunction("getitem", {structure, Text(field->name())}, options));
    fields.insert(fields.end(), {Text(field->name()), std::move(kept)});
  }
  if (!found && value != nullptr) fields.insert(fields.end(), {Text(name), value});
  if (!fields.empty()) return fields;
  return UserError("DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS", "A STRUCT keeps one field at least.");
}

Result<ExprPtr> Update(const ExprPtr& structure, std::span<const std::string> path, const ExprPtr& value,
                       const SessionOptions& options) {
  if (structure->type()->id() != arrow::Type::STRUCT) return NoStruct(*structure);
  ExprPtr field = value;
  if (path.size() > 1) {
    SLUICE_ASSIGN(const ExprPtr inner, ResolveFunction("getitem", {structure, Text(path[0])}, options));
    SLUICE_ASSIGN(field, Update(inner, path.subspan(1), value, options));
  }
  SLUICE_ASSIGN(std::vector<ExprPtr> fields, ChangedFields(structure, path[0], field, options));
  SLUICE_ASSIGN(ExprPtr made, ResolveFunction("named_struct", std::move(fields), options));
  if (structure->nullable()) {
    SLUICE_ASSIGN(ExprPtr missing, ResolveFunction("isnull", {structure}, options));
    ExprPtr null = std::make_shared<LiteralExpr>(arrow::MakeNullScalar(made->type()));
    SLUICE_ASSIGN(made, ResolveFunction("if", {std::move(missing), std::move(null), std::move(made)}, options));
  }
  // Spark does not show which field goes.
  const std::string change = field == nullptr ? "dropfield()" : fmt::format("WithField({})", DisplayName(field));
  return std::make_shared<ShownExpr>(std::move(made),
                                     fmt::format("update_fields({}, {})", DisplayName(structure), change));
}

}  // namespace

Result<ExprPtr> UpdateField(const ExprPtr& structure, const std::string& name, const ExprPtr& value,
                            const SessionOptions& options) {
  SLUICE_ASSIGN(const std::vector<std::string> path, ParseNameParts(name));
  return Update(structure, path, value, options);
}

}  // namespace sluice
