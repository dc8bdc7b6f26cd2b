// SPDX-License-Identifier: Apache-2.0
#include "analysis/python_windows.h"

#include <arrow/api.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "analysis/lower_rows.h"
#include "analysis/python_functions.h"
#include "analysis/row_exprs.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "expr/python_call.h"
#include "python/pickled_call.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPythonWindow = "python_window";

// null: unbounded; a number: rows from the current one; an object: the column of the key at which the frame ends, which
// is put behind `columns`.
Json BoundOf(const FrameBound& bound, bool by_rows, std::vector<ExprPtr>* columns) {
  if (bound.kind != FrameBound::Kind::kOffset) return nullptr;
  if (by_rows) return bound.rows;
  if (bound.value == nullptr) return 0;
  columns->push_back(bound.value);
  return Json{{"column", columns->size() - 1}};
}

Json SchemaOf(const std::vector<ExprPtr>& columns) {
  arrow::FieldVector fields;
  for (const ExprPtr& column : columns) fields.push_back(arrow::field("c", column->type(), true));
  return Json::parse(SchemaToSparkJson(*arrow::schema(std::move(fields))), nullptr, false);
}

// The rows of the partitions one after the other, each in its order.
PlanPtr Sorted(const PlanPtr& input, const plan::Window& window) {
  plan::Sort sort;
  for (const ExprPtr& key : window.partition) sort.keys.push_back({key, true, true});
  sort.keys.insert(sort.keys.end(), window.order.begin(), window.order.end());
  return sort.keys.empty() ? input : MakeNode(std::move(sort), {input}, input->schema);
}

// How many follow, how many are keys, the keys, the values: as workers are told of groups.
std::vector<PythonCall::Argument> GroupColumns(size_t keys, size_t columns) {
  std::vector<PythonCall::Argument> all = {{static_cast<int>(columns) + 1, ""}, {static_cast<int>(keys), ""}};
  for (size_t i = 0; i < columns; ++i) all.push_back({static_cast<int>(i), ""});
  return all;
}

}  // namespace

Result<WrittenPythonAggregate> PythonAggregateOf(const spark::connect::Expression& function, Catalog* catalog) {
  WrittenPythonAggregate written;
  if (function.has_common_inline_user_defined_function()) {
    const auto& call = function.common_inline_user_defined_function();
    SLUICE_ASSIGN(written.function, PythonFunctionOf(call, *catalog));
    written.arguments = call.arguments();
  } else if (function.has_unresolved_function()) {
    written.function = catalog->FindFunction(sql::LowerCase(function.unresolved_function().function_name()));
    written.arguments = function.unresolved_function().arguments();
  } else if (function.has_call_function()) {
    written.function = catalog->FindFunction(sql::LowerCase(function.call_function().function_name()));
    written.arguments = function.call_function().arguments();
  }
  if (written.function == nullptr || IsAggregatePython(*written.function)) return written;
  return UserError("UNSUPPORTED_EXPR_FOR_WINDOW",
                   written.function->name + " is no window function and no aggregate, and takes no OVER.",
                   {{"sqlExpr", "\"" + written.function->name + "\""}});
}

WindowCall PythonWindowCall(std::shared_ptr<const PythonFunction> function, std::vector<ExprPtr> arguments,
                            std::vector<std::string> keywords) {
  WindowCall window;
  window.call.name = kPythonWindow;
  window.call.type = function->type;
  const auto call = std::make_shared<PythonCallExpr>(std::move(function), std::move(arguments), std::move(keywords));
  window.call.display = call->ToString();
  window.call.args = {call};
  return window;
}

bool IsPythonWindow(const WindowCall& window) {
  return window.call.name == kPythonWindow;
}

Result<PlanPtr> PythonWindow(const PlanPtr& input, const plan::Window& window) {
  const WindowCall& written = window.calls.at(0);
  const auto& call = static_cast<const PythonCallExpr&>(*written.call.args.at(0));
  const PythonEval eval = call.function()->eval;
  if (eval != PythonEval::kGroupedAggPandas && eval != PythonEval::kGroupedAggArrow) {
    return NotSupported("A Python aggregate over an iterator takes no OVER in Sluice.");
  }
  const size_t keys = window.partition.size();
  const int width = input->schema->num_fields();
  // Behind the keys: the columns that are passed on, the arguments, and what orders the rows.
  std::vector<ExprPtr> columns;
  for (int i = 0; i < width; ++i) columns.push_back(ColumnOf(*input->schema, i));
  Json told{{"passed", width}, {"rows", written.frame.by_rows}};
  told["pandas"] = eval == PythonEval::kGroupedAggPandas;
  told["lower"] = BoundOf(written.frame.lower, written.frame.by_rows, &columns);
  told["upper"] = BoundOf(written.frame.upper, written.frame.by_rows, &columns);
  told["arguments"] = Json::array();
  for (size_t i = 0; i < call.children().size(); ++i) {
    told["arguments"].push_back({{"column", columns.size()}, {"keyword", call.keywords()[i]}});
    columns.push_back(call.children()[i]);
  }
  told["order"] = Json::array();
  for (const SortKey& key : window.order) {
    told["order"].push_back(
        {{"column", columns.size()}, {"ascending", key.ascending}, {"nullsFirst", key.nulls_first}});
    columns.push_back(key.expr);
  }
  arrow::FieldVector fields = input->schema->fields();
  fields.push_back(arrow::field(written.call.display, written.call.type, true));
  const auto output = arrow::schema(std::move(fields));
  std::vector<ExprPtr> passed(columns.begin(), columns.begin() + width);
  told["input"] = SchemaOf(passed);
  auto function = std::make_shared<PythonFunction>(*call.function());
  function->eval = PythonEval::kGroupedMapArrow;
  function->command = PickledCall("window_aggregate", call.function()->command, told.dump());
  function->type = arrow::struct_(output->fields());
  plan::PythonStep step;
  step.kind = plan::PythonStep::Kind::kGroups;
  step.keys = static_cast<int>(keys);
  columns.insert(columns.begin(), window.partition.begin(), window.partition.end());
  step.calls = {PythonCall{{std::move(function)}, GroupColumns(keys, columns.size())}};
  step.columns = std::move(columns);
  return MakeNode(std::move(step), {Sorted(input, window)}, output);
}

}  // namespace sluice
