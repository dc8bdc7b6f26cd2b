// SPDX-License-Identifier: Apache-2.0
#include "exec/stream_shape.h"

#include <arrow/type.h>

#include <string>
#include <utility>

#include "base/spark_error.h"
#include "plan/python_step.h"

namespace sluice {
namespace {

const char* NameOf(PlanKind kind) {
  switch (kind) {
    case PlanKind::kScan:
      return "a batch read";
    case PlanKind::kLocal:
      return "local rows";
    case PlanKind::kRange:
      return "range";
    case PlanKind::kSort:
      return "a sort";
    case PlanKind::kJoin:
      return "a join";
    case PlanKind::kWindow:
      return "a window function";
    case PlanKind::kSample:
      return "a sample";
    case PlanKind::kPython:
      return "a Python function over groups";
    case PlanKind::kRepartition:
      return "a second repartition or coalesce";
    default:
      return "this operation";
  }
}

PlanPtr WithInput(const PlanNode& node, PlanPtr input) {
  auto copy = std::make_shared<PlanNode>(node);
  copy->inputs[0] = std::move(input);
  return copy;
}

// Whether the rows of a batch can be joined by themselves: not when a table's rows are wanted that no batch has met.
bool JoinsRowByRow(const PlanNode& node) {
  return node.kind == PlanKind::kJoin && IsStreaming(*node.inputs[0]) && !IsStreaming(*node.inputs[1]) &&
         node.join != JoinType::kRight && node.join != JoinType::kFull;
}

bool KeepsState(const PlanNode& node) {
  if (node.kind == PlanKind::kJoin) return IsStreaming(*node.inputs[0]) && IsStreaming(*node.inputs[1]);
  return (node.kind == PlanKind::kAggregate || node.kind == PlanKind::kLimit) && IsStreaming(node);
}

class ShapeMaker {
 public:
  explicit ShapeMaker(StreamingShape* shape) : shape_(shape) {}

  // The branches of a plan. A repartition is noted in the shape where nothing above needs the rows as they are: rows
  // are changed one by one, so it may as well come last. Below a node with state it changes nothing.
  Result<std::vector<StreamBranch>> BranchesOf(const PlanPtr& plan, bool below_union, bool below_state) {
    if (plan->kind == PlanKind::kScan && plan->scan.streaming) {
      shape_->scans.push_back(plan);
      return std::vector<StreamBranch>{{plan, plan, std::nullopt, shape_->scans.size() - 1}};
    }
    if (plan->kind == PlanKind::kRepartition) {
      if (below_state) return BranchesOf(plan->inputs.at(0), below_union, below_state);
      if (below_union) {
        return NotSupported("A streaming query cannot have repartition or coalesce below a union yet.");
      }
      if (shape_->partitions == 0) {
        shape_->partitions = plan->partitions;
        shape_->shuffle = plan->shuffle;
        return BranchesOf(plan->inputs.at(0), below_union, below_state);
      }
    }
    if (plan->kind == PlanKind::kUnion) return UnionOf(*plan, below_state);
    if (KeepsState(*plan)) return StepOf(plan);
    return RowwiseOf(plan, below_union, below_state);
  }

 private:
  Result<std::vector<StreamBranch>> UnionOf(const PlanNode& plan, bool below_state) {
    std::vector<StreamBranch> all;
    for (const PlanPtr& input : plan.inputs) {
      SLUICE_ASSIGN(std::vector<StreamBranch> branches, BranchesOf(input, /*below_union=*/true, below_state));
      all.insert(all.end(), branches.begin(), branches.end());
    }
    return all;
  }

  Result<std::vector<StreamBranch>> StepOf(const PlanPtr& plan) {
    StateStep step{plan, next_id_++, {}};
    for (const PlanPtr& input : plan->inputs) {
      SLUICE_ASSIGN(std::vector<StreamBranch> branches, BranchesOf(input, /*below_union=*/false, /*below_state=*/true));
      step.inputs.push_back(std::move(branches));
    }
    shape_->steps.push_back(std::move(step));
    return std::vector<StreamBranch>{{plan, plan, shape_->steps.size() - 1}};
  }

  Result<std::vector<StreamBranch>> RowwiseOf(const PlanPtr& plan, bool below_union, bool below_state) {
    PlanPtr node = plan;
    if (JoinsRowByRow(*plan)) {
      // By this input the join's table is found: it must be no other join's, as a view that is joined twice would be.
      auto join = std::make_shared<PlanNode>(*plan);
      join->inputs[1] = std::make_shared<PlanNode>(*plan->inputs[1]);
      shape_->joins.push_back(join);
      node = std::move(join);
    } else if (!IsRowwise(*plan)) {
      return NotSupported(std::string("A streaming query cannot have ") + NameOf(plan->kind) + " yet.");
    }
    const size_t watermark = shape_->delays_ms.size();
    if (plan->kind == PlanKind::kWatermark) shape_->delays_ms.push_back(plan->delay_ms);
    SLUICE_ASSIGN(std::vector<StreamBranch> branches, BranchesOf(node->inputs.at(0), below_union, below_state));
    for (StreamBranch& branch : branches) {
      branch.rows = branch.rows == node->inputs[0] ? node : WithInput(*node, std::move(branch.rows));
      if (plan->kind == PlanKind::kWatermark) shape_->watermarks[branch.rows.get()] = watermark;
    }
    return branches;
  }

  StreamingShape* const shape_;
  int64_t next_id_ = 0;
};

// The input of the lowest ORDER BY or LIMIT that stands over a whole result; the plan itself when there is none.
PlanPtr BelowTail(const PlanPtr& plan) {
  PlanPtr below = plan;
  for (PlanPtr node = plan; !node->inputs.empty(); node = node->inputs[0]) {
    if (node->kind == PlanKind::kSort || node->kind == PlanKind::kLimit) below = node->inputs[0];
    if (node->kind != PlanKind::kSort && node->kind != PlanKind::kLimit && node->kind != PlanKind::kProject &&
        node->kind != PlanKind::kFilter) {
      break;
    }
  }
  return below;
}

}  // namespace

bool IsRowwise(const PlanNode& node) {
  if (node.kind == PlanKind::kPython) {
    return PythonStepOf(node).kind == PythonStep::Kind::kColumns ||
           PythonStepOf(node).kind == PythonStep::Kind::kBatches;
  }
  return node.kind == PlanKind::kProject || node.kind == PlanKind::kFilter || node.kind == PlanKind::kWatermark ||
         node.kind == PlanKind::kTimeWindow || node.kind == PlanKind::kGenerate;
}

Result<StreamingShape> ShapeOf(const PlanPtr& plan, OutputMode mode) {
  StreamingShape shape;
  PlanPtr body = plan;
  if (mode == OutputMode::kComplete) {
    body = BelowTail(plan);
    if (body != plan) {
      shape.tail = plan;
      shape.tail_input = body;
    }
  }
  SLUICE_ASSIGN(shape.branches,
                ShapeMaker(&shape).BranchesOf(body, /*below_union=*/false, /*below_state=*/shape.tail != nullptr));
  return shape;
}

}  // namespace sluice
