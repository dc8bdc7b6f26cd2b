// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

// A topic name pattern (subscribePattern): Java's regular expression, read by PCRE2, over the whole name. Immutable.
class TopicPattern {
 public:
  static Result<std::unique_ptr<TopicPattern>> Compile(const std::string& pattern);
  ~TopicPattern();
  bool Matches(const std::string& topic) const;

 private:
  explicit TopicPattern(void* code) : code_(code) {}
  void* code_;  // pcre2_code*, kept out of the header
};

}  // namespace sluice
