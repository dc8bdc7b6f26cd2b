// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expr.h"

namespace sluice {

// A regular expression in Java's syntax, run by PCRE2. One thread at a time.
//
// The work on one text is bounded. First the JIT runs it, in windows of places where a match may begin, for some
// milliseconds. What takes longer is run once more from the beginning with its steps counted, and fails when there are
// too many: whether it fails depends on the pattern and the text, not on the machine.
class Regex {
 public:
  struct Span {
    size_t begin = 0;
    size_t end = 0;
    bool set = false;
  };

  // INVALID_PARAMETER_VALUE.PATTERN when it is malformed, or has what Java's patterns lack. `cancelled` as in
  // EvalContext.
  static Result<Regex> Compile(std::string_view pattern, const std::string& function,
                               const std::atomic<bool>* cancelled = nullptr);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Searches `text` from `begin` on, at most its size; group 0 is the whole match. False: no match. The text must stay
  // until the last FindNext. INVALID_PARAMETER_VALUE.PATTERN when it needs too much work.
  Result<bool> Find(std::string_view text, size_t begin = 0);
  // The next match behind the last one, as Java's Matcher.find(): behind an empty match it goes on a character further.
  Result<bool> FindNext();
  const Span& group(size_t i) const { return groups_[i]; }
  size_t group_count() const { return groups_.size() - 1; }
  // Number of a named group, or -1.
  int GroupNumber(const std::string& name) const;

 private:
  enum class Outcome { kFound, kNone, kSlow };
  struct Code;
  Regex();
  Result<bool> Search(size_t begin);
  Result<Outcome> SearchWindows(size_t begin);
  Result<bool> SearchCounting(size_t begin);
  Status StartCounting();
  Status TakeGroups(size_t begin, int count);
  size_t BehindMatch() const;
  Status TooMuch(const std::string& why) const;

  std::unique_ptr<Code> code_;
  std::vector<Span> groups_;
  std::string_view text_;
  size_t first_ = 0;       // where the first search of the text began
  int64_t matches_ = 0;    // found in the text so far
  bool counting_ = false;  // the steps, from here to the end of the text
  int64_t spent_ns_ = 0;   // by the JIT on the text
};

// Keeps the last pattern compiled: patterns are nearly always the same for all rows.
class RegexCache {
 public:
  // `context` outlives this.
  RegexCache(std::string function, const EvalContext& context)
      : function_(std::move(function)), cancelled_(context.cancelled) {}
  Result<Regex*> Get(std::string_view pattern);

 private:
  std::string function_;
  const std::atomic<bool>* cancelled_;
  std::string pattern_;
  std::unique_ptr<Regex> regex_;
};

}  // namespace sluice
