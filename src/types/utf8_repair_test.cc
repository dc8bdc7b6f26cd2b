// SPDX-License-Identifier: Apache-2.0
#include "types/utf8_repair.h"

#include <gtest/gtest.h>

#include "types/unicode_digits.h"

namespace sluice {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";

std::string Repaired(std::string_view text) {
  std::string out;
  AppendRepaired(text, &out);
  return out;
}

std::string Times(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += kReplacement;
  return out;
}

TEST(Utf8Repair, LeavesWhatIsWellFormed) {
  for (const char* text : {"", "plain", "größe € 😀", "\x7F", "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
    EXPECT_EQ(Repaired(text), text);
  }
}

// Against Spark: tests/golden/expr/utf8.txt.
TEST(Utf8Repair, OneReplacementForEachMalformedSequence) {
  EXPECT_EQ(Repaired("a\xFF\xFE z"), "a" + Times(2) + " z");
  EXPECT_EQ(Repaired("\xE2\x82"), Times(1));
  EXPECT_EQ(Repaired("\xE2\x82\xE2\x82\xAC"), Times(1) + "€");
  EXPECT_EQ(Repaired("\xF0\x9F\x98"), Times(1));
  EXPECT_EQ(Repaired("\xED\xA0\x80"), Times(1));  // a surrogate, at once
  EXPECT_EQ(Repaired("\xC0\x80"), Times(2));
  EXPECT_EQ(Repaired("\xF4\x90\x80\x80"), Times(4));
}

// Longer forms than needed, halves of surrogates, and what lies beyond the last character.
TEST(Utf8Repair, RefusesWhatNoEncoderWrites) {
  for (const char* text : {"\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
  for (const char* text :
       {"\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

// Every byte at every place of a text long enough for the word-wise check.
TEST(Utf8Repair, FindsTheFirstMalformedByteWhereverItIs) {
  for (size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '\x80';
    EXPECT_EQ(WellFormedPrefix(text), at);
  }
}

TEST(UnicodeDigits, AreThoseOfTheBasicPlane) {
  EXPECT_EQ(WithAsciiDigits("-１２.٣e+٤"), "-12.3e+4");
  EXPECT_EQ(WithAsciiDigits("²½Ⅷ𝟗／："), "²½Ⅷ𝟗／：");
  EXPECT_EQ(WithAsciiDigits("\xD9\xFF\xEF\xBC"), "\xD9\xFF\xEF\xBC");
}

}  // namespace
}  // namespace sluice
