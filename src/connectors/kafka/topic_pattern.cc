// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/topic_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include "base/spark_error.h"
#include "expr/java_pattern.h"

namespace sluice {

Result<std::unique_ptr<TopicPattern>> TopicPattern::Compile(const std::string& pattern) {
  const Result<std::string> translated = TranslateJavaPattern(pattern);
  if (!translated.ok()) {
    return UserError("SLUICE_INVALID_OPTION", fmt::format("Option 'subscribePattern' is not a regular expression: {}.",
                                                          translated.status().message()));
  }
  int error = 0;
  size_t at = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated->data()), translated->size(),
                                   PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF, &error, &at, nullptr);
  if (code == nullptr) {
    PCRE2_UCHAR text[256];
    pcre2_get_error_message(error, text, sizeof(text));
    return UserError("SLUICE_INVALID_OPTION",
                     fmt::format("Option 'subscribePattern' is not a regular expression: {} at {}.",
                                 reinterpret_cast<const char*>(text), at));
  }
  return std::unique_ptr<TopicPattern>(new TopicPattern(code));
}

TopicPattern::~TopicPattern() {
  pcre2_code_free(static_cast<pcre2_code*>(code_));
}

bool TopicPattern::Matches(const std::string& topic) const {
  auto* code = static_cast<pcre2_code*>(code_);
  pcre2_match_data* data = pcre2_match_data_create_from_pattern(code, nullptr);
  const int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(topic.data()), topic.size(), 0, 0, data, nullptr);
  pcre2_match_data_free(data);
  return found >= 0;
}

}  // namespace sluice
