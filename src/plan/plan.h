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
#include "plan/row_makers.h"
#include "plan/scan_condition.h"
#include "plan/window.h"

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
  kJoin,
  kWatermark,
  kTimeWindow,
  kGenerate,
  kWindow,
  kSample,
  kPython  // its one expression is the step (plan/python_step.h)
};

// The last three come from subqueries. kLeftAntiNullAware is NOT IN: a NULL on either side rules a left row out.
// kExistence gives each left row once with a BOOLEAN: whether it has a partner. kLeftSingle is a left join that fails
// when a row has two partners.
enum class JoinType { kInner, kLeft, kRight, kFull, kLeftSemi, kLeftAnti, kLeftAntiNullAware, kExistence, kLeftSingle };

// The windows that a time lies in: of `length_us`, one beginning each `slide_us`, shifted by `start_us`. Microseconds.
struct TimeWindow {
  int64_t length_us = 0;  // 0: a session, which lasts as long as its row says
  int64_t slide_us = 0;
  int64_t start_us = 0;
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
// kUnion has two inputs or more, all with its own schema: their rows one after the other. kTimeWindow gives a row for
// each window of an input row, with the window as a last column; kWatermark passes rows on.
struct PlanNode {
  PlanKind kind;
  std::vector<PlanPtr> inputs;
  std::shared_ptr<arrow::Schema> schema;  // of the output, engine types (types/spark_type.h)

  ScanSpec scan;                                           // kScan
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows;   // kLocal
  int64_t range_start = 0, range_end = 0, range_step = 1;  // kRange
  std::vector<ExprPtr> exprs;             // kProject: one a column; kFilter: one; kAggregate: group keys;
                                          // kGenerate: the generator's arguments; kWindow: PARTITION BY
  std::vector<AggregateCall> aggregates;  // kAggregate: output = keys, then aggregates
  bool deduplicate = false;               // kAggregate: made from DISTINCT or dropDuplicates
  bool within_watermark = false;          // kAggregate: dropDuplicatesWithinWatermark
  std::vector<SortKey> sort_keys;         // kSort; kWindow: ORDER BY
  std::optional<int64_t> limit;           // kLimit; none: no limit, only an offset
  int64_t offset = 0;                     // kLimit: rows skipped first
  bool last_rows = false;                 // kLimit: the last `limit` rows instead of the first
  int partitions = 0;                     // kRepartition
  bool shuffle = false;                   // kRepartition: repartition(n), else coalesce(n)
  JoinType join = JoinType::kInner;       // kJoin
  std::vector<bool> null_safe;  // kJoin: for each pair of keys, whether NULL meets NULL; `exprs` has the pairs, left
                                // and right, and then conditions that must all hold, over the columns of both inputs
  int64_t delay_ms = 0;         // kWatermark: how late rows may come; `exprs` has the column of the event time
  TimeWindow window;            // kTimeWindow: `exprs` has the time and, of sessions, their end
  GeneratorSpec generator;      // kGenerate: output = kept columns, then the generated ones
  std::vector<WindowCall> windows;  // kWindow: output = the input's columns, then one a call
  SampleSpec sample;                // kSample
};

bool IsStreaming(const PlanNode& node);
// Whether the join's output has no column of its right input.
bool GivesLeftOnly(JoinType type);
// Indented tree, one node a line, without secrets.
std::string Explain(const PlanNode& node);

// Rewrites, one file a rule: folds constants, merges projections, pushes filters and column choice into scans, shares
// equal sub-expressions, turns split(x, d)[i] into one multi-output kernel.
PlanPtr Optimize(const PlanPtr& plan, const EvalContext& context);

}  // namespace sluice
