// SPDX-License-Identifier: Apache-2.0
// Patterns that users write: the first line is one, the rest the text. A plain separator splits as its regular
// expression does.
#include "check.h"
#include "expr/characters.h"
#include "expr/case_mapping.h"
#include "expr/datetime_pattern.h"
#include "expr/like.h"
#include "expr/regex.h"
#include "expr/split_kernel.h"
#include "targets.h"
#include "types/utf8_repair.h"

namespace sluice::fuzz {
namespace {

void CheckSplit(const std::string& pattern, const std::string& text) {
  constexpr size_t kLongest = 1000;  // as a regular expression, one could be too large
  const auto separator = PlainSeparator(pattern);
  if (!separator || pattern.size() > kLongest) return;
  auto regex = Regex::Compile(pattern, "split");
  FUZZ_CHECK(regex.ok(), pattern + ": " + regex.status().ToString());
  int64_t found = 1;
  auto hit = regex->Find(text);
  for (; hit.ok() && *hit; hit = regex->FindNext()) ++found;
  if (!hit.ok()) return;
  FUZZ_CHECK(CountParts(text, *separator) == found, pattern);
}

// Matches lie in the text, and each one further behind.
void CheckMatches(std::string_view pattern, std::string_view text) {
  auto regex = Regex::Compile(pattern, "fuzz");
  if (!regex.ok()) return;
  size_t behind = 0;
  auto found = regex->Find(text);
  for (; found.ok() && *found; found = regex->FindNext()) {
    for (size_t i = 0; i <= regex->group_count(); ++i) {
      const auto group = regex->group(i);
      FUZZ_CHECK(group.begin <= group.end && group.end <= text.size(), std::string(pattern));
    }
    const auto match = regex->group(0);
    FUZZ_CHECK(match.begin >= behind, std::string(pattern));
    behind = match.end > match.begin ? match.end : match.end + 1;
  }
}

void TryDatetime(std::string_view pattern, std::string_view text) {
  TimeZone zone = TimeZone::Utc();
  for (const bool parsing : {false, true}) {
    const auto compiled = DatetimePattern::Compile(pattern, parsing);
    if (!compiled.ok()) continue;
    const auto micros = compiled->Parse(text, &zone);
    std::string shown;
    compiled->Format(micros.value_or(-62135596800000000), &zone, &shown);
  }
}

}  // namespace

void Patterns(std::string_view input) {
  const size_t end = input.find('\n');
  const std::string_view pattern = input.substr(0, end);
  const std::string_view raw = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
  std::string text;
  AppendRepaired(raw, &text);
  CheckMatches(pattern, text);
  CheckMatches(pattern, raw);
  CheckSplit(std::string(pattern), text);
  if (const auto like = LikePattern::Compile(pattern, '\\'); like.ok()) (void)like->Matches(text);
  TryDatetime(pattern, text);
  std::string mapped;
  AppendUpper(raw, &mapped);
  AppendLower(raw, &mapped);
  FUZZ_CHECK(IsUtf8(mapped), "");
}

}  // namespace sluice::fuzz
