// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <string>

#include "analysis/catalog.h"
#include "conf/conf.h"
#include "plan/plan.h"

namespace sluice {

// Turns unresolved plans (Spark Connect messages) into resolved ones: finds names and functions, adds Spark's implicit
// casts, checks types. Errors are Spark's (UNRESOLVED_COLUMN.WITH_SUGGESTION ...) with the place in the SQL text where
// there is one. A value for one request; the catalog must outlive it. One thread at a time.
class Analyzer {
 public:
  Analyzer(Catalog& catalog, const Conf& conf);

  // Any relation, `sql` included. show_string and html_string resolve to their input: printing is the service's.
  Result<PlanPtr> Resolve(const spark::connect::Relation& relation);
  // An expression over the columns of a plan (df.filter strings, foreachBatch conditions, tests).
  Result<ExprPtr> ResolveOver(const spark::connect::Expression& expression, const PlanPtr& input);

 private:
  Catalog& catalog_;
  const Conf& conf_;
};

}  // namespace sluice
