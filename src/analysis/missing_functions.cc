// SPDX-License-Identifier: Apache-2.0
// Written by tools/compatibility.py: functions that Spark has and Sluice lacks.
#include "analysis/missing_functions.h"

#include <algorithm>

namespace sluice {
namespace {

// clang-format off
constexpr std::string_view kMissing[] = {
"bitmap_and_agg", "bitmap_bit_position", "bitmap_bucket_number", "bitmap_construct_agg", "bitmap_count",
"bitmap_or_agg", "bucket", "collate", "collation", "count_min_sketch", "current_path", "current_time", "days",
"from_xml", "hll_sketch_agg", "hll_sketch_estimate", "hll_union", "hll_union_agg", "hours", "is_valid_variant",
"is_variant_null", "java_method", "kll_merge_agg_bigint", "kll_merge_agg_double", "kll_merge_agg_float",
"kll_sketch_agg_bigint", "kll_sketch_agg_double", "kll_sketch_agg_float", "kll_sketch_get_n_bigint",
"kll_sketch_get_n_double", "kll_sketch_get_n_float", "kll_sketch_get_quantile_bigint",
"kll_sketch_get_quantile_double", "kll_sketch_get_quantile_float", "kll_sketch_get_rank_bigint",
"kll_sketch_get_rank_double", "kll_sketch_get_rank_float", "kll_sketch_merge_bigint", "kll_sketch_merge_double",
"kll_sketch_merge_float", "kll_sketch_to_string_bigint", "kll_sketch_to_string_double", "kll_sketch_to_string_float",
"make_interval", "make_time", "months", "parse_json", "reflect", "schema_of_variant", "schema_of_variant_agg",
"schema_of_xml", "st_asbinary", "st_geogfromwkb", "st_geomfromwkb", "st_setsrid", "st_srid", "theta_difference",
"theta_intersection", "theta_intersection_agg", "theta_sketch_agg", "theta_sketch_estimate", "theta_union",
"theta_union_agg", "time_bucket", "time_diff", "time_from_micros", "time_from_millis", "time_from_seconds",
"time_to_micros", "time_to_millis", "time_to_seconds", "time_trunc", "to_time", "to_variant_object", "to_xml",
"try_make_interval", "try_parse_json", "try_reflect", "try_to_time", "try_variant_get", "tuple_difference_double",
"tuple_difference_integer", "tuple_difference_theta_double", "tuple_difference_theta_integer",
"tuple_intersection_agg_double", "tuple_intersection_agg_integer", "tuple_intersection_double",
"tuple_intersection_integer", "tuple_intersection_theta_double", "tuple_intersection_theta_integer",
"tuple_sketch_agg_double", "tuple_sketch_agg_integer", "tuple_sketch_estimate_double",
"tuple_sketch_estimate_integer", "tuple_sketch_summary_double", "tuple_sketch_summary_integer",
"tuple_sketch_theta_double", "tuple_sketch_theta_integer", "tuple_union_agg_double", "tuple_union_agg_integer",
"tuple_union_double", "tuple_union_integer", "tuple_union_theta_double", "tuple_union_theta_integer", "unwrap_udt",
"variant_get", "xpath", "xpath_boolean", "xpath_double", "xpath_float", "xpath_int", "xpath_long", "xpath_number",
"xpath_short", "xpath_string", "years"
};
// clang-format on

}  // namespace

bool IsMissingFunction(std::string_view name) {
  return std::binary_search(std::begin(kMissing), std::end(kMissing), name);
}

}  // namespace sluice
