// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/metadata.h>

#include "connectors/column_range.h"

namespace sluice {

// What a footer tells of one leaf column in a row group, as values of the engine type `type` that the column is read
// as. Bounds that cannot be relied on are left out: of other types, INT96, in an order that is not Spark's (unsigned
// numbers, signed bytes of old writers), and those that the writer is known to have got wrong.
ColumnRange RangeInRowGroup(const parquet::RowGroupMetaData& group, int leaf, const arrow::DataType& type);

// A column that has the same value in all rows.
ColumnRange RangeOfConstant(const arrow::Scalar& value, int64_t rows);

}  // namespace sluice
