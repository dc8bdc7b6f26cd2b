// SPDX-License-Identifier: Apache-2.0
#include "plan/session_windows.h"

#include <arrow/type.h>

#include <utility>

#include "plan/event_time.h"

namespace sluice {

int SessionKeyOf(const PlanNode& node) {
  const std::vector<EventTimeMark> marks = EventTimesOf(*node.inputs.at(0));
  for (size_t i = 0; i < node.exprs.size(); ++i) {
    const auto* column = dynamic_cast<const ColumnExpr*>(node.exprs[i].get());
    if (column != nullptr && marks[static_cast<size_t>(column->index())].session) return static_cast<int>(i);
  }
  return -1;
}

PlanPtr WithMergedSessions(PlanPtr rows, int session, std::vector<ExprPtr> keys) {
  const auto column = [](const arrow::Schema& schema, int index) {
    const auto& field = *schema.field(index);
    return std::make_shared<ColumnExpr>(index, field.name(), field.type(), field.nullable());
  };
  const auto schema = rows->schema;
  const ExprPtr own = column(*schema, session);
  WindowCall call;
  call.call.name = call.call.display = kMergedSession;
  call.call.args = {own};
  call.call.type = own->type();
  call.call.nullable = false;
  auto merged = std::make_shared<PlanNode>();
  merged->kind = PlanKind::kWindow;
  merged->exprs = std::move(keys);
  merged->sort_keys = {{own, /*ascending=*/true, /*nulls_first=*/true}};
  merged->windows = {std::move(call)};
  arrow::FieldVector fields = schema->fields();
  fields.push_back(arrow::field(kMergedSession, own->type(), /*nullable=*/false));
  merged->schema = arrow::schema(std::move(fields));
  merged->inputs = {std::move(rows)};
  auto project = std::make_shared<PlanNode>();
  project->kind = PlanKind::kProject;
  project->schema = schema;
  for (int i = 0; i < schema->num_fields(); ++i) {
    project->exprs.push_back(column(*merged->schema, i == session ? schema->num_fields() : i));
  }
  project->inputs = {std::move(merged)};
  return project;
}

}  // namespace sluice
