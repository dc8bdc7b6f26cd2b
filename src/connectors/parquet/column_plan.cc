// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/column_plan.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/types.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "base/spark_error.h"
#include "connectors/parquet/parquet_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using parquet::schema::GroupNode;
using parquet::schema::Node;
using parquet::schema::PrimitiveNode;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

int LeafCount(const Node& node) {
  if (node.is_primitive()) return 1;
  int count = 0;
  const auto& group = static_cast<const GroupNode&>(node);
  for (int i = 0; i < group.field_count(); ++i) count += LeafCount(*group.field(i));
  return count;
}

// A place in the file's schema: the levels above a node, and the number of its first leaf.
struct Place {
  int16_t definition = 0;
  int16_t repetition = 0;
  int leaf = 0;

  Place Below(int leaves_before) const { return {definition, repetition, leaf + leaves_before}; }
};

class Planner {
 public:
  Planner(const arrow::Field& column, const PlannedFile& file) : column_(column), file_(file) {}

  // A node with its own repetition: NULL or not, or a list without a group around it.
  Result<ColumnPlan> Plan(const Node& node, Place place, const std::shared_ptr<arrow::DataType>& wanted) {
    if (node.is_repeated()) {
      if (wanted->id() != arrow::Type::LIST) return Mismatch(node, *wanted);
      ColumnPlan plan = Begin(ColumnPlan::Kind::kList, place, wanted);
      return PlanElements(node, place, std::move(plan));
    }
    if (node.is_optional()) ++place.definition;
    return PlanValue(node, place, wanted);
  }

 private:
  // A node whose own repetition is in `place` already.
  Result<ColumnPlan> PlanValue(const Node& node, Place place, const std::shared_ptr<arrow::DataType>& wanted) {
    if (wanted->id() == arrow::Type::NA) return ColumnPlan{ColumnPlan::Kind::kMissing, wanted};
    if (node.is_primitive()) return PlanPrimitive(static_cast<const PrimitiveNode&>(node), place, wanted);
    const auto& group = static_cast<const GroupNode&>(node);
    switch (wanted->id()) {
      case arrow::Type::LIST:
        return IsListGroup(node) ? PlanList(group, place, wanted) : Mismatch(node, *wanted);
      case arrow::Type::MAP:
        return IsMapGroup(node) ? PlanMap(group, place, wanted) : Mismatch(node, *wanted);
      case arrow::Type::STRUCT:
        return IsListGroup(node) || IsMapGroup(node) ? Mismatch(node, *wanted) : PlanStruct(group, place, wanted);
      default:
        return Mismatch(node, *wanted);
    }
  }

  static ColumnPlan Begin(ColumnPlan::Kind kind, const Place& place, const std::shared_ptr<arrow::DataType>& wanted) {
    ColumnPlan plan;
    plan.kind = kind;
    plan.type = wanted;
    plan.present = place.definition;
    plan.leaf = place.leaf;
    return plan;
  }

  Result<ColumnPlan> PlanPrimitive(const PrimitiveNode& node, const Place& place,
                                   const std::shared_ptr<arrow::DataType>& wanted) {
    ColumnPlan plan = Begin(ColumnPlan::Kind::kLeaf, place, wanted);
    auto values = PlanLeaf(node, wanted, file_.calendar);
    if (!values) return Mismatch(node, *wanted);
    plan.values = std::move(*values);
    return plan;
  }

  Result<ColumnPlan> PlanStruct(const GroupNode& group, const Place& place,
                                const std::shared_ptr<arrow::DataType>& wanted) {
    ColumnPlan plan = Begin(ColumnPlan::Kind::kStruct, place, wanted);
    const GroupFields fields(group);
    if (fields.leaves() == 0) return Mismatch(group, *wanted);
    std::optional<int> telling;  // the leaf of the first child that is there
    for (const auto& field : wanted->fields()) {
      SLUICE_ASSIGN(const int index, fields.Find(field->name(), file_.path));
      if (index < 0) {
        plan.children.push_back({ColumnPlan::Kind::kMissing, field->type()});
        continue;
      }
      SLUICE_ASSIGN(auto child, Plan(*group.field(index), place.Below(fields.FirstLeafOf(index)), field->type()));
      if (!telling && child.leaf >= 0) telling = child.leaf;
      plan.children.push_back(std::move(child));
    }
    plan.leaf = telling.value_or(plan.leaf);
    return plan;
  }

  // The elements of a list whose repeated node is `repeated`, and is the element itself.
  Result<ColumnPlan> PlanElements(const Node& repeated, Place place, ColumnPlan plan) {
    plan.repetition = ++place.repetition;
    plan.filled = ++place.definition;
    SLUICE_ASSIGN(auto element, PlanValue(repeated, place, plan.type->field(0)->type()));
    return WithElement(std::move(plan), std::move(element));
  }

  static ColumnPlan WithElement(ColumnPlan plan, ColumnPlan element) {
    if (element.leaf >= 0) plan.leaf = element.leaf;
    plan.children.push_back(std::move(element));
    return plan;
  }

  Result<ColumnPlan> PlanList(const GroupNode& group, Place place, const std::shared_ptr<arrow::DataType>& wanted) {
    ColumnPlan plan = Begin(ColumnPlan::Kind::kList, place, wanted);
    bool own = false;
    const Node* element = ElementOf(group, &own);
    if (own) return PlanElements(*element, place, std::move(plan));
    plan.repetition = ++place.repetition;
    plan.filled = ++place.definition;
    SLUICE_ASSIGN(auto child, Plan(*element, place, wanted->field(0)->type()));
    return WithElement(std::move(plan), std::move(child));
  }

  Result<ColumnPlan> PlanMap(const GroupNode& group, Place place, const std::shared_ptr<arrow::DataType>& wanted) {
    ColumnPlan plan = Begin(ColumnPlan::Kind::kMap, place, wanted);
    const auto& pair = static_cast<const GroupNode&>(*group.field(0));
    const auto& map = static_cast<const arrow::MapType&>(*wanted);
    plan.repetition = ++place.repetition;
    plan.filled = ++place.definition;
    SLUICE_ASSIGN(auto key, Plan(*pair.field(0), place, map.key_type()));
    SLUICE_ASSIGN(auto value, Plan(*pair.field(1), place.Below(LeafCount(*pair.field(0))), map.item_type()));
    if (key.leaf >= 0) plan.leaf = key.leaf;
    plan.children.push_back(std::move(key));
    plan.children.push_back(std::move(value));
    return plan;
  }

  Status Mismatch(const Node& node, const arrow::DataType& wanted) const {
    const std::string stored = ParquetTypeText(node);
    return EnvironmentError(
        "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
        fmt::format("The column {} of {} cannot be read as {}, which it is in the table: it has the Parquet type {}{}.",
                    column_.name(), file_.path, SparkTypeName(wanted), stored,
                    node.name() == column_.name() ? "" : fmt::format(" (at {})", node.name())),
        false,
        {{"path", file_.path},
         {"column", column_.name()},
         {"expectedType", SparkTypeName(wanted)},
         {"actualType", stored}});
  }

  const arrow::Field& column_;
  const PlannedFile& file_;
};

void AddLeaves(const ColumnPlan& plan, std::vector<int>* leaves) {
  if (plan.leaf >= 0) leaves->push_back(plan.leaf);
  for (const ColumnPlan& child : plan.children) AddLeaves(child, leaves);
}

}  // namespace

GroupFields::GroupFields(const GroupNode& group) : group_(group) {
  first_leaves_.reserve(static_cast<size_t>(group.field_count()) + 1);
  first_leaves_.push_back(0);
  for (int i = 0; i < group.field_count(); ++i) {
    const auto [at, is_new] = by_name_.try_emplace(Lower(group.field(i)->name()), i, -1);
    if (!is_new) at->second.second = i;
    first_leaves_.push_back(first_leaves_.back() + LeafCount(*group.field(i)));
  }
}

Result<int> GroupFields::Find(const std::string& name, const std::string& path) const {
  const auto found = by_name_.find(Lower(name));
  if (found == by_name_.end()) return -1;
  const auto [first, second] = found->second;
  if (second < 0) return first;
  return EnvironmentError(
      "FAILED_READ_FILE.NO_HINT",
      fmt::format("The file {} has the fields {} and {}, which differ only in case: it is not known "
                  "which of them the column {} is.",
                  path, group_.field(first)->name(), group_.field(second)->name(), name),
      false, {{"path", path}, {"column", name}});
}

Result<ColumnPlan> PlanColumn(const GroupNode& root, const GroupFields& fields, int field, const arrow::Field& wanted,
                              const PlannedFile& file) {
  return Planner(wanted, file).Plan(*root.field(field), {0, 0, fields.FirstLeafOf(field)}, wanted.type());
}

std::vector<int> LeavesOf(const ColumnPlan& plan) {
  std::vector<int> leaves;
  AddLeaves(plan, &leaves);
  std::sort(leaves.begin(), leaves.end());
  leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
  return leaves;
}

bool IsListGroup(const Node& node) {
  if (!node.is_group() || !node.logical_type()->is_list()) return false;
  const auto& group = static_cast<const GroupNode&>(node);
  return group.field_count() == 1 && group.field(0)->is_repeated() && LeafCount(*group.field(0)) > 0;
}

bool IsMapGroup(const Node& node) {
  const bool is_map = node.is_group() &&
                      (node.logical_type()->is_map() || node.converted_type() == parquet::ConvertedType::MAP_KEY_VALUE);
  if (!is_map) return false;
  const auto& group = static_cast<const GroupNode&>(node);
  if (group.field_count() != 1 || !group.field(0)->is_repeated() || !group.field(0)->is_group()) return false;
  return static_cast<const GroupNode&>(*group.field(0)).field_count() == 2;
}

const Node* ElementOf(const GroupNode& list, bool* own) {
  const Node& repeated = *list.field(0);
  *own = true;
  if (repeated.is_primitive()) return &repeated;
  const auto& group = static_cast<const GroupNode&>(repeated);
  if (group.field_count() != 1 || repeated.name() == "array" || repeated.name() == list.name() + "_tuple")
    return &repeated;
  if (group.field(0)->is_repeated()) return &repeated;
  *own = false;
  return group.field(0).get();
}

}  // namespace sluice
