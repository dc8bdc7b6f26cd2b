// SPDX-License-Identifier: Apache-2.0
#include "service/java_class.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr std::string_view kParse = "org.apache.spark.sql.catalyst.parser.ParseException";
constexpr std::string_view kExtended = "org.apache.spark.sql.catalyst.ExtendedAnalysisException";
constexpr std::string_view kAnalysis = "org.apache.spark.sql.AnalysisException";
constexpr std::string_view kArithmetic = "org.apache.spark.SparkArithmeticException";
constexpr std::string_view kNumberFormat = "org.apache.spark.SparkNumberFormatException";
constexpr std::string_view kArrayIndex = "org.apache.spark.SparkArrayIndexOutOfBoundsException";
constexpr std::string_view kDateTime = "org.apache.spark.SparkDateTimeException";
constexpr std::string_view kRuntime = "org.apache.spark.SparkRuntimeException";
constexpr std::string_view kIllegalArgument = "org.apache.spark.SparkIllegalArgumentException";
constexpr std::string_view kNoSuchElement = "org.apache.spark.SparkNoSuchElementException";
constexpr std::string_view kClassNotFound = "org.apache.spark.SparkClassNotFoundException";
constexpr std::string_view kUnsupported = "org.apache.spark.SparkUnsupportedOperationException";
constexpr std::string_view kSql = "org.apache.spark.SparkSQLException";
constexpr std::string_view kSpark = "org.apache.spark.SparkException";
constexpr std::string_view kUpgrade = "org.apache.spark.SparkUpgradeException";
constexpr std::string_view kInvalidPlan = "org.apache.spark.sql.connect.common.InvalidPlanInput";
constexpr std::string_view kPython = "org.apache.spark.api.python.PythonException";
constexpr std::string_view kStreamingPython =
    "org.apache.spark.api.python.StreamingPythonRunner$StreamingPythonRunnerInitializationException";
constexpr std::string_view kStreamingQuery = "org.apache.spark.sql.streaming.StreamingQueryException";

struct Row {
  std::string_view condition;  // and its subclasses
  std::string_view java_class;
};

// By condition, as Spark 4.2 throws them. What is not here is an AnalysisException: most errors of a plan are.
constexpr Row kByCondition[] = {
    {"ARITHMETIC_OVERFLOW", kArithmetic},
    {"ARROW_TYPE_MISMATCH", kSpark},
    {"ARTIFACT_ALREADY_EXISTS", kRuntime},
    {"BINARY_ARITHMETIC_OVERFLOW", kArithmetic},
    {"CANNOT_PARSE_TIMESTAMP", kDateTime},
    {"CAST_INVALID_INPUT", kNumberFormat},
    {"CAST_OVERFLOW", kArithmetic},
    {"CAST_OVERFLOW_IN_TABLE_INSERT", kArithmetic},
    {"CATALOG_NOT_FOUND", kSpark},
    {"COLLECTION_SIZE_LIMIT_EXCEEDED", kRuntime},
    {"CONNECT_INVALID_PLAN", kInvalidPlan},
    {"CONVERSION_INVALID_INPUT", kRuntime},
    {"DATATYPE_MISMATCH", kExtended},
    {"DATA_SOURCE_NOT_FOUND", kClassNotFound},
    {"DATETIME_FIELD_OUT_OF_BOUNDS", kDateTime},
    {"DIVIDE_BY_ZERO", kArithmetic},
    {"DUPLICATED_MAP_KEY", kRuntime},
    {"DUPLICATED_METRICS_NAME", kExtended},
    {"FAILED_READ_FILE", kSpark},
    {"FAILED_TO_PARSE_TOO_COMPLEX", kParse},
    {"ILLEGAL_DAY_OF_WEEK", kIllegalArgument},
    {"INCONSISTENT_BEHAVIOR_CROSS_VERSION", kUpgrade},
    {"INTERNAL_ERROR", kSpark},
    {"INVALID_ARRAY_INDEX", kArrayIndex},
    {"INVALID_ARRAY_INDEX_IN_ELEMENT_AT", kArrayIndex},
    {"INVALID_ARTIFACT_PATH", kRuntime},
    {"INVALID_CLONE_SESSION_REQUEST", kSql},
    {"INVALID_CONF_VALUE", kIllegalArgument},
    {"INVALID_CURSOR", kSql},
    {"INVALID_HANDLE", kSql},
    {"INVALID_INDEX_OF_ZERO", kRuntime},
    {"INVALID_OBSERVED_METRICS", kExtended},
    {"INVALID_PARAMETER_VALUE", kRuntime},
    {"INVALID_TYPED_LITERAL", kParse},
    {"LOCATION_ALREADY_EXISTS", kRuntime},
    {"MALFORMED_RECORD_IN_PARSING", kSpark},
    {"MISSING_AGGREGATION", kExtended},
    {"NULL_MAP_KEY", kRuntime},
    {"NUMERIC_OUT_OF_SUPPORTED_RANGE", kArithmetic},
    {"NUMERIC_VALUE_OUT_OF_RANGE", kArithmetic},
    {"OPERATION_CANCELED", kSql},
    {"PARSE_EMPTY_STATEMENT", kParse},
    {"PARSE_SYNTAX_ERROR", kParse},
    {"PYTHON_EXCEPTION", kPython},
    {"REMAINDER_BY_ZERO", kArithmetic},
    {"SQL_CONF_NOT_FOUND", kNoSuchElement},
    {"STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE", kStreamingPython},
    {"STREAM_FAILED", kStreamingQuery},
    {"TABLE_OR_VIEW_NOT_FOUND", kExtended},
    {"UNRESOLVED_COLUMN", kExtended},
    {"UNSUPPORTED_DATATYPE", kParse},
    {"UNSUPPORTED_FEATURE", kUnsupported},
    {"UNSUPPORTED_FEATURE.SET_NAMESPACE_PROPERTY", kParse},
    {"UNSUPPORTED_FEATURE.SET_TABLE_PROPERTY", kParse},
    {"UNSUPPORTED_FEATURE.TABLE_OPERATION", kAnalysis},
    {"USER_RAISED_EXCEPTION", kRuntime},
    {"_LEGACY_ERROR_TEMP_0064", kParse},
};

struct Parent {
  std::string_view java_class;
  std::string_view parent;
};

constexpr std::string_view kRuntimeException = "java.lang.RuntimeException";

constexpr Parent kParents[] = {
    {kParse, kAnalysis},
    {kExtended, kAnalysis},
    {kAnalysis, "java.lang.Exception"},
    {kArithmetic, "java.lang.ArithmeticException"},
    {"java.lang.ArithmeticException", kRuntimeException},
    {kNumberFormat, "java.lang.NumberFormatException"},
    {"java.lang.NumberFormatException", "java.lang.IllegalArgumentException"},
    {kArrayIndex, "java.lang.ArrayIndexOutOfBoundsException"},
    {"java.lang.ArrayIndexOutOfBoundsException", "java.lang.IndexOutOfBoundsException"},
    {"java.lang.IndexOutOfBoundsException", kRuntimeException},
    {kDateTime, "java.time.DateTimeException"},
    {"java.time.DateTimeException", kRuntimeException},
    {kRuntime, kRuntimeException},
    {kIllegalArgument, "java.lang.IllegalArgumentException"},
    {"java.lang.IllegalArgumentException", kRuntimeException},
    {kNoSuchElement, "java.util.NoSuchElementException"},
    {"java.util.NoSuchElementException", kRuntimeException},
    {kClassNotFound, "java.lang.ClassNotFoundException"},
    {"java.lang.ClassNotFoundException", "java.lang.ReflectiveOperationException"},
    {"java.lang.ReflectiveOperationException", "java.lang.Exception"},
    {kUnsupported, "java.lang.UnsupportedOperationException"},
    {"java.lang.UnsupportedOperationException", kRuntimeException},
    {kSql, "java.sql.SQLException"},
    {"java.sql.SQLException", "java.lang.Exception"},
    {kSpark, "java.lang.Exception"},
    {kUpgrade, kRuntimeException},
    {kInvalidPlan, kRuntimeException},
    {kPython, kRuntimeException},
    {kStreamingPython, "java.lang.Exception"},
    {kStreamingQuery, "java.lang.Exception"},
    {kRuntimeException, "java.lang.Exception"},
    {"java.lang.Exception", "java.lang.Throwable"},
    {"java.lang.Throwable", "java.lang.Object"},
};

std::string_view ClassOf(const Status& error) {
  const SparkErrorDetail* detail = FindSparkError(error);
  if (detail == nullptr) return kSpark;
  // An argument that Spark checks without a condition.
  if (detail->error_class.empty()) return "java.lang.IllegalArgumentException";
  const std::string_view condition = detail->error_class;
  for (const std::string_view name : {condition, condition.substr(0, condition.find('.'))}) {
    const auto* row = std::find_if(std::begin(kByCondition), std::end(kByCondition),
                                   [&](const Row& known) { return known.condition == name; });
    if (row != std::end(kByCondition)) return row->java_class;
  }
  return detail->kind == ErrorKind::kUser ? kAnalysis : kSpark;
}

}  // namespace

std::vector<std::string> JavaClassesOf(const Status& error) {
  std::vector<std::string> classes = {std::string(ClassOf(error))};
  for (;;) {
    const auto* row = std::find_if(std::begin(kParents), std::end(kParents),
                                   [&](const Parent& known) { return known.java_class == classes.back(); });
    if (row == std::end(kParents)) return classes;
    classes.emplace_back(row->parent);
  }
}

}  // namespace sluice
