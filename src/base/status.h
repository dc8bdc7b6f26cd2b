// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

namespace sluice {

// Every call that can fail returns one of these; a SparkErrorDetail inside says whose fault it is (spark_error.h).
using arrow::Result;
using arrow::Status;

}  // namespace sluice

#define SLUICE_CONCAT_INNER(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_INNER(a, b)

// Returns the error of a Status or Result expression, if it has one.
#define SLUICE_RETURN_IF_ERROR(expression) ARROW_RETURN_NOT_OK(expression)
// Declares or assigns `lhs` from a Result, or returns its error.
#define SLUICE_ASSIGN(lhs, expression) ARROW_ASSIGN_OR_RAISE(lhs, expression)
