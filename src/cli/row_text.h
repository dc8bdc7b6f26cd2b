// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "expr/json_writer.h"
#include "types/value_formatter.h"

namespace sluice::cli {

// Values as the formats of the command line have them. One thread at a time.
class RowText {
 public:
  static Result<RowText> Make(const std::string& time_zone);

  // As show() prints it; NULL for null.
  Result<std::string> Shown(const arrow::Array& array, int64_t row);
  Result<std::vector<std::string>> ShownRow(const arrow::RecordBatch& batch, int64_t row);
  // Without quotes; nothing for null.
  Result<std::optional<std::string>> Plain(const arrow::Array& array, int64_t row);
  // Numbers and booleans keep their kind; other single values are strings as show() prints them.
  Status AppendJson(const arrow::Array& array, int64_t row, std::string* out);

 private:
  RowText(JsonWriter json, ValueFormatter formatter) : json_(std::move(json)), formatter_(std::move(formatter)) {}

  JsonWriter json_;
  ValueFormatter formatter_;
};

}  // namespace sluice::cli
