// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/join.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"
#include "plan/rewrite.h"
#include "plan/stream_join.h"

namespace sluice {
namespace {

const char* NameOf(JoinType type) {
  switch (type) {
    case JoinType::kInner:
      return "Inner";
    case JoinType::kLeft:
      return "Left";
    case JoinType::kRight:
      return "Right";
    case JoinType::kFull:
      return "Full";
    case JoinType::kLeftSemi:
      return "LeftSemi";
    case JoinType::kLeftAnti:
      return "LeftAnti";
    case JoinType::kLeftAntiNullAware:
      return "LeftAntiNullAware";
    case JoinType::kExistence:
      return "Existence";
    case JoinType::kLeftSingle:
      return "LeftSingle";
  }
  return "?";
}

// A join of two streams keeps what its inputs give: no more than it needs, as in Spark.
Pruned PruneStream(const PlanPtr& input, const std::vector<bool>& needed) {
  Pruned pruned = Prune(input, needed);
  std::vector<bool> given(static_cast<size_t>(pruned.plan->schema->num_fields()), false);
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) given[static_cast<size_t>(static_cast<const ColumnExpr*>(pruned.columns[i].get())->index())] = true;
  }
  if (given == std::vector<bool>(given.size(), true)) return pruned;
  std::vector<ExprPtr> exprs = KeepItems(Unchanged(pruned.plan).columns, given);
  std::vector<ExprPtr> places;
  auto schema = KeepFields(*pruned.plan->schema, given, &places);
  for (ExprPtr& column : pruned.columns) {
    if (column != nullptr) column = places[static_cast<size_t>(static_cast<const ColumnExpr&>(*column).index())];
  }
  pruned.plan = MakeProject(std::move(pruned.plan), std::move(exprs), std::move(schema));
  return pruned;
}

// Where the columns of both inputs are in the two inputs' pruned columns.
std::vector<ExprPtr> PlacesOf(const Pruned& left, const Pruned& right) {
  const int shift = left.plan->schema->num_fields();
  std::vector<ExprPtr> places = left.columns;
  for (const ExprPtr& column : right.columns) {
    const auto* kept = static_cast<const ColumnExpr*>(column.get());
    places.push_back(kept == nullptr ? nullptr
                                     : std::make_shared<ColumnExpr>(kept->index() + shift, kept->name(), kept->type(),
                                                                    kept->nullable()));
  }
  return places;
}

// What an input could not leave out is given on as well: the fields follow the inputs. `first`: the side's first column
// among those of the join as it was.
void GiveSide(const arrow::Schema& schema, const Pruned& side, size_t first, arrow::FieldVector* fields,
              std::vector<ExprPtr>* columns) {
  const size_t base = fields->size();
  for (const auto& field : side.plan->schema->fields()) fields->push_back(field->WithNullable(true));
  for (size_t i = 0; i < side.columns.size(); ++i) {
    const auto* kept = static_cast<const ColumnExpr*>(side.columns[i].get());
    if (kept == nullptr) {
      columns->push_back(nullptr);
      continue;
    }
    const size_t at = base + static_cast<size_t>(kept->index());
    const auto& field = schema.field(static_cast<int>(first + i));
    (*fields)[at] = field;
    columns->push_back(ColumnAt(static_cast<int>(at), *field));
  }
}

}  // namespace

bool GivesLeftOnly(JoinType type) {
  return type == JoinType::kLeftSemi || type == JoinType::kLeftAnti || type == JoinType::kLeftAntiNullAware ||
         type == JoinType::kExistence;
}

namespace plan {

void Join::VisitExpressions(const ExprVisitor& visit) {
  for (JoinKey& key : keys) {
    visit(key.left);
    visit(key.right);
  }
  for (ExprPtr& condition : conditions) visit(condition);
}

std::string Join::Line(const arrow::Schema& /*output*/) const {
  std::vector<std::string> parts;
  for (const JoinKey& key : keys) {
    parts.push_back(fmt::format("{} {} {}", Shown(key.left), key.null_safe ? "<=>" : "=", Shown(key.right)));
  }
  for (const ExprPtr& condition : conditions) parts.push_back(Shown(condition));
  return fmt::format("{}Join [{}]", NameOf(type), Listed(parts));
}

// Keys and conditions are over both inputs' columns, and so is the output, but for semi and anti joins.
Pruned Join::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  const auto left_width = static_cast<size_t>(node->inputs[0]->schema->num_fields());
  const bool left_only = GivesLeftOnly(type);
  std::vector<bool> both = std::move(needed);
  if (left_only) both.resize(left_width);
  both.resize(left_width + static_cast<size_t>(node->inputs[1]->schema->num_fields()), false);
  for (const ExprPtr& expr : ExpressionsOf(*node)) MarkColumns(expr, &both);
  const auto middle = both.begin() + static_cast<std::ptrdiff_t>(left_width);
  const auto prune = JoinsStreams(*node) ? PruneStream : [](const PlanPtr& input, const std::vector<bool>& columns) {
    return sluice::Prune(input, columns);
  };
  const Pruned left = prune(node->inputs[0], std::vector<bool>(both.begin(), middle));
  const Pruned right = prune(node->inputs[1], std::vector<bool>(middle, both.end()));
  Pruned pruned;
  arrow::FieldVector fields;
  GiveSide(*node->schema, left, 0, &fields, &pruned.columns);
  if (!left_only) GiveSide(*node->schema, right, left_width, &fields, &pruned.columns);
  if (type == JoinType::kExistence) {
    pruned.columns.push_back(ColumnAt(static_cast<int>(fields.size()), *node->schema->fields().back()));
    fields.push_back(node->schema->fields().back());
  }
  Join join = *this;
  const std::vector<ExprPtr> places = PlacesOf(left, right);
  join.VisitExpressions([&](ExprPtr& expr) { expr = SubstituteColumns(expr, places); });
  pruned.plan = MakeNode(std::move(join), {left.plan, right.plan}, arrow::schema(std::move(fields)));
  return pruned;
}

std::vector<EventTimeMark> Join::EventTimes(const PlanNode& node) const {
  std::vector<EventTimeMark> marks = EventTimesOf(*node.inputs[0]);
  for (const EventTimeMark& mark : EventTimesOf(*node.inputs[1])) marks.push_back(mark);
  marks.resize(static_cast<size_t>(node.schema->num_fields()));
  return marks;
}

}  // namespace plan
}  // namespace sluice
