// SPDX-License-Identifier: Apache-2.0
#include "analysis/analyzer.h"

#include "analysis/relation_resolver.h"

namespace sluice {

Analyzer::Analyzer(Catalog& catalog, const Conf& conf) : catalog_(catalog), conf_(conf) {}

Result<PlanPtr> Analyzer::Resolve(const spark::connect::Relation& relation) {
  SLUICE_ASSIGN(ResolvedRelation resolved, RelationResolver(catalog_, conf_).Resolve(relation));
  return resolved.plan;
}

Result<ExprPtr> Analyzer::ResolveOver(const spark::connect::Expression& expression, const PlanPtr& input) {
  const Scope scope = Scope::Of(*input->schema);
  return ExpressionResolver(SessionOptions::Of(conf_), &scope).Resolve(expression);
}

}  // namespace sluice
