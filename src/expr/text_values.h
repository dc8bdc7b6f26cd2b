// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "base/status.h"
#include "expr/json_value.h"
#include "types/time_zone.h"

namespace sluice {

// Puts values read from JSON or CSV into builders of the engine's types. One thread at a time.
class ValueAppender {
 public:
  explicit ValueAppender(TimeZone zone) : zone_(std::move(zone)) {}

  // False: the value does not fit the type, and a NULL was appended. Fields of structs that do not fit are NULL alone.
  Result<bool> AppendJsonValue(const JsonValue& value, const arrow::DataType& type, arrow::ArrayBuilder* builder);
  // A field of a CSV line.
  Result<bool> AppendText(std::string_view text, const arrow::DataType& type, arrow::ArrayBuilder* builder);

 private:
  Result<bool> AppendScalar(const JsonValue& value, const arrow::DataType& type, arrow::ArrayBuilder* builder);
  Result<bool> AppendObject(const JsonValue& value, const arrow::DataType& type, arrow::ArrayBuilder* builder);

  TimeZone zone_;
};

}  // namespace sluice
