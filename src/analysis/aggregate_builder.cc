// SPDX-License-Identifier: Apache-2.0
#include "analysis/aggregate_builder.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"

namespace sluice {

int ExprNumbers::Of(const ExprPtr& expr) {
  const auto found = seen_.find(expr.get());
  if (found != seen_.end()) return found->second;
  std::string key = expr->NodeKey();
  const bool comparable = !key.empty() && expr->deterministic();
  key += ":" + expr->type()->ToString();
  for (const ExprPtr& child : expr->children()) key += "," + std::to_string(Of(child));
  int number = next_;
  if (comparable) {
    const auto [place, fresh] = by_key_.emplace(std::move(key), next_);
    number = place->second;
    next_ += fresh ? 1 : 0;
  } else {
    ++next_;
  }
  seen_.emplace(expr.get(), number);
  alive_.push_back(expr);
  return number;
}

OutputExpr::OutputExpr(ExprPtr output, std::string display)
    : Expr(output->type(), output->nullable(), {}), output_(std::move(output)), display_(std::move(display)) {}

Result<std::shared_ptr<arrow::Array>> OutputExpr::EvalImpl(Evaluation&) const {
  return InternalError("a value of an aggregation was evaluated before it: " + display_);
}

ExprPtr OutputExpr::WithChildren(std::vector<ExprPtr>) const {
  return std::make_shared<OutputExpr>(output_, display_);
}

AggregateBuilder::AggregateBuilder(std::vector<ExprPtr> keys, std::vector<std::string> key_names)
    : keys_(std::move(keys)), key_names_(std::move(key_names)) {}

ExprPtr AggregateBuilder::Key(size_t index) const {
  return std::make_shared<ColumnExpr>(static_cast<int>(index), key_names_[index], keys_[index]->type(),
                                      keys_[index]->nullable());
}

ExprPtr AggregateBuilder::AddCall(AggregateCall call) {
  std::string key = fmt::format("{}:{}:{}", call.name, call.distinct, call.filter ? numbers_.Of(call.filter) : -1);
  for (const ExprPtr& arg : call.args) key += "," + std::to_string(numbers_.Of(arg));
  const auto found = std::find(call_keys_.begin(), call_keys_.end(), key);
  const auto index = static_cast<size_t>(found - call_keys_.begin());
  if (found == call_keys_.end()) {
    call_keys_.push_back(std::move(key));
    calls_.push_back(std::move(call));
  }
  const AggregateCall& taken = calls_[index];
  auto column =
      std::make_shared<ColumnExpr>(static_cast<int>(keys_.size() + index), taken.display, taken.type, taken.nullable);
  return std::make_shared<OutputExpr>(std::move(column), taken.display);
}

Result<ExprPtr> AggregateBuilder::Lower(const ExprPtr& expr) {
  std::unordered_map<const Expr*, ExprPtr> done;
  return LowerNode(expr, &done);
}

Result<ExprPtr> AggregateBuilder::LowerNode(const ExprPtr& expr, std::unordered_map<const Expr*, ExprPtr>* done) {
  if (const auto* output = dynamic_cast<const OutputExpr*>(expr.get())) return output->output();
  const auto found = done->find(expr.get());
  if (found != done->end()) return found->second;
  const int number = numbers_.Of(expr);
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (numbers_.Of(keys_[i]) == number) return Key(i);
  }
  if (dynamic_cast<const ColumnExpr*>(expr.get()) != nullptr) {
    const std::string name = expr->ToString();
    if (keys_.empty()) {
      return UserError(
          "MISSING_GROUP_BY",
          fmt::format("The column {} stands beside aggregates, but there is no GROUP BY: add one, or put the "
                      "column into an aggregate such as any_value({}).",
                      name, name));
    }
    return UserError(
        "MISSING_AGGREGATION",
        fmt::format("The column {} is neither a grouping expression nor inside an aggregate: add it to GROUP "
                    "BY, or take any_value({}).",
                    name, name),
        {{"expression", "\"" + name + "\""}, {"expressionAnyValue", "\"any_value(" + name + ")\""}});
  }
  ExprPtr lowered = expr;
  if (!expr->children().empty()) {
    std::vector<ExprPtr> children;
    for (const ExprPtr& child : expr->children()) {
      SLUICE_ASSIGN(ExprPtr changed, LowerNode(child, done));
      children.push_back(std::move(changed));
    }
    lowered = AtPlaceOf(expr->WithChildren(std::move(children)), *expr);
  }
  done->emplace(expr.get(), lowered);
  return lowered;
}

PlanPtr AggregateBuilder::Build(PlanPtr input) const {
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanKind::kAggregate;
  node->inputs = {std::move(input)};
  node->exprs = keys_;
  node->aggregates = calls_;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (size_t i = 0; i < keys_.size(); ++i) {
    fields.push_back(arrow::field(key_names_[i], keys_[i]->type(), keys_[i]->nullable()));
  }
  for (const AggregateCall& call : calls_) fields.push_back(arrow::field(call.display, call.type, call.nullable));
  node->schema = arrow::schema(std::move(fields));
  return node;
}

}  // namespace sluice
