// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "analysis/relations.h"
#include "analysis/sort_keys.h"
#include "base/spark_error.h"
#include "expr/expr.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Kind = plan::Repartition::Kind;

Status CheckPartitions(int partitions) {
  if (partitions > 0) return Status::OK();
  return UserError("INVALID_PARAMETER_VALUE.SLUICE_PARTITIONS",
                   fmt::format("Number of partitions ({}) must be positive.", partitions));
}

// repartitionById: rows are told where to go.
Status CheckPartitionId(const Expr& id) {
  if (id.type()->id() == arrow::Type::INT32) return Status::OK();
  const std::string name = fmt::format("\"{}\"", id.ToString());
  const std::string type = fmt::format("\"{}\"", SparkTypeName(*id.type()));
  return UserError(
      "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
      fmt::format("Cannot resolve \"direct_shuffle_partition_id({})\" due to data type mismatch: The first parameter "
                  "requires the \"INT\" type, however {} has the type {}.",
                  id.ToString(), name, type),
      {{"sqlExpr", fmt::format("\"direct_shuffle_partition_id({})\"", id.ToString())},
       {"paramIndex", "first"},
       {"requiredType", "\"INT\""},
       {"inputSql", name},
       {"inputType", type}});
}

Result<SortKey> ResolveKey(ExpressionResolver& resolver, const spark::connect::Expression& expression) {
  if (expression.has_sort_order()) {
    SLUICE_ASSIGN(ExprPtr value, resolver.Resolve(expression.sort_order().child()));
    return SortKeyOf(expression.sort_order(), std::move(value));
  }
  const bool by_id = expression.has_direct_shuffle_partition_id();
  SLUICE_ASSIGN(ExprPtr value, resolver.Resolve(by_id ? expression.direct_shuffle_partition_id().child() : expression));
  if (by_id) SLUICE_RETURN_IF_ERROR(CheckPartitionId(*value));
  return SortKey{std::move(value), true, true};
}

Kind KindOf(const spark::connect::Expression& first) {
  if (first.has_direct_shuffle_partition_id()) return Kind::kById;
  return first.has_sort_order() ? Kind::kByRange : Kind::kByKeys;
}

}  // namespace

Result<ResolvedRelation> ResolveRepartition(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Repartition& repartition = relation.repartition();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(repartition.input()));
  SLUICE_RETURN_IF_ERROR(CheckPartitions(repartition.num_partitions()));
  plan::Repartition moved{repartition.shuffle() ? Kind::kInTurn : Kind::kCoalesce, repartition.num_partitions(), {}};
  input.plan = MakeNode(std::move(moved), {input.plan}, input.plan->schema);
  input.block = nullptr;
  return input;
}

// Without a number Spark's adaptive execution makes one partition of what is small: so there is one.
Result<ResolvedRelation> ResolveRepartitionByExpression(RelationContext& context,
                                                        const spark::connect::Relation& relation) {
  const spark::connect::RepartitionByExpression& repartition = relation.repartition_by_expression();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(repartition.input()));
  plan::Repartition moved{Kind::kInTurn, repartition.has_num_partitions() ? repartition.num_partitions() : 1, {}};
  SLUICE_RETURN_IF_ERROR(CheckPartitions(moved.partitions));
  ExpressionResolver resolver = context.Over(&input.scope);
  for (const auto& expression : repartition.partition_exprs()) {
    const Kind kind = KindOf(expression);
    if (moved.keys.empty()) moved.kind = kind;
    if (kind != moved.kind) {
      return UserError("INVALID_PARAMETER_VALUE.SLUICE_PARTITIONS",
                       "The columns of a repartition must all have an order, or none of them.");
    }
    SLUICE_ASSIGN(SortKey key, ResolveKey(resolver, expression));
    moved.keys.push_back(std::move(key));
  }
  if (moved.kind == Kind::kByRange) SLUICE_RETURN_IF_ERROR(CheckOrderable(moved.keys));
  input.plan = MakeNode(std::move(moved), {input.plan}, input.plan->schema);
  input.block = nullptr;
  return input;
}

}  // namespace sluice
