// SPDX-License-Identifier: Apache-2.0
#include "expr/json_options.h"

namespace sluice {

Result<JsonOptions> ReadJsonOptions(const TextOptions& options) {
  JsonOptions json;
  json.text = options;
  json.mode = ReadParseMode(options);
  SLUICE_RETURN_IF_ERROR(CheckLocale(options));
  const struct {
    const char* name;
    bool* value;
  } kFlags[] = {
      {"allowComments", &json.syntax.comments},
      {"allowUnquotedFieldNames", &json.syntax.unquoted_names},
      {"allowSingleQuotes", &json.syntax.single_quotes},
      {"allowNumericLeadingZeros", &json.syntax.leading_zeros},
      {"allowNonNumericNumbers", &json.syntax.non_numeric_numbers},
      {"allowBackslashEscapingAnyCharacter", &json.syntax.any_escape},
      {"allowUnquotedControlChars", &json.syntax.control_characters},
      {"primitivesAsString", &json.primitives_as_string},
      {"prefersDecimal", &json.prefers_decimal},
      {"dropFieldIfAllNull", &json.drop_field_if_all_null},
      {"inferTimestamp", &json.infer_timestamp},
      {"ignoreNullFields", &json.ignore_null_fields},
      {"pretty", &json.pretty},
      {"writeNonAsciiCharacterAsCodePoint", &json.code_points},
  };
  for (const auto& flag : kFlags) {
    SLUICE_ASSIGN(*flag.value, options.Bool(flag.name, *flag.value));
  }
  // Known, and without a meaning for one record in a column; their values are checked all the same.
  SLUICE_RETURN_IF_ERROR(options.Bool("multiLine", false).status());
  SLUICE_RETURN_IF_ERROR(options.Bool("writeNullIfWithDefaultValue", true).status());
  SLUICE_RETURN_IF_ERROR(options.Bool("useUnsafeRow", false).status());
  SLUICE_ASSIGN(json.syntax.most_depth, options.Int("maxNestingDepth", json.syntax.most_depth));
  SLUICE_ASSIGN(json.syntax.most_number_length, options.Int("maxNumLen", json.syntax.most_number_length));
  SLUICE_ASSIGN(json.syntax.most_string_length, options.Int("maxStringLen", json.syntax.most_string_length));
  return json;
}

}  // namespace sluice
