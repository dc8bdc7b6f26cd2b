// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/spark_error.h"

namespace sluice {
namespace {

struct ErrorClass {
  std::string_view name;
  std::string_view sqlstate;
};

// Spark's error classes that Sluice raises, and a few of its own (SLUICE_...). A subclass "A.B" has the SQLSTATE of
// "A".
constexpr ErrorClass kErrorClasses[] = {
    {"ALL_PARTITION_COLUMNS_NOT_ALLOWED", "KD005"},
    {"AMBIGUOUS_REFERENCE", "42704"},
    {"ARITHMETIC_OVERFLOW", "22003"},
    {"ASSIGNMENT_ARITY_MISMATCH", "42802"},
    {"CANNOT_PARSE_TIMESTAMP", "22007"},
    {"CANNOT_RESOLVE_STAR_EXPAND", "42704"},
    {"CAST_INVALID_INPUT", "22018"},
    {"CAST_OVERFLOW", "22003"},
    {"CODEC_NOT_AVAILABLE", "56038"},
    {"COLUMN_ALREADY_EXISTS", "42711"},
    {"CONCURRENT_QUERY", "0A000"},
    {"CONCURRENT_STREAM_LOG_UPDATE", "40000"},
    {"CONFLICTING_PARTITION_COLUMN_NAMES", "KD009"},
    {"DATATYPE_MISMATCH", "42K09"},
    {"DATA_SOURCE_NOT_FOUND", "42K02"},
    {"DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003"},
    {"DIVIDE_BY_ZERO", "22012"},
    {"DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT", "4274K"},
    {"FAILED_READ_FILE", "KD001"},
    {"FAILED_TO_PARSE_TOO_COMPLEX", "54001"},
    {"GROUP_BY_AGGREGATE", "42903"},
    {"GROUP_BY_POS_AGGREGATE", "42903"},
    {"GROUP_BY_POS_OUT_OF_RANGE", "42805"},
    {"INTERNAL_ERROR", "XX000"},
    {"INVALID_AGGREGATE_FILTER", "42903"},
    {"INVALID_ARRAY_INDEX", "22003"},
    {"INVALID_ARRAY_INDEX_IN_ELEMENT_AT", "22003"},
    {"INVALID_ATTRIBUTE_NAME_SYNTAX", "42601"},
    {"INVALID_CONF_VALUE", "22022"},
    {"INVALID_EMPTY_LOCATION", "42K05"},
    {"INVALID_ESCAPE_CHAR", "42604"},
    {"INVALID_LIMIT_LIKE_EXPRESSION", "42K0E"},
    {"INVALID_LOG_VERSION", "KD002"},
    {"INVALID_NUMERIC_LITERAL_RANGE", "22003"},
    {"INVALID_PARAMETER_VALUE", "22023"},
    {"INVALID_PARTITION_COLUMN_DATA_TYPE", "0A000"},
    {"INVALID_SET_SYNTAX", "42000"},
    {"INVALID_SQL_SYNTAX", "42000"},
    {"INVALID_TYPED_LITERAL", "42604"},
    {"INVALID_USAGE_OF_STAR_OR_REGEX", "42000"},
    {"INVALID_WHERE_CONDITION", "42903"},
    {"KAFKA_DATA_LOSS", "22000"},
    {"MISSING_AGGREGATION", "42803"},
    {"MISSING_GROUP_BY", "42803"},
    {"NAMED_PARAMETERS_NOT_SUPPORTED", "4274K"},
    {"NESTED_AGGREGATE_FUNCTION", "42607"},
    {"NON_FOLDABLE_ARGUMENT", "42K08"},
    {"NUMERIC_VALUE_OUT_OF_RANGE", "22003"},
    {"OPERATION_CANCELED", "HY008"},
    {"ORDER_BY_POS_OUT_OF_RANGE", "42805"},
    {"PARSE_SYNTAX_ERROR", "42601"},
    {"PARTITION_COLUMN_NOT_FOUND_IN_SCHEMA", "42000"},
    {"PATH_NOT_FOUND", "42K03"},
    {"SLUICE_CHECKPOINT_DAMAGED", "XX001"},
    {"SLUICE_CHECKPOINT_MISMATCH", "42K03"},
    {"SLUICE_CONCURRENT_WRITER", "40000"},
    {"SLUICE_INVALID_OPTION", "22023"},
    {"SLUICE_KAFKA", "08000"},
    {"SLUICE_KAFKA.AUTHENTICATION", "28000"},
    {"SLUICE_KAFKA.AUTHORIZATION", "42501"},
    {"SLUICE_LOCAL_RELATION", "42K0F"},
    {"SLUICE_MEMORY_BUDGET", "53200"},
    {"SLUICE_RANGE_STEP", "22023"},
    {"SLUICE_S3", "58030"},
    {"SLUICE_S3.ACCESS_DENIED", "42501"},
    {"SLUICE_S3.CONFIGURATION", "22023"},
    {"SLUICE_S3.EXPIRED_CREDENTIALS", "28000"},
    {"SLUICE_S3.NO_CREDENTIALS", "28000"},
    {"SLUICE_SINK_IN_USE", "55006"},
    {"SLUICE_SINK_LOG_DAMAGED", "XX001"},
    {"SLUICE_SQL_FILE", "42601"},
    {"SLUICE_STORE_OVERWRITES", "58030"},
    {"SLUICE_TLS", "58030"},
    {"STREAMING_CHECKPOINT_MISSING_METADATA_FILE", "42K03"},
    {"STREAMING_OUTPUT_MODE", "42KDE"},
    {"STREAM_FAILED", "XXKST"},
    {"TABLE_OR_VIEW_NOT_FOUND", "42P01"},
    {"UNABLE_TO_INFER_SCHEMA", "42KD9"},
    {"UNBOUND_SQL_PARAMETER", "42P02"},
    {"UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883"},
    {"UNRESOLVED_COLUMN", "42703"},
    {"UNRESOLVED_ROUTINE", "42883"},
    {"UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000"},
    {"UNSUPPORTED_FEATURE", "0A000"},
    {"UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK", "0A000"},
    {"WRONG_NUM_ARGS", "42605"},
};

}  // namespace

std::string_view SqlStateOf(std::string_view error_class) {
  const auto* found = std::find_if(std::begin(kErrorClasses), std::end(kErrorClasses),
                                   [&](const ErrorClass& row) { return row.name == error_class; });
  if (found != std::end(kErrorClasses)) return found->sqlstate;
  const size_t dot = error_class.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : SqlStateOf(error_class.substr(0, dot));
}

}  // namespace sluice
