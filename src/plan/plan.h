// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "expr/aggregate.h"
#include "expr/expr.h"
#include "plan/scan_condition.h"

namespace sluice {

struct ResolvedSource;
struct PlanNode;
using PlanPtr = std::shared_ptr<const PlanNode>;

enum class PlanKind {
  kScan,
  kLocal,
  kRange,
  kProject,
  kFilter,
  kAggregate,
  kSort,
  kLimit,
  kRepartition,
  kUnion,
  kJoin
};

enum class JoinType { kInner, kLeft, kRight, kFull, kLeftSemi, kLeftAnti };

struct SortKey {
  ExprPtr expr;
  bool ascending = true;
  bool nulls_first = true;
};

// A source named but not opened: format, options, paths and the schema that its connector gave when it was resolved.
struct ScanSpec {
  std::string format;                          // "kafka", "parquet", "rate", ...
  std::map<std::string, std::string> options;  // as the user gave them
  std::vector<std::string> paths;
  bool streaming = false;
  std::vector<int>
      columns;  // indices into the connector's schema that are read, ascending; the node's schema is just these
  std::vector<ScanCondition> conditions;         // rows that do not fulfil all of them may be left out
  bool counts_rows = false;                      // its batch reader can be asked for no column at all
  std::shared_ptr<arrow::Schema> source_schema;  // all that `columns` point into, as it was when the scan was resolved
  std::shared_ptr<ResolvedSource> resolved;      // what the connector found while resolving; opaque here
};

// A resolved logical node: a value, immutable and shared. Fields beyond `kind` have a meaning only for the kind named.
// kUnion has two inputs or more, all with its own schema: their rows one after the other.
struct PlanNode {
  PlanKind kind;
  std::vector<PlanPtr> inputs;
  std::shared_ptr<arrow::Schema> schema;  // of the output, engine types (types/spark_type.h)

  ScanSpec scan;                                           // kScan
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows;   // kLocal
  int64_t range_start = 0, range_end = 0, range_step = 1;  // kRange
  std::vector<ExprPtr> exprs;             // kProject: one a column; kFilter: one; kAggregate: group keys
  std::vector<AggregateCall> aggregates;  // kAggregate: output = keys, then aggregates
  bool deduplicate = false;               // kAggregate: made from DISTINCT or dropDuplicates
  std::vector<SortKey> sort_keys;         // kSort
  std::optional<int64_t> limit;           // kLimit; none: no limit, only an offset
  int64_t offset = 0;                     // kLimit: rows skipped first
  int partitions = 0;                     // kRepartition
  bool shuffle = false;                   // kRepartition: repartition(n), else coalesce(n)
  JoinType join = JoinType::kInner;       // kJoin
  std::vector<bool> null_safe;  // kJoin: for each pair of keys, whether NULL meets NULL; `exprs` has the pairs, left
                                // and right, and then conditions that must all hold, over the columns of both inputs
};

bool IsStreaming(const PlanNode& node);
// Indented tree, one node a line, without secrets.
std::string Explain(const PlanNode& node);

// Rewrites, one file a rule: folds constants, merges projections, pushes filters and column choice into scans, shares
// equal sub-expressions, turns split(x, d)[i] into one multi-output kernel.
PlanPtr Optimize(const PlanPtr& plan, const EvalContext& context);

}  // namespace sluice
