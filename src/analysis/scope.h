// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"

namespace sluice {

// A column that expressions may name.
struct ScopeColumn {
  std::string name;
  std::vector<std::string> qualifier;  // {"t"} for FROM .. t; empty when the relation has no name
  ExprPtr value;                       // what a reference becomes, mostly a ColumnExpr
  std::vector<int64_t> plan_ids;       // of the DataFrames that give this very column: df["a"]
};

// The columns that are visible at one place of a plan, in order. A value type.
class Scope {
 public:
  Scope() = default;
  // The columns of a schema, all with one qualifier.
  static Scope Of(const arrow::Schema& schema, const std::vector<std::string>& qualifier = {});

  void Add(ScopeColumn column) { columns_.push_back(std::move(column)); }
  // A column that USING left out, since another one stands for it.
  void AddMerged(ScopeColumn column) { merged_.push_back(std::move(column)); }
  // Whether "t.k", or "t.*" by its target, means such a column.
  bool IsMerged(const std::vector<std::string>& parts) const;
  bool HasMergedOf(const std::vector<std::string>& target) const;
  bool IsMergedOfPlan(int64_t plan_id, const std::vector<std::string>& parts) const;
  const std::vector<ScopeColumn>& columns() const { return columns_; }

  // How many parts of `parts` name a column (the rest are struct fields), and which columns they are. Qualified names
  // are tried first, as in Spark; no columns: nothing found.
  struct Match {
    std::vector<const ScopeColumn*> columns;
    size_t used = 0;
  };
  Match Find(const std::vector<std::string>& parts) const;
  // The same among the columns of a DataFrame.
  Match FindOfPlan(int64_t plan_id, const std::vector<std::string>& parts) const;
  // Notes that a DataFrame gives all columns.
  void AddPlanId(int64_t plan_id);
  // The columns of "t.*"; all of them for an empty target.
  std::vector<const ScopeColumn*> Star(const std::vector<std::string>& target) const;
  // The same columns under another relation name.
  Scope Qualified(const std::vector<std::string>& qualifier) const;

 private:
  std::vector<ScopeColumn> columns_;
  std::vector<ScopeColumn> merged_;  // without values
};

// UNRESOLVED_COLUMN for a name that is not in the scope, with the nearest names as a suggestion.
Status UnresolvedColumn(const std::vector<std::string>& parts, const Scope& scope);
Status AmbiguousReference(const std::vector<std::string>& parts, const std::vector<const ScopeColumn*>& columns);

bool SameName(const std::string& a, const std::string& b);  // without regard to case

}  // namespace sluice
