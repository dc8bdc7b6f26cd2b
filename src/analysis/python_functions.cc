// SPDX-License-Identifier: Apache-2.0
#include "analysis/python_functions.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "analysis/connect_types.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

bool IsKnown(int eval) {
  switch (static_cast<PythonEval>(eval)) {
    case PythonEval::kBatched:
    case PythonEval::kArrowBatched:
    case PythonEval::kScalarPandas:
    case PythonEval::kGroupedMapPandas:
    case PythonEval::kGroupedAggPandas:
    case PythonEval::kScalarPandasIter:
    case PythonEval::kMapPandas:
    case PythonEval::kCogroupedMapPandas:
    case PythonEval::kMapArrow:
    case PythonEval::kGroupedMapArrow:
    case PythonEval::kCogroupedMapArrow:
    case PythonEval::kGroupedMapArrowIter:
    case PythonEval::kGroupedMapPandasIter:
    case PythonEval::kGroupedAggPandasIter:
    case PythonEval::kScalarArrow:
    case PythonEval::kScalarArrowIter:
    case PythonEval::kGroupedAggArrow:
    case PythonEval::kGroupedAggArrowIter:
      return true;
  }
  return false;
}

}  // namespace

Result<PythonHome> Catalog::Python() {
  return NotSupported("Python functions need a session.");
}

Result<PlanPtr> Catalog::FindFrame(const std::string& id) {
  return UserError("CONNECT_INVALID_PLAN.DATAFRAME_NOT_FOUND", fmt::format("There is no DataFrame with id {}.", id),
                   {{"dfId", id}, {"sessionId", ""}});
}

Result<std::shared_ptr<const PythonFunction>> PythonFunctionOf(
    const spark::connect::CommonInlineUserDefinedFunction& message, Catalog& catalog) {
  if (!message.has_python_udf()) {
    return NotSupported(fmt::format("The function {} needs a JVM, and Sluice has none.", message.function_name()));
  }
  const auto& udf = message.python_udf();
  if (!IsKnown(udf.eval_type())) {
    return NotSupported(fmt::format("The Python function {} is of the kind {}, which Sluice does not run.",
                                    message.function_name(), udf.eval_type()));
  }
  SLUICE_ASSIGN(PythonHome home, catalog.Python());
  auto function = std::make_shared<PythonFunction>();
  function->name = message.function_name();
  function->eval = static_cast<PythonEval>(udf.eval_type());
  function->command = udf.command();
  function->python_version = udf.python_ver();
  SLUICE_ASSIGN(function->type, TypeFromConnect(udf.output_type()));
  function->deterministic = message.deterministic();
  function->conf = std::move(home.conf);
  function->workers = std::move(home.workers);
  return function;
}

bool IsScalarPython(const PythonFunction& function) {
  switch (function.eval) {
    case PythonEval::kBatched:
    case PythonEval::kArrowBatched:
    case PythonEval::kScalarPandas:
    case PythonEval::kScalarPandasIter:
    case PythonEval::kScalarArrow:
    case PythonEval::kScalarArrowIter:
      return true;
    default:
      return false;
  }
}

bool IsAggregatePython(const PythonFunction& function) {
  switch (function.eval) {
    case PythonEval::kGroupedAggPandas:
    case PythonEval::kGroupedAggPandasIter:
    case PythonEval::kGroupedAggArrow:
    case PythonEval::kGroupedAggArrowIter:
      return true;
    default:
      return false;
  }
}

}  // namespace sluice
