// SPDX-License-Identifier: Apache-2.0
#include "analysis/analyzer.h"

#include "analysis/lower_rows.h"
#include "analysis/relation_context.h"
#include "base/spark_error.h"

namespace sluice {

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Catalog::Collect(const PlanPtr&, int64_t) {
  return NotSupported("A query that must be run to know its columns (a pivot without values) is not supported here.");
}

Analyzer::Analyzer(Catalog& catalog, const Conf& conf) : catalog_(catalog), conf_(conf) {}

Result<PlanPtr> Analyzer::Resolve(const spark::connect::Relation& relation) {
  SLUICE_ASSIGN(ResolvedRelation resolved, RelationContext(catalog_, conf_).Resolve(relation));
  SLUICE_RETURN_IF_ERROR(CheckObservationNames(*resolved.plan));
  return LowerRowExprs(resolved.plan, SessionOptions::Of(conf_));
}

Result<ExprPtr> Analyzer::ResolveOver(const spark::connect::Expression& expression, const PlanPtr& input) {
  const Scope scope = Scope::Of(*input->schema);
  return ExpressionResolver(SessionOptions::Of(conf_), &scope, &catalog_).Resolve(expression);
}

}  // namespace sluice
