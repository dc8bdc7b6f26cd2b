// SPDX-License-Identifier: Apache-2.0
#include "plan/session_windows.h"

#include <arrow/type.h>

#include <utility>

#include "plan/event_time.h"

namespace sluice {

int SessionKeyOf(const PlanNode& node) {
  const std::vector<EventTimeMark> marks = EventTimesOf(*node.inputs.at(0));
  const std::vector<ExprPtr>& keys = node.Get<plan::Aggregate>().keys;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto* column = dynamic_cast<const ColumnExpr*>(keys[i].get());
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
  plan::Window merged{std::move(keys), {{own, /*ascending=*/true, /*nulls_first=*/true}}, {std::move(call)}};
  arrow::FieldVector fields = schema->fields();
  fields.push_back(arrow::field(kMergedSession, own->type(), /*nullable=*/false));
  auto wider = arrow::schema(std::move(fields));
  std::vector<ExprPtr> columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    columns.push_back(column(*wider, i == session ? schema->num_fields() : i));
  }
  PlanPtr node = MakeNode(std::move(merged), {std::move(rows)}, std::move(wider));
  return MakeProject(std::move(node), std::move(columns), schema);
}

}  // namespace sluice
