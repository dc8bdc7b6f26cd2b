// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "connectors/parquet/calendar_rebase.h"

namespace parquet::schema {
class PrimitiveNode;
}

namespace sluice {

// How the values of a leaf column become values of the engine.
enum class LeafForm {
  kSame,           // of the same bits
  kWhole,          // a whole number of another width, checked where it is narrower
  kUnsigned,       // an unsigned number of 32 bits
  kFloating,       // INT or FLOAT as DOUBLE
  kDays,           // in the file's calendar
  kDaysToMicros,   // DATE as TIMESTAMP_NTZ
  kMicros,         // in the file's calendar
  kMillis,         // the same
  kNanos,          // rounded down
  kInt96,          // the same
  kDecimal,        // a number as the unscaled value of a decimal
  kDecimalOfBits,  // an unsigned number of 64 bits as a decimal
  kDecimalBytes,   // big-endian bytes
  kBytes,
  kUuid,    // 16 bytes as text
  kHalf,    // a float of 16 bits
  kLevels,  // no values: only the levels tell something
};

// How one leaf column is read as a column of the engine type `type`.
struct LeafPlan {
  std::shared_ptr<arrow::DataType> type;
  LeafForm form = LeafForm::kSame;
  int width = 0;       // bytes of a value in memory, a BOOLEAN's being one until it is packed
  int scale_up = 0;    // powers of ten by which unscaled decimals grow
  int byte_width = 0;  // of a FIXED_LEN_BYTE_ARRAY
  CalendarRebase rebase;
};

// Which pairs of Parquet and Spark types can be read, as Spark's own reader decides it; nothing for the others. Wider
// than Spark's: nanoseconds, UUID as STRING, FLOAT16 as FLOAT. Narrower: decimals, dates and timestamps are not taken
// for the whole numbers that they are stored as, nor whole numbers for dates.
std::optional<LeafPlan> PlanLeaf(const parquet::schema::PrimitiveNode& leaf,
                                 const std::shared_ptr<arrow::DataType>& wanted, const FileCalendar& calendar);

}  // namespace sluice
