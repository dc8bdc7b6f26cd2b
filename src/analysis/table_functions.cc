// SPDX-License-Identifier: Apache-2.0
#include "analysis/table_functions.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "analysis/connect_types.h"
#include "analysis/python_functions.h"
#include "analysis/shown_expr.h"
#include "base/spark_error.h"
#include "expr/foldable.h"
#include "plan/plan.h"
#include "python/pickled_call.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;
using spark::connect::Expression;
using spark::connect::SubqueryExpression;

// pyspark's eval types of table functions.
constexpr int kTable = 300;
constexpr int kArrowRowsTable = 301;
constexpr int kArrowTable = 302;

Result<std::shared_ptr<arrow::DataType>> ReturnTypeOf(const spark::connect::DataType& type) {
  if (!type.has_unparsed()) return TypeFromConnect(type);
  SLUICE_ASSIGN(const auto schema, ParseSparkSchema(type.unparsed().data_type_string()));
  return arrow::struct_(schema->fields());
}

Json TypeJson(const std::shared_ptr<arrow::DataType>& type) {
  const Json schema = Json::parse(SchemaToSparkJson(*arrow::schema({arrow::field("t", type)})), nullptr, false);
  return schema["fields"][0]["type"];
}

// One argument of the call, in the order given.
struct Argument {
  std::string keyword;
  ExprPtr value;  // null: the rows of the table
  std::shared_ptr<arrow::DataType> type;
};

// What `analyze` said of a function without a type.
struct Analyzed {
  std::shared_ptr<arrow::DataType> type;
  std::string result;  // pickled, in Base64
  Json said;
};

// A call on its way to a plan.
class Call {
 public:
  Call(const ResolvedRelation& input, const TableFunctionCall& call, const ResolveOptions& options,
       QueryContext* context)
      : input_(input), call_(call), options_(options), context_(context), function_(*call.function) {}

  Result<ResolvedRelation> Resolve() {
    SLUICE_RETURN_IF_ERROR(ResolveArguments());
    analyzed_.type = function_.type;
    if (analyzed_.type == nullptr) SLUICE_RETURN_IF_ERROR(Analyze());
    if (table_ != nullptr) SLUICE_RETURN_IF_ERROR(PlaceTable());
    return Build();
  }

 private:
  Status Failure(const std::string& message) const {
    return UserError("TABLE_VALUED_FUNCTION_FAILED_TO_ANALYZE_IN_PYTHON",
                     fmt::format("Failed to analyze the Python user defined table function: {}", message),
                     {{"msg", message}});
  }

  Status ResolveArguments() {
    ExpressionResolver resolver(options_, &input_.scope, context_->catalog());
    resolver.SetContext(context_);
    for (const Expression& given : *call_.arguments) {
      const bool named = given.has_named_argument_expression();
      const Expression& value = named ? given.named_argument_expression().value() : given;
      Argument argument;
      if (named) argument.keyword = given.named_argument_expression().key();
      const auto& subquery = value.subquery_expression();
      if (value.has_subquery_expression() && subquery.subquery_type() == SubqueryExpression::SUBQUERY_TYPE_TABLE_ARG) {
        SLUICE_RETURN_IF_ERROR(ResolveTable(subquery));
        argument.type = arrow::struct_(table_->schema->fields());
      } else {
        SLUICE_ASSIGN(argument.value, resolver.Resolve(value));
        argument.value = WithoutShown(argument.value);
        argument.type = argument.value->type();
      }
      arguments_.push_back(std::move(argument));
    }
    return Status::OK();
  }

  Status ResolveTable(const SubqueryExpression& subquery) {
    if (table_ != nullptr) {
      return UserError("TABLE_VALUED_FUNCTION_TOO_MANY_TABLE_ARGUMENTS",
                       "There are too many table arguments for table-valued function. It allows one table argument, "
                       "but got: 2.",
                       {{"num", "2"}});
    }
    std::vector<ExprPtr> outer;
    SLUICE_ASSIGN(table_, context_->ResolveReference(subquery.plan_id(), {}, &outer));
    if (!outer.empty())
      return NotSupported("A TABLE argument that names columns around it is not supported by Sluice.");
    const Scope scope = Scope::Of(*table_->schema);
    ExpressionResolver resolver(options_, &scope, context_->catalog());
    const auto& how = subquery.table_arg_options();
    single_ = how.with_single_partition();
    for (const Expression& key : how.partition_spec()) {
      SLUICE_ASSIGN(ExprPtr value, resolver.Resolve(key));
      partition_.push_back(WithoutShown(value));
    }
    for (const auto& given : how.order_spec()) {
      SLUICE_ASSIGN(ExprPtr value, resolver.Resolve(given.child()));
      const bool ascending = given.direction() != Expression::SortOrder::SORT_DIRECTION_DESCENDING;
      const bool nulls_first = given.null_ordering() == Expression::SortOrder::SORT_NULLS_UNSPECIFIED
                                   ? ascending
                                   : given.null_ordering() == Expression::SortOrder::SORT_NULLS_FIRST;
      order_.push_back({WithoutShown(value), ascending, nulls_first});
    }
    return Status::OK();
  }

  Result<ExprPtr> TableColumn(const std::string& name) const {
    for (int i = 0; i < table_->schema->num_fields(); ++i) {
      const auto& field = *table_->schema->field(i);
      if (SameName(field.name(), name)) {
        return std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable());
      }
    }
    return Failure(fmt::format("the static 'analyze' method names the column {}, which the table has not", name));
  }

  // Runs the static method `analyze` and takes what it says of the rows and of how the table is to come.
  Status Analyze() {
    std::vector<ExprPtr> constants;
    Json told;
    told["arguments"] = Json::array();
    for (const Argument& argument : arguments_) {
      const bool constant = argument.value != nullptr && IsFoldable(*argument.value);
      constants.push_back(constant ? argument.value
                                   : std::make_shared<LiteralExpr>(arrow::MakeNullScalar(arrow::null())));
      told["arguments"].push_back({{"type", TypeJson(argument.type)},
                                   {"table", argument.value == nullptr},
                                   {"constant", constant},
                                   {"keyword", argument.keyword}});
    }
    // A batch without columns has no rows.
    constants.push_back(std::make_shared<LiteralExpr>(arrow::MakeScalar(true)));
    told["input"] = SchemaOf(constants);
    const PlanPtr one_row =
        MakeNode(plan::Range{0, 1, 1}, {}, arrow::schema({arrow::field("id", arrow::int64(), false)}));
    const auto output = arrow::schema({arrow::field("text", StringType()), arrow::field("analyzed", StringType())});
    const PlanPtr plan = StepOver(one_row, "analyze_table_function", told, std::move(constants), output);
    const auto collected = context_->catalog()->Collect(plan, 1);
    if (HasErrorClass(collected.status(), "PYTHON_EXCEPTION")) return Failure(collected.status().message());
    SLUICE_RETURN_IF_ERROR(collected.status());
    if (collected->empty()) return Failure("the static 'analyze' method gave nothing");
    const auto& row = *collected->front();
    const auto text = [&](int i) {
      return std::string(static_cast<const arrow::StringViewArray&>(*row.column(i)).GetView(0));
    };
    analyzed_.result = text(1);
    analyzed_.said = Json::parse(text(0), nullptr, false);
    SLUICE_ASSIGN(const auto schema, SchemaFromSparkJson(analyzed_.said["schema"].dump()));
    analyzed_.type = arrow::struct_(schema->fields());
    return table_ == nullptr ? Status::OK() : TakeAnalyzedTable();
  }

  Status TakeAnalyzedTable() {
    const Json& said = analyzed_.said;
    const bool placed = said["single"].get<bool>() || !said["partition"].empty() || !said["order"].empty();
    if (placed && (single_ || !partition_.empty())) {
      return UserError("TABLE_VALUED_FUNCTION_REQUIRED_METADATA_INCOMPATIBLE_WITH_CALL",
                       fmt::format("The table function {} says by 'analyze' how its table comes, and so does the call.",
                                   function_.name),
                       {{"functionName", function_.name}});
    }
    single_ = single_ || said["single"].get<bool>();
    for (const Json& name : said["partition"]) {
      SLUICE_ASSIGN(partition_.emplace_back(), TableColumn(name.get<std::string>()));
    }
    for (const Json& given : said["order"]) {
      SLUICE_ASSIGN(ExprPtr value, TableColumn(given[0].get<std::string>()));
      const bool ascending = given[1].get<bool>();
      order_.push_back({std::move(value), ascending, given[2].is_null() ? ascending : given[2].get<bool>()});
    }
    for (const Json& name : said["select"]) {
      SLUICE_ASSIGN(selected_.emplace_back(), TableColumn(name.get<std::string>()));
    }
    return Status::OK();
  }

  // The rows of a partition come one after the other, in one part.
  Status PlaceTable() {
    if (!order_.empty() && partition_.empty() && !single_) {
      return NotSupported("ORDER BY of a TABLE argument needs PARTITION BY or WITH SINGLE PARTITION.");
    }
    if (partition_.empty() && !single_) return Status::OK();
    const auto schema = table_->schema;
    plan::Sort sort;
    for (const ExprPtr& key : partition_) sort.keys.push_back({key, true, true});
    sort.keys.insert(sort.keys.end(), order_.begin(), order_.end());
    table_ = sort.keys.empty() ? MakeNode(plan::Repartition{}, {std::move(table_)}, schema)
                               : MakeNode(std::move(sort), {std::move(table_)}, schema);
    return Status::OK();
  }

  static Json SchemaOf(const std::vector<ExprPtr>& columns) {
    arrow::FieldVector fields;
    for (const ExprPtr& column : columns) {
      fields.push_back(arrow::field(fmt::format("_{}", fields.size()), column->type(), true));
    }
    return Json::parse(SchemaToSparkJson(*arrow::schema(std::move(fields))), nullptr, false);
  }

  // A step of the worker module's function of this name.
  PlanPtr StepOver(PlanPtr input, const std::string& name, const Json& told, std::vector<ExprPtr> columns,
                   std::shared_ptr<arrow::Schema> output) const {
    auto function = std::make_shared<PythonFunction>(function_);
    function->eval = PythonEval::kMapArrow;
    function->command = PickledCall(name, function_.command, told.dump());
    function->type = arrow::struct_(output->fields());
    plan::PythonStep step;
    step.kind = plan::PythonStep::Kind::kBatches;
    step.columns = std::move(columns);
    step.calls = {PythonCall{{std::move(function)}, {{0, ""}}}};
    return MakeNode(std::move(step), {std::move(input)}, std::move(output));
  }

  Result<ResolvedRelation> Build() {
    const PlanPtr& rows = table_ == nullptr ? input_.plan : table_;
    const int passed = call_.lateral ? rows->schema->num_fields() : 0;
    std::vector<ExprPtr> columns;
    const auto column_of = [&](int i) {
      const auto& field = *rows->schema->field(i);
      return std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable());
    };
    for (int i = 0; i < passed; ++i) columns.push_back(column_of(i));
    Json told = ToldOf(passed, &columns);
    arrow::FieldVector fields(rows->schema->fields().begin(), rows->schema->fields().begin() + passed);
    const auto& made = analyzed_.type->fields();
    fields.insert(fields.end(), made.begin(), made.end());
    told["input"] = SchemaOf(columns);
    const PlanPtr plan = StepOver(rows, "table_function", told, std::move(columns), arrow::schema(fields));
    ResolvedRelation result;
    if (call_.lateral) result.scope = input_.scope;
    for (int i = passed; i < plan->schema->num_fields(); ++i) {
      const auto& field = *plan->schema->field(i);
      result.scope.Add(
          {field.name(), {}, std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()), {}});
    }
    result.plan = plan;
    return result;
  }

  // What the worker is told; adds the columns that it gets behind those that are passed on.
  Json ToldOf(int passed, std::vector<ExprPtr>* columns) const {
    Json told{{"name", function_.name}, {"passed", passed}, {"analyzed", analyzed_.result}};
    told["made"] = Json::parse(SchemaToSparkJson(*arrow::schema(analyzed_.type->fields())), nullptr, false);
    told["pickled"] = static_cast<int>(function_.eval) == kTable;
    told["arrow"] = static_cast<int>(function_.eval) == kArrowTable;
    told["arguments"] = Json::array();
    const auto add = [&](ExprPtr value) {
      columns->push_back(std::move(value));
      return columns->size() - 1;
    };
    for (const Argument& argument : arguments_) {
      Json shown{{"keyword", argument.keyword}};
      if (argument.value != nullptr) {
        shown["column"] = add(argument.value);
      } else {
        AddTableColumns(add, &shown);
      }
      told["arguments"].push_back(std::move(shown));
    }
    told["partition"] = Json::array();
    for (const ExprPtr& key : partition_) told["partition"].push_back(add(key));
    // A batch without columns has no rows.
    if (columns->empty()) add(std::make_shared<LiteralExpr>(arrow::MakeScalar(true)));
    return told;
  }

  template <typename Add>
  void AddTableColumns(const Add& add, Json* shown) const {
    (*shown)["columns"] = Json::array();
    (*shown)["names"] = Json::array();
    std::vector<ExprPtr> columns = selected_;
    for (int i = 0; selected_.empty() && i < table_->schema->num_fields(); ++i) {
      const auto& field = *table_->schema->field(i);
      columns.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
    }
    for (const ExprPtr& column : columns) {
      (*shown)["names"].push_back(static_cast<const ColumnExpr&>(*column).name());
      (*shown)["columns"].push_back(add(column));
    }
  }

  const ResolvedRelation& input_;
  const TableFunctionCall& call_;
  const ResolveOptions options_;
  QueryContext* const context_;
  const PythonFunction& function_;
  std::vector<Argument> arguments_;
  PlanPtr table_;  // null: no argument is a table
  bool single_ = false;
  std::vector<ExprPtr> partition_;
  std::vector<SortKey> order_;
  std::vector<ExprPtr> selected_;
  Analyzed analyzed_;
};

}  // namespace

bool IsTablePython(const PythonFunction& function) {
  const int eval = static_cast<int>(function.eval);
  return eval == kTable || eval == kArrowRowsTable || eval == kArrowTable;
}

Result<std::shared_ptr<const PythonFunction>> TableFunctionOf(
    const spark::connect::CommonInlineUserDefinedTableFunction& message, Catalog& catalog) {
  if (!message.has_python_udtf()) {
    return NotSupported(fmt::format("The table function {} is not one of Python.", message.function_name()));
  }
  const auto& udtf = message.python_udtf();
  SLUICE_ASSIGN(PythonHome home, catalog.Python());
  auto function = std::make_shared<PythonFunction>();
  function->name = message.function_name();
  function->eval = static_cast<PythonEval>(udtf.eval_type());
  if (!IsTablePython(*function)) {
    return NotSupported(fmt::format("The table function {} is of the kind {}, which Sluice does not run.",
                                    message.function_name(), udtf.eval_type()));
  }
  function->command = udtf.command();
  function->python_version = udtf.python_ver();
  if (udtf.has_return_type()) {
    SLUICE_ASSIGN(function->type, ReturnTypeOf(udtf.return_type()));
  }
  if (function->type != nullptr && function->type->id() != arrow::Type::STRUCT) {
    return UserError("UDTF_RETURN_TYPE_MISMATCH",
                     fmt::format("The return type of the table function {} must be a struct.", function->name));
  }
  function->deterministic = message.deterministic();
  function->conf = std::move(home.conf);
  function->workers = std::move(home.workers);
  return function;
}

Result<ResolvedRelation> CallTableFunction(const ResolvedRelation& input, const TableFunctionCall& call,
                                           const ResolveOptions& options, QueryContext* context) {
  if (call.lateral && static_cast<int>(call.function->eval) == kArrowTable) {
    return UserError("LATERAL_JOIN_WITH_ARROW_UDTF_UNSUPPORTED",
                     "LATERAL JOIN with Arrow-optimized user-defined table functions (UDTFs) is not supported.");
  }
  return Call(input, call, options, context).Resolve();
}

ResolvedRelation WithoutHidden(const ResolvedRelation& relation) {
  std::vector<NamedExpr> columns;
  for (const ScopeColumn& column : relation.scope.columns()) columns.push_back({column.name, column.value, {}});
  ResolvedRelation result;
  result.plan = MakeProject(relation.plan, columns);
  result.scope = Scope::Of(*result.plan->schema);
  return result;
}

}  // namespace sluice
