// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "expr/json_generator.h"
#include "expr/json_options.h"
#include "types/value_formatter.h"

namespace sluice {

// Writes structs, arrays and maps as Spark's to_json does. One thread at a time.
class JsonWriter {
 public:
  static Result<JsonWriter> Make(const JsonOptions& options, const std::string& session_zone);

  Status Write(const arrow::Array& array, int64_t row, std::string* out);

 private:
  JsonEscapes Escapes() const { return options_.code_points ? JsonEscapes::kBeyondAscii : JsonEscapes::kNone; }
  JsonWriter(const JsonOptions& options, DatetimeFormats formats, TimeZone zone)
      : options_(options), formats_(std::move(formats)), formatter_(std::move(zone), false, false) {}

  Status WriteQuoted(const arrow::Array& array, int64_t row, std::string* out);
  Status WriteList(const arrow::ListArray& list, int64_t row, std::string* out);
  Status WriteMap(const arrow::MapArray& map, int64_t row, std::string* out);
  Status WriteStruct(const arrow::StructArray& values, int64_t row, std::string* out);
  // Between brackets: what stands before the next member or element, and before the end.
  void Next(bool first, std::string* out) const;
  void BreakLine(std::string* out) const;
  void End(char bracket, bool empty, std::string* out);
  void WriteName(std::string_view name, std::string* out) const;

  JsonOptions options_;
  DatetimeFormats formats_;
  ValueFormatter formatter_;
  int objects_ = 0;  // that are open
};

}  // namespace sluice
