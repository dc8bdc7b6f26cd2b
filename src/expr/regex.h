// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sluice {

// A regular expression in Java's syntax, run by PCRE2 (JIT, bounded work). One thread at a time.
class Regex {
 public:
  struct Span {
    size_t begin = 0;
    size_t end = 0;
    bool set = false;
  };

  // INVALID_PARAMETER_VALUE.PATTERN when it is malformed.
  static Result<Regex> Compile(std::string_view pattern, const std::string& function);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Searches text from `begin` on; group 0 is the whole match. False: no match.
  Result<bool> Find(std::string_view text, size_t begin);
  const Span& group(size_t i) const { return groups_[i]; }
  size_t group_count() const { return groups_.size() - 1; }
  // Number of a named group, or -1.
  int GroupNumber(const std::string& name) const;

 private:
  struct Code;
  Regex();
  std::unique_ptr<Code> code_;
  std::vector<Span> groups_;
};

// Keeps the last pattern compiled: patterns are nearly always the same for all rows.
class RegexCache {
 public:
  explicit RegexCache(std::string function) : function_(std::move(function)) {}
  Result<Regex*> Get(std::string_view pattern);

 private:
  std::string function_;
  std::string pattern_;
  std::unique_ptr<Regex> regex_;
};

}  // namespace sluice
