// SPDX-License-Identifier: Apache-2.0
#include "analysis/aggregate_builder.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "expr/function_registry.h"

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
                                      keys_[index]->nullable() || !sets_.empty());
}

void AggregateBuilder::GroupBySets(std::vector<std::vector<bool>> sets) {
  sets_ = std::move(sets);
}

std::vector<int64_t> AggregateBuilder::IdsOfSets() const {
  std::vector<int64_t> ids;
  for (const std::vector<bool>& set : sets_) {
    int64_t id = 0;
    for (const bool inside : set) id = id * 2 + (inside ? 0 : 1);
    ids.push_back(id);
  }
  return ids;
}

bool AggregateBuilder::RepeatsSets() const {
  std::vector<int64_t> ids = IdsOfSets();
  std::sort(ids.begin(), ids.end());
  return std::adjacent_find(ids.begin(), ids.end()) != ids.end();
}

ExprPtr AggregateBuilder::GroupingId() const {
  return std::make_shared<ColumnExpr>(static_cast<int>(keys_.size()), "spark_grouping_id", arrow::int64(), false);
}

// By the sets that lack the key: their ids are few.
Result<ExprPtr> AggregateBuilder::Grouping(const ExprPtr& expr, const SessionOptions& options) {
  const int number = numbers_.Of(expr);
  const auto key =
      std::find_if(keys_.begin(), keys_.end(), [&](const ExprPtr& one) { return numbers_.Of(one) == number; });
  if (key == keys_.end()) return ExprPtr();
  const auto place = static_cast<size_t>(key - keys_.begin());
  const std::vector<int64_t> ids = IdsOfSets();
  std::vector<ExprPtr> args = {GroupingId()};
  for (size_t i = 0; i < sets_.size(); ++i) {
    if (!sets_[i][place]) args.push_back(std::make_shared<LiteralExpr>(std::make_shared<arrow::Int64Scalar>(ids[i])));
  }
  if (args.size() == 1) return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int8Scalar>(0));
  SLUICE_ASSIGN(ExprPtr outside, ResolveFunction("in", std::move(args), options));
  return MakeCast(std::move(outside), arrow::int8(), CastMode::kAnsi);
}

bool AggregateBuilder::AreKeys(const std::vector<ExprPtr>& exprs) {
  if (exprs.size() != keys_.size()) return false;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (numbers_.Of(exprs[i]) != numbers_.Of(keys_[i])) return false;
  }
  return true;
}

// Each row once for each set, with its keys and the set's id behind its own columns.
PlanPtr AggregateBuilder::Expanded(PlanPtr input) const {
  plan::Generate node;
  node.generator.kind = GeneratorKind::kStack;
  node.generator.stack_rows = static_cast<int>(sets_.size());
  arrow::FieldVector fields = input->schema->fields();
  for (int i = 0; i < input->schema->num_fields(); ++i) node.generator.kept.push_back(i);
  for (size_t i = 0; i < keys_.size(); ++i) fields.push_back(arrow::field(key_names_[i], keys_[i]->type()));
  fields.push_back(arrow::field("spark_grouping_id", arrow::int64(), false));
  if (RepeatsSets()) fields.push_back(arrow::field("set", arrow::int64(), false));
  const std::vector<int64_t> ids = IdsOfSets();
  const auto number = [](int64_t value) {
    return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int64Scalar>(value));
  };
  for (size_t set = 0; set < sets_.size(); ++set) {
    for (size_t i = 0; i < keys_.size(); ++i) {
      node.arguments.push_back(sets_[set][i] ? keys_[i]
                                             : std::make_shared<LiteralExpr>(arrow::MakeNullScalar(keys_[i]->type())));
    }
    node.arguments.push_back(number(ids[set]));
    if (RepeatsSets()) node.arguments.push_back(number(static_cast<int64_t>(set)));
  }
  return MakeNode(std::move(node), {std::move(input)}, arrow::schema(std::move(fields)));
}

ExprPtr AggregateBuilder::AddCall(AggregateCall call) {
  std::string key = fmt::format("{}:{}:{}", call.name, call.distinct, call.filter ? numbers_.Of(call.filter) : -1);
  for (const ExprPtr& arg : call.args) key += "," + std::to_string(numbers_.Of(arg));
  const auto found = std::find(call_keys_.begin(), call_keys_.end(), key);
  const auto index = static_cast<size_t>(found - call_keys_.begin());
  if (found == call_keys_.end()) {
    call_keys_.push_back(std::move(key));
    calls_.push_back(std::move(call));
    python_.emplace_back();
    keywords_.emplace_back();
  }
  const AggregateCall& taken = calls_[index];
  auto column = std::make_shared<ColumnExpr>(static_cast<int>(keys_.size() + set_columns() + index), taken.display,
                                             taken.type, taken.nullable);
  return std::make_shared<OutputExpr>(std::move(column), taken.display);
}

ExprPtr AggregateBuilder::AddPythonCall(AggregateCall call, std::shared_ptr<const PythonFunction> function,
                                        std::vector<std::string> keywords) {
  const size_t before = calls_.size();
  ExprPtr output = AddCall(std::move(call));
  if (calls_.size() > before) {
    python_.back() = std::move(function);
    keywords_.back() = std::move(keywords);
  }
  return output;
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
  plan::Aggregate node;
  node.calls = calls_;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  if (sets_.empty()) {
    node.keys = keys_;
    for (size_t i = 0; i < keys_.size(); ++i) {
      fields.push_back(arrow::field(key_names_[i], keys_[i]->type(), keys_[i]->nullable()));
    }
  } else {
    const int width = input->schema->num_fields();
    input = Expanded(std::move(input));
    for (int i = width; i < input->schema->num_fields(); ++i) {
      const auto& field = input->schema->field(i);
      node.keys.push_back(std::make_shared<ColumnExpr>(i, field->name(), field->type(), field->nullable()));
      fields.push_back(field);
    }
  }
  for (const AggregateCall& call : calls_) fields.push_back(arrow::field(call.display, call.type, call.nullable));
  auto schema = arrow::schema(std::move(fields));
  if (!python_.empty() && python_[0] != nullptr) return BuildPython(std::move(input), std::move(schema));
  return MakeNode(std::move(node), {std::move(input)}, std::move(schema));
}

// Workers get the rows group by group: sorted by the keys, which stand in front of the arguments.
PlanPtr AggregateBuilder::BuildPython(PlanPtr input, std::shared_ptr<arrow::Schema> output) const {
  std::vector<ExprPtr> values = keys_;
  plan::PythonStep step;
  step.kind = plan::PythonStep::Kind::kAggregate;
  step.keys = static_cast<int>(keys_.size());
  for (size_t i = 0; i < calls_.size(); ++i) {
    PythonCall call;
    call.functions = {python_[i]};
    for (size_t j = 0; j < calls_[i].args.size(); ++j) {
      call.arguments.push_back({static_cast<int>(values.size()), keywords_[i][j]});
      values.push_back(calls_[i].args[j]);
    }
    step.calls.push_back(std::move(call));
  }
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<SortKey> order;
  for (const ExprPtr& value : values) {
    const std::string name = fmt::format("_{}", fields.size());
    step.columns.push_back(
        std::make_shared<ColumnExpr>(static_cast<int>(fields.size()), name, value->type(), value->nullable()));
    fields.push_back(arrow::field(name, value->type(), value->nullable()));
  }
  const auto schema = arrow::schema(std::move(fields));
  PlanPtr rows = MakeProject(std::move(input), std::move(values), schema);
  for (size_t i = 0; i < keys_.size(); ++i) order.push_back({step.columns[i], true, true});
  if (!order.empty()) rows = MakeNode(plan::Sort{std::move(order)}, {std::move(rows)}, schema);
  return MakeNode(std::move(step), {std::move(rows)}, std::move(output));
}

}  // namespace sluice
