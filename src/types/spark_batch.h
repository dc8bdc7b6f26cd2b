// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

// Rows of the engine in the Arrow types that Spark's clients and its Python workers know: no views, timestamps in the
// session's zone. Names and nullability are those of `schema`.
Result<std::shared_ptr<arrow::RecordBatch>> ToSparkBatch(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                         const arrow::Schema& schema, const std::string& zone);
// A batch as an Arrow stream of its own: schema and rows.
Result<std::string> ArrowStreamOf(const arrow::RecordBatch& batch);
// The same values under a type of the same shape.
std::shared_ptr<arrow::Array> Retyped(const arrow::Array& values, const std::shared_ptr<arrow::DataType>& type);

}  // namespace sluice
