// SPDX-License-Identifier: Apache-2.0
#include "exec/python_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <cstdlib>

#include "base/spark_error.h"
#include "plan/plan.h"
#include "python/pickled_call.h"
#include "types/spark_batch.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kBatchRows = 10'000;

bool TakesWholeRows(PythonEval eval) {
  switch (eval) {
    case PythonEval::kGroupedMapPandas:
    case PythonEval::kGroupedMapPandasIter:
    case PythonEval::kMapPandas:
    case PythonEval::kMapArrow:
    case PythonEval::kGroupedMapArrow:
    case PythonEval::kGroupedMapArrowIter:
    case PythonEval::kCogroupedMapPandas:
    case PythonEval::kCogroupedMapArrow:
      return true;
    default:
      return false;
  }
}

// Functions of batches, and of groups in Arrow, get their rows in one struct; those of groups in pandas side by side.
bool WrapsInStruct(PythonEval eval) {
  switch (eval) {
    case PythonEval::kMapPandas:
    case PythonEval::kMapArrow:
    case PythonEval::kGroupedMapArrow:
    case PythonEval::kGroupedMapArrowIter:
      return true;
    default:
      return false;
  }
}

int64_t BatchRowsOf(const PythonFunction& function) {
  const auto found = function.conf.find("spark.sql.execution.arrow.maxRecordsPerBatch");
  const int64_t rows = found == function.conf.end() ? 0 : std::strtoll(found->second.c_str(), nullptr, 10);
  return rows > 0 ? rows : kBatchRows;
}

Status WrongTypes(const arrow::Schema& wanted, const arrow::Schema& got) {
  const auto text = [](const arrow::Schema& schema) {
    std::string list;
    for (const auto& field : schema.fields()) {
      list += (list.empty() ? "" : ", ") + SparkTypeName(*field->type());
    }
    return list;
  };
  return UserError("ARROW_TYPE_MISMATCH",
                   fmt::format("Invalid schema from a Python function: expected {}, got {}.", text(wanted), text(got)),
                   {{"operation", "a Python function"}, {"outputTypes", text(wanted)}, {"actualDataTypes", text(got)}});
}

}  // namespace

PythonRows::PythonRows(const PlanNode& node, std::vector<ExprPtr> exprs, EvalContext context)
    : exprs_(std::move(exprs)),
      context_(std::move(context)),
      whole_rows_(TakesWholeRows(node.Get<plan::PythonStep>().calls[0].functions[0]->eval)),
      first_(node.Get<plan::PythonStep>().calls[0].functions[0]),
      batch_rows_(BatchRowsOf(*first_)) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const ExprPtr& expr : exprs_) {
    std::string name = fmt::format("_{}", fields.size());
    if (whole_rows_) {
      const auto* column = dynamic_cast<const ColumnExpr*>(expr.get());
      name = column == nullptr ? expr->ToString() : column->name();
    }
    fields.push_back(arrow::field(std::move(name), expr->type(), expr->nullable()));
  }
  schema_ = arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> PythonRows::Evaluate(const arrow::RecordBatch& slice) const {
  Evaluation evaluation(slice, context_);
  SLUICE_ASSIGN(auto columns, evaluation.EvalAll(exprs_));
  return arrow::RecordBatch::Make(schema_, slice.num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> PythonRows::ForWorker(
    const std::shared_ptr<arrow::RecordBatch>& columns) const {
  SLUICE_ASSIGN(auto rows, ToSparkBatch(columns, *schema_, context_.time_zone));
  if (!WrapsInStruct(first_->eval)) return rows;
  auto whole =
      std::make_shared<arrow::StructArray>(arrow::struct_(rows->schema()->fields()), rows->num_rows(), rows->columns());
  const auto schema = arrow::schema({arrow::field("_0", whole->type(), false)});
  return arrow::RecordBatch::Make(schema, rows->num_rows(), {std::move(whole)});
}

Result<std::shared_ptr<arrow::RecordBatch>> PythonRows::FromWorker(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                                   const std::shared_ptr<arrow::Schema>& wanted) const {
  std::shared_ptr<arrow::RecordBatch> flat = rows;
  if (whole_rows_ && rows->num_columns() == 1 && rows->column(0)->type_id() == arrow::Type::STRUCT) {
    const auto& whole = static_cast<const arrow::StructArray&>(*rows->column(0));
    SLUICE_ASSIGN(auto fields, whole.Flatten());
    flat = arrow::RecordBatch::Make(arrow::schema(whole.type()->fields()), rows->num_rows(), std::move(fields));
  }
  // What another process sends is not believed.
  SLUICE_RETURN_IF_ERROR(flat->ValidateFull());
  SLUICE_ASSIGN(const auto own, ToEngineBatch(flat));
  if (own->num_columns() != wanted->num_fields()) return WrongTypes(*wanted, *own->schema());
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < wanted->num_fields(); ++i) {
    const auto& type = wanted->field(i)->type();
    if (!SameSparkType(*own->column(i)->type(), *type)) return WrongTypes(*wanted, *own->schema());
    columns.push_back(own->column(i)->type()->Equals(*type) ? own->column(i) : Retyped(*own->column(i), type));
  }
  return arrow::RecordBatch::Make(wanted, own->num_rows(), std::move(columns));
}

namespace {

// A function that a client registers comes as one whose rows are pickled one by one. It runs as the others do, and its
// results are made into what Spark makes of pickled ones.
void MakeArrowBatched(PythonCall* call) {
  for (size_t i = 0; i < call->functions.size(); ++i) {
    auto function = std::make_shared<PythonFunction>(*call->functions[i]);
    function->eval = PythonEval::kArrowBatched;
    if (i + 1 == call->functions.size()) {
      function->command = PickledCall("batched", function->command, "");
    }
    call->functions[i] = std::move(function);
  }
}

}  // namespace

PythonTaskSpec PythonRows::TaskOf(std::vector<PythonCall> calls) const {
  const bool pickled = first_->eval == PythonEval::kBatched;
  if (pickled) {
    for (PythonCall& call : calls) MakeArrowBatched(&call);
  }
  PythonTaskSpec spec;
  spec.workers = first_->workers;
  spec.calls = std::move(calls);
  spec.conf = first_->conf;
  spec.conf["spark.sql.session.timeZone"] = context_.time_zone;
  if (pickled || first_->eval == PythonEval::kArrowBatched) spec.input_type = SchemaToSparkJson(*schema_);
  spec.cancelled = context_.cancelled;
  return spec;
}

}  // namespace sluice
