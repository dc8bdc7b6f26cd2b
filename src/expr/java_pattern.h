// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace sluice {

// A regular expression of java.util.regex.Pattern, written for PCRE2 in UTF mode: escapes, quotes, nested character
// classes, property names and comments are rewritten, so that nothing is left which PCRE2 reads otherwise. Status's
// message says what is wrong: no pattern of Java's (`\K`, `(?R)`, `(*SKIP)`), or one that cannot be translated
// (`\N{..}`,
// `(?U)`).
Result<std::string> TranslateJavaPattern(std::string_view pattern);

}  // namespace sluice
