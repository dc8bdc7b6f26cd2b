// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

// Spark's types are carried as Arrow types, one to one:
//   BOOLEAN bool, TINYINT int8, SMALLINT int16, INT int32, BIGINT int64, FLOAT float32, DOUBLE float64,
//   DECIMAL(p,s) decimal128, STRING utf8_view, BINARY binary_view, DATE date32, TIMESTAMP timestamp(us, "UTC"),
//   TIMESTAMP_NTZ timestamp(us), VOID null, ARRAY list, MAP map, STRUCT struct.
// Strings and binaries are always *views* inside the engine (zero-copy split, cast, take); readers and callers at the
// edges convert. A STRING's bytes need not be valid UTF-8 (as in Spark).

const std::shared_ptr<arrow::DataType>& StringType();        // utf8_view
const std::shared_ptr<arrow::DataType>& BinaryType();        // binary_view
const std::shared_ptr<arrow::DataType>& TimestampType();     // timestamp(us, "UTC")
const std::shared_ptr<arrow::DataType>& TimestampNtzType();  // timestamp(us)
// ARRAY and MAP with the field names that the engine uses everywhere ("element"; "key" and "value").
std::shared_ptr<arrow::DataType> ArrayType(std::shared_ptr<arrow::DataType> element, bool contains_null = true);
std::shared_ptr<arrow::DataType> MapOf(std::shared_ptr<arrow::DataType> key, std::shared_ptr<arrow::DataType> value,
                                       bool value_contains_null = true);
// Equal up to nullability of nested values and the names inside lists and maps.
bool SameSparkType(const arrow::DataType& a, const arrow::DataType& b);

// "INT", "ARRAY<STRING>", "STRUCT<a: INT>": how Spark's error messages and DDL name a type.
std::string SparkTypeName(const arrow::DataType& type);
// "int", "array<string>", "struct<a:int>": simpleString, as in explain and describe.
std::string SparkSimpleString(const arrow::DataType& type);

// Spark's schema JSON: {"type":"struct","fields":[{"name":..,"type":..,"nullable":..,"metadata":{}}]}.
std::string SchemaToSparkJson(const arrow::Schema& schema);
Result<std::shared_ptr<arrow::Schema>> SchemaFromSparkJson(const std::string& json);

// One type ("decimal(10,2)", "array<struct<a:int>>"), without regard to case.
Result<std::shared_ptr<arrow::DataType>> ParseSparkType(const std::string& text);
// Either "a INT, b STRING NOT NULL" or "struct<..>" or a schema JSON.
Result<std::shared_ptr<arrow::Schema>> ParseSparkSchema(const std::string& text);

// Brings columns from the edges (utf8, large_utf8, dictionary, other time units, list of utf8 ...) into the forms
// above.
Result<std::shared_ptr<arrow::DataType>> ToEngineType(const std::shared_ptr<arrow::DataType>& type);
Result<std::shared_ptr<arrow::RecordBatch>> ToEngineBatch(const std::shared_ptr<arrow::RecordBatch>& batch);
// The other way, for consumers that do not know views: utf8_view -> utf8, binary_view -> binary, deep.
Result<std::shared_ptr<arrow::RecordBatch>> ToPlainBatch(const std::shared_ptr<arrow::RecordBatch>& batch);

// One value as Spark's show() and CAST(x AS STRING) print it (nested values too). `time_zone` is an IANA name or an
// offset.
Result<std::string> FormatValue(const arrow::Array& array, int64_t row, const std::string& time_zone);

}  // namespace sluice
