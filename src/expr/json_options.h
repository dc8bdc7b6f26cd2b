// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "expr/json_tokenizer.h"
#include "expr/text_options.h"

namespace sluice {

// The options of JSON in Spark 4.2, checked. Names that Spark does not know are ignored, as it ignores them.
struct JsonOptions {
  JsonSyntax syntax;
  ParseMode mode = ParseMode::kPermissive;
  bool exact_strings = false;  // what is no string becomes a STRING as it stands in the text
  TextOptions text;
  // Of schema_of_json.
  bool primitives_as_string = false;
  bool prefers_decimal = false;
  bool drop_field_if_all_null = false;
  bool infer_timestamp = false;
  // Of to_json.
  bool ignore_null_fields = true;
  bool pretty = false;
  bool code_points = false;  // non-ASCII characters as \u00E9
};

Result<JsonOptions> ReadJsonOptions(const TextOptions& options);

}  // namespace sluice
