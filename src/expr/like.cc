// SPDX-License-Identifier: Apache-2.0
#include "expr/like.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "expr/characters.h"

namespace sluice {
namespace {

// Steps for one value: a third of a second.
constexpr int64_t kMostSteps = 1 << 25;
constexpr size_t kBytesOfStep = 16;  // of text compared

}  // namespace

Result<LikePattern> LikePattern::Compile(std::string_view pattern, char escape) {
  LikePattern like;
  const auto add_text = [&like](char c) {
    if (like.steps_.empty() || like.steps_.back().kind != Step::kText) like.steps_.push_back({Step::kText, {}});
    like.steps_.back().text += c;
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == escape) {
      if (i + 1 >= pattern.size()) {
        return UserError("INVALID_FORMAT.ESC_AT_THE_END",
                         fmt::format("The pattern '{}' ends with its escape character.", pattern),
                         {{"format", "'" + std::string(pattern) + "'"}});
      }
      const char next = pattern[++i];
      if (next != '%' && next != '_' && next != escape) {
        return UserError("INVALID_FORMAT.ESC_IN_THE_MIDDLE",
                         fmt::format("In the pattern '{}' the escape character stands before '{}'.", pattern, next),
                         {{"format", "'" + std::string(pattern) + "'"}, {"char", "'" + std::string(1, next) + "'"}});
      }
      add_text(next);
    } else if (c == '_') {
      like.steps_.push_back({Step::kOne, {}});
    } else if (c == '%') {
      if (like.steps_.empty() || like.steps_.back().kind != Step::kAny) like.steps_.push_back({Step::kAny, {}});
    } else {
      add_text(c);
    }
  }
  return like;
}

Result<bool> LikePattern::Matches(std::string_view text) const {
  // On a mismatch only the last % can still give way.
  int64_t steps_left = kMostSteps;
  size_t at = 0;
  size_t step = 0;
  size_t any_step = std::string_view::npos;
  size_t any_at = 0;
  while (true) {
    bool advanced = false;
    if (--steps_left < 0) {
      return UserError(
          "INVALID_PARAMETER_VALUE.PATTERN",
          fmt::format("A LIKE pattern needs too much work on a value of {} bytes. Simplify the pattern.", text.size()));
    }
    if (step == steps_.size()) {
      if (at == text.size()) return true;
    } else if (const Step& now = steps_[step]; now.kind == Step::kAny) {
      any_step = step++;
      any_at = at;
      if (step == steps_.size()) return true;
      advanced = true;
    } else if (now.kind == Step::kOne) {
      if (at < text.size()) {
        at = std::min(text.size(), at + CharacterSize(static_cast<unsigned char>(text[at])));
        ++step;
        advanced = true;
      }
    } else if (text.substr(at).starts_with(now.text)) {
      at += now.text.size();
      ++step;
      advanced = true;
    } else if (step > 0 && step - 1 == any_step) {
      // Only where the text behind the % occurs can the rest match.
      const size_t hit = FindText(text, now.text, at);
      if (hit == std::string_view::npos) return false;
      steps_left -= static_cast<int64_t>((hit - at) / kBytesOfStep);
      any_at = hit;
      at = hit;
      continue;
    } else {
      steps_left -= static_cast<int64_t>(now.text.size() / kBytesOfStep);
    }
    if (advanced) continue;
    if (any_step == std::string_view::npos || any_at >= text.size()) return false;
    any_at += CharacterSize(static_cast<unsigned char>(text[any_at]));
    at = std::min(any_at, text.size());
    step = any_step + 1;
  }
}

}  // namespace sluice
