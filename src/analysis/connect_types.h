// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <spark/connect/expressions.pb.h>
#include <spark/connect/types.pb.h>

#include <memory>

#include "base/status.h"
#include "conf/session_options.h"
#include "expr/expr.h"

namespace sluice {

// Connect's types <-> the engine's (types/spark_type.h). Types that Sluice lacks (intervals, variant, collated strings)
// are refused by name.
Result<std::shared_ptr<arrow::DataType>> TypeFromConnect(const spark::connect::DataType& type);
Result<spark::connect::DataType> TypeToConnect(const arrow::DataType& type);
// A struct type, as AnalyzePlan's schema answers.
Result<spark::connect::DataType> SchemaToConnect(const arrow::Schema& schema);
Result<std::shared_ptr<arrow::Schema>> SchemaFromConnect(const spark::connect::DataType& type);

// A constant. Arrays and maps come back as calls of array() and map().
Result<ExprPtr> LiteralFromConnect(const spark::connect::Expression::Literal& literal, const SessionOptions& options);

}  // namespace sluice
