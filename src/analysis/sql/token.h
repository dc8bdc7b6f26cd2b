// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace sluice::sql {

enum class TokenKind {
  kWord,        // identifier or keyword; which of both is decided by where it stands
  kQuotedName,  // `name`, without the quotes
  kString,      // 'text' or "text", escapes already replaced
  kInteger,     // 12
  kDecimal,     // 1.5, 1.5BD: text without the suffix
  kDouble,      // 1e3, 1.5D
  kFloat,       // 1.5F
  kLong,        // 12L
  kShort,       // 12S
  kByte,        // 12Y
  kSymbol,      // operators and punctuation
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // without quotes and suffixes
  size_t begin = 0;  // offsets of the bytes in the source
  size_t end = 0;
  int line = 1;  // from 1
  int column = 1;
  bool raw_string = false;
};

// "`a``b`" for names that need quotes, the name itself otherwise.
std::string QuoteNameIfNeeded(const std::string& name);
std::string QuoteName(const std::string& name);

}  // namespace sluice::sql
