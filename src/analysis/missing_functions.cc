// SPDX-License-Identifier: Apache-2.0
// Written by tools/compatibility.py: functions that Spark has and Sluice lacks.
#include "analysis/missing_functions.h"

#include <algorithm>

namespace sluice {
namespace {

// clang-format off
constexpr std::string_view kMissing[] = {
"acos", "acosh", "aes_decrypt", "aes_encrypt", "aggregate", "approx_count_distinct", "approx_percentile",
"approxcountdistinct", "array_agg", "array_append", "array_compact", "array_except", "array_insert",
"array_intersect", "array_prepend", "array_remove", "array_repeat", "array_sort", "array_union", "arrays_overlap",
"arrays_zip", "arrow_udf", "arrow_udtf", "asin", "asinh", "assert_true", "atan", "atanh", "bit_and", "bit_get",
"bit_or", "bit_xor", "bitmap_and_agg", "bitmap_bit_position", "bitmap_bucket_number", "bitmap_construct_agg",
"bitmap_count", "bitmap_or_agg", "bitwisenot", "bucket", "call_udf", "collate", "collation", "collect_list",
"collect_set", "conv", "convert_timezone", "corr", "cosh", "cot", "count_min_sketch", "covar_pop", "covar_samp",
"csc", "cume_dist", "current_catalog", "current_database", "current_path", "current_schema", "current_time",
"current_user", "dayname", "days", "dense_rank", "elt", "equal_null", "exists", "explode", "explode_outer", "expm1",
"factorial", "filter", "find_in_set", "flatten", "forall", "from_xml", "getbit", "grouping", "grouping_id",
"histogram_numeric", "hll_sketch_agg", "hll_sketch_estimate", "hll_union", "hll_union_agg", "hours", "hypot",
"inline", "inline_outer", "input_file_block_length", "input_file_block_start", "input_file_name", "is_valid_utf8",
"is_valid_variant", "is_variant_null", "java_method", "json_tuple", "kll_merge_agg_bigint", "kll_merge_agg_double",
"kll_merge_agg_float", "kll_sketch_agg_bigint", "kll_sketch_agg_double", "kll_sketch_agg_float",
"kll_sketch_get_n_bigint", "kll_sketch_get_n_double", "kll_sketch_get_n_float", "kll_sketch_get_quantile_bigint",
"kll_sketch_get_quantile_double", "kll_sketch_get_quantile_float", "kll_sketch_get_rank_bigint",
"kll_sketch_get_rank_double", "kll_sketch_get_rank_float", "kll_sketch_merge_bigint", "kll_sketch_merge_double",
"kll_sketch_merge_float", "kll_sketch_to_string_bigint", "kll_sketch_to_string_double", "kll_sketch_to_string_float",
"kurtosis", "lag", "lead", "levenshtein", "listagg", "log1p", "make_dt_interval", "make_interval", "make_time",
"make_timestamp_ltz", "make_timestamp_ntz", "make_valid_utf8", "make_ym_interval", "map_concat", "map_contains_key",
"map_entries", "map_filter", "map_from_arrays", "map_from_entries", "map_zip_with", "mask", "max_by", "median",
"min_by", "mode", "monotonically_increasing_id", "monthname", "months", "nanvl", "nth_value", "ntile", "nullifzero",
"overlay", "pandas_udf", "parse_json", "parse_url", "percent_rank", "percentile", "percentile_approx", "posexplode",
"posexplode_outer", "product", "quote", "raise_error", "rand", "randn", "randstr", "rank", "reduce", "reflect",
"regexp_extract_all", "regexp_instr", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2",
"regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "row_number", "schema_of_variant", "schema_of_variant_agg",
"schema_of_xml", "sec", "sentences", "sequence", "session_user", "session_window", "shiftleft", "shiftright",
"shiftrightunsigned", "shuffle", "sinh", "skewness", "soundex", "spark_partition_id", "st_asbinary", "st_geogfromwkb",
"st_geomfromwkb", "st_setsrid", "st_srid", "stack", "str_to_map", "string_agg", "tanh", "theta_difference",
"theta_intersection", "theta_intersection_agg", "theta_sketch_agg", "theta_sketch_estimate", "theta_union",
"theta_union_agg", "time_bucket", "time_diff", "time_from_micros", "time_from_millis", "time_from_seconds",
"time_to_micros", "time_to_millis", "time_to_seconds", "time_trunc", "timestampadd", "timestampdiff", "to_binary",
"to_char", "to_number", "to_time", "to_timestamp_ltz", "to_timestamp_ntz", "to_varchar", "to_variant_object",
"to_xml", "todegrees", "toradians", "transform", "transform_keys", "transform_values", "try_aes_decrypt", "try_avg",
"try_make_interval", "try_make_timestamp", "try_make_timestamp_ltz", "try_make_timestamp_ntz", "try_mod",
"try_parse_json", "try_parse_url", "try_reflect", "try_to_binary", "try_to_number", "try_to_time", "try_url_decode",
"try_validate_utf8", "try_variant_get", "tuple_difference_double", "tuple_difference_integer",
"tuple_difference_theta_double", "tuple_difference_theta_integer", "tuple_intersection_agg_double",
"tuple_intersection_agg_integer", "tuple_intersection_double", "tuple_intersection_integer",
"tuple_intersection_theta_double", "tuple_intersection_theta_integer", "tuple_sketch_agg_double",
"tuple_sketch_agg_integer", "tuple_sketch_estimate_double", "tuple_sketch_estimate_integer",
"tuple_sketch_summary_double", "tuple_sketch_summary_integer", "tuple_sketch_theta_double",
"tuple_sketch_theta_integer", "tuple_union_agg_double", "tuple_union_agg_integer", "tuple_union_double",
"tuple_union_integer", "tuple_union_theta_double", "tuple_union_theta_integer", "udf", "udtf", "uniform",
"unwrap_udt", "url_decode", "url_encode", "user", "validate_utf8", "variant_get", "version", "width_bucket", "window",
"window_time", "xpath", "xpath_boolean", "xpath_double", "xpath_float", "xpath_int", "xpath_long", "xpath_number",
"xpath_short", "xpath_string", "years", "zeroifnull", "zip_with", "~"
};
// clang-format on

}  // namespace

bool IsMissingFunction(std::string_view name) {
  return std::binary_search(std::begin(kMissing), std::end(kMissing), name);
}

}  // namespace sluice
