// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "plan/nodes/aggregate.h"
#include "plan/nodes/filter.h"
#include "plan/nodes/generate.h"
#include "plan/nodes/join.h"
#include "plan/nodes/limit.h"
#include "plan/nodes/local_rows.h"
#include "plan/nodes/observe.h"
#include "plan/nodes/project.h"
#include "plan/nodes/python_step.h"
#include "plan/nodes/range.h"
#include "plan/nodes/repartition.h"
#include "plan/nodes/sample.h"
#include "plan/nodes/scan.h"
#include "plan/nodes/sort.h"
#include "plan/nodes/time_window.h"
#include "plan/nodes/union.h"
#include "plan/nodes/watermark.h"
#include "plan/nodes/window.h"

namespace sluice {

// What a node does: every kind of node is here. Their members are described in plan/nodes/node.h.
using PlanOp =
    std::variant<plan::Scan, plan::LocalRows, plan::Range, plan::Project, plan::Filter, plan::Aggregate, plan::Sort,
                 plan::Limit, plan::Repartition, plan::Union, plan::Join, plan::Watermark, plan::TimeWindow,
                 plan::Generate, plan::Window, plan::Sample, plan::Observe, plan::PythonStep>;

// A resolved logical node: a value, immutable and shared once it is part of a plan.
struct PlanNode {
  PlanOp op;
  std::vector<PlanPtr> inputs;
  std::shared_ptr<arrow::Schema> schema;  // of the output, engine types (types/spark_type.h)

  template <typename Op>
  bool Is() const {
    return std::holds_alternative<Op>(op);
  }
  // Null when the node is of another kind.
  template <typename Op>
  const Op* As() const {
    return std::get_if<Op>(&op);
  }
  // Of a node that is of the kind.
  template <typename Op>
  const Op& Get() const {
    return std::get<Op>(op);
  }
  template <typename Op>
  Op& Get() {
    return std::get<Op>(op);
  }
};

inline std::shared_ptr<PlanNode> MakeNode(PlanOp op, std::vector<PlanPtr> inputs,
                                          std::shared_ptr<arrow::Schema> schema) {
  return std::make_shared<PlanNode>(PlanNode{std::move(op), std::move(inputs), std::move(schema)});
}

bool IsStreaming(const PlanNode& node);
// Indented tree, one node a line, without secrets.
std::string Explain(const PlanNode& node);

// Rewrites, one file a rule: folds constants, merges projections, pushes filters and column choice into scans, shares
// equal sub-expressions, turns split(x, d)[i] into one multi-output kernel.
PlanPtr Optimize(const PlanPtr& plan, const EvalContext& context);

}  // namespace sluice
