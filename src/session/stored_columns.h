// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/catalog_records.h"
#include "plan/plan.h"

namespace sluice {

// How a query's columns become a table's: by ANSI's rules of store assignment, as in Spark.

// Which of the query's columns each of the table's takes, by its name in lower case. A column that has none becomes
// NULL.
using ColumnSources = std::map<std::string, int>;

// By position. INSERT_COLUMN_ARITY_MISMATCH when the numbers differ. `names`: of the table's columns that the query
// gives, in order.
Result<ColumnSources> SourcesByPosition(const PlanNode& plan, const TableRecord& table,
                                        const std::vector<std::string>& names);
// By name, where each of the query's columns must be one of the table's.
Result<ColumnSources> SourcesByName(const PlanNode& plan, const TableRecord& table);

// The query with the table's columns: names, order, types. INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST.
Result<PlanPtr> AsTableColumns(const PlanPtr& plan, const TableRecord& table, const ColumnSources& sources);

// Whether values of one type may be stored in a column of another: numbers in numbers, anything in a text.
bool CanStore(const arrow::DataType& from, const arrow::DataType& to);

}  // namespace sluice
