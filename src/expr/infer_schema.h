// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "expr/csv_options.h"
#include "expr/json_options.h"

namespace sluice {

// The type of a JSON text, as schema_of_json tells it: members in the order of their names, whole numbers as BIGINT,
// NULLs as STRING. MALFORMED_RECORD_IN_PARSING when the text is no JSON.
Result<std::shared_ptr<arrow::DataType>> InferJsonType(std::string_view text, const JsonOptions& options);

// The STRUCT of a CSV line, as schema_of_csv tells it: fields _c0, _c1 and so on. INTERNAL_ERROR, Spark's class for it,
// when there is no record.
Result<std::shared_ptr<arrow::DataType>> InferCsvType(std::string_view line, const CsvOptions& options);

}  // namespace sluice
