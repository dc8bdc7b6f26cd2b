// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

#include "types/time_zone.h"

namespace sluice {

// Prints values: CAST(x AS STRING), or show() when `pretty` (binaries in hex, nulls inside as NULL). One thread.
class ValueFormatter {
 public:
  explicit ValueFormatter(TimeZone zone, bool pretty = false, bool plain_decimals = true)
      : zone_(std::move(zone)), pretty_(pretty), plain_decimals_(plain_decimals) {}
  // Appends the value at `row`, which may be null only inside of another value.
  Status Append(const arrow::Array& array, int64_t row, std::string* out);

 private:
  Status AppendNested(const arrow::Array& array, int64_t row, std::string* out);

  TimeZone zone_;
  bool pretty_;
  bool plain_decimals_;
};

}  // namespace sluice
