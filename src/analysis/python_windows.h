// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/expressions.pb.h>

#include <memory>
#include <string>
#include <vector>

#include "analysis/catalog.h"
#include "plan/plan.h"
#include "python/python_function.h"

namespace sluice {

// The Python aggregate that stands before OVER with its arguments; its function is null for other calls.
struct WrittenPythonAggregate {
  std::shared_ptr<const PythonFunction> function;
  google::protobuf::RepeatedPtrField<spark::connect::Expression> arguments;
};
Result<WrittenPythonAggregate> PythonAggregateOf(const spark::connect::Expression& function, Catalog* catalog);

// A Python aggregate as the call of a window function, until LowerWindows makes a step of it.
WindowCall PythonWindowCall(std::shared_ptr<const PythonFunction> function, std::vector<ExprPtr> arguments,
                            std::vector<std::string> keywords);
bool IsPythonWindow(const WindowCall& window);

// The rows of `input` with the value of the one call of `window`, as a last column.
Result<PlanPtr> PythonWindow(const PlanPtr& input, const plan::Window& window);

}  // namespace sluice
