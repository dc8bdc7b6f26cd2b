// SPDX-License-Identifier: Apache-2.0
#include "exec/stream_shape.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/spark_error.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

const char* NameOf(const PlanNode& node) {
  if (node.Is<plan::Scan>()) return "a batch read";
  if (node.Is<plan::LocalRows>()) return "local rows";
  if (node.Is<plan::Range>()) return "range";
  if (node.Is<plan::Sort>()) return "a sort";
  if (node.Is<plan::Join>()) return "a join";
  if (node.Is<plan::Window>()) return "a window function";
  if (node.Is<plan::Sample>()) return "a sample";
  if (node.Is<plan::PythonStep>()) return "a Python function over groups";
  if (node.Is<plan::Repartition>()) return "a second repartition or coalesce";
  return "this operation";
}

PlanPtr WithInput(const PlanNode& node, PlanPtr input) {
  auto copy = std::make_shared<PlanNode>(node);
  copy->inputs[0] = std::move(input);
  return copy;
}

// Whether the rows of a batch can be joined by themselves: not when a table's rows are wanted that no batch has met.
bool JoinsRowByRow(const PlanNode& node) {
  const auto* join = node.As<plan::Join>();
  return join != nullptr && IsStreaming(*node.inputs[0]) && !IsStreaming(*node.inputs[1]) &&
         join->type != JoinType::kRight && join->type != JoinType::kFull;
}

bool KeepsState(const PlanNode& node) {
  if (node.Is<plan::Join>()) return IsStreaming(*node.inputs[0]) && IsStreaming(*node.inputs[1]);
  return (node.Is<plan::Aggregate>() || node.Is<plan::Limit>()) && IsStreaming(node);
}

class ShapeMaker {
 public:
  explicit ShapeMaker(StreamingShape* shape) : shape_(shape) {}

  // The branches of a plan. A repartition is noted in the shape where nothing above needs the rows as they are: rows
  // are changed one by one, so it may as well come last. Below a node with state it changes nothing.
  Result<std::vector<StreamBranch>> BranchesOf(const PlanPtr& plan, bool below_union, bool below_state) {
    if (const auto* scan = plan->As<plan::Scan>(); scan != nullptr && scan->source.streaming) {
      shape_->scans.push_back(plan);
      return std::vector<StreamBranch>{{plan, plan, std::nullopt, shape_->scans.size() - 1}};
    }
    if (const auto* repartition = plan->As<plan::Repartition>()) {
      if (below_state) return BranchesOf(plan->inputs.at(0), below_union, below_state);
      if (below_union) {
        return NotSupported("A streaming query cannot have repartition or coalesce below a union yet.");
      }
      if (!repartitioned_) return BelowRepartition(*repartition, plan->inputs.at(0));
    }
    if (plan->Is<plan::Union>()) return UnionOf(*plan, below_state);
    if (KeepsState(*plan)) return StepOf(plan);
    return RowwiseOf(plan, below_union, below_state);
  }

 private:
  Result<std::vector<StreamBranch>> BelowRepartition(const plan::Repartition& repartition, const PlanPtr& input) {
    if (repartition.kind == plan::Repartition::Kind::kByRange) {
      return NotSupported("A streaming query cannot have repartitionByRange yet.");
    }
    repartitioned_ = true;
    SLUICE_ASSIGN(auto branches, BranchesOf(input, /*below_union=*/false, /*below_state=*/false));
    shape_->repartition = repartition;
    return branches;
  }

  // The keys of a repartition below the node, as columns of the node's output.
  Status LiftKeys(const PlanNode& node) {
    if (!shape_->repartition || shape_->repartition->keys.empty()) return Status::OK();
    if (node.Is<plan::Filter>() || node.Is<plan::Watermark>() || node.Is<plan::Observe>()) return Status::OK();
    const auto* project = node.As<plan::Project>();
    std::vector<ExprPtr> places(static_cast<size_t>(node.inputs[0]->schema->num_fields()));
    for (size_t i = 0; project != nullptr && i < project->exprs.size(); ++i) {
      const auto* column = dynamic_cast<const ColumnExpr*>(project->exprs[i].get());
      if (column == nullptr) continue;
      places[static_cast<size_t>(column->index())] =
          std::make_shared<ColumnExpr>(static_cast<int>(i), column->name(), column->type(), column->nullable());
    }
    for (SortKey& key : shape_->repartition->keys) {
      std::vector<bool> used(places.size(), false);
      MarkColumns(key.expr, &used);
      for (size_t i = 0; i < used.size(); ++i) {
        if (!used[i] || places[i] != nullptr) continue;
        return NotSupported(fmt::format(
            "A streaming query can repartition by columns that it keeps as they are up to the sink; {} is none.",
            node.inputs[0]->schema->field(static_cast<int>(i))->name()));
      }
      key.expr = SubstituteColumns(key.expr, places);
    }
    return Status::OK();
  }

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
      return NotSupported(std::string("A streaming query cannot have ") + NameOf(*plan) + " yet.");
    }
    const size_t watermark = shape_->delays_ms.size();
    const auto* marked = plan->As<plan::Watermark>();
    if (marked != nullptr) shape_->delays_ms.push_back(marked->delay_ms);
    SLUICE_ASSIGN(std::vector<StreamBranch> branches, BranchesOf(node->inputs.at(0), below_union, below_state));
    SLUICE_RETURN_IF_ERROR(LiftKeys(*plan));
    for (StreamBranch& branch : branches) {
      branch.rows = branch.rows == node->inputs[0] ? node : WithInput(*node, std::move(branch.rows));
      if (marked != nullptr) shape_->watermarks[branch.rows.get()] = watermark;
    }
    return branches;
  }

  StreamingShape* const shape_;
  int64_t next_id_ = 0;
  bool repartitioned_ = false;
};

// The input of the lowest ORDER BY or LIMIT that stands over a whole result; the plan itself when there is none.
PlanPtr BelowTail(const PlanPtr& plan) {
  PlanPtr below = plan;
  for (PlanPtr node = plan; !node->inputs.empty(); node = node->inputs[0]) {
    const bool is_tail = node->Is<plan::Sort>() || node->Is<plan::Limit>();
    if (is_tail) below = node->inputs[0];
    if (!is_tail && !node->Is<plan::Project>() && !node->Is<plan::Filter>() && !node->Is<plan::Observe>()) break;
  }
  return below;
}

}  // namespace

bool IsRowwise(const PlanNode& node) {
  if (const auto* step = node.As<plan::PythonStep>()) {
    return step->kind == plan::PythonStep::Kind::kColumns || step->kind == plan::PythonStep::Kind::kBatches;
  }
  return node.Is<plan::Project>() || node.Is<plan::Filter>() || node.Is<plan::Watermark>() ||
         node.Is<plan::TimeWindow>() || node.Is<plan::Generate>() || node.Is<plan::Observe>();
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
