// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Printable, PlainTextStaysAsItIs) {
  for (const std::string text : {"", "a b\tc\nd", "größe € 😀 \\n", "\u00a0\u2026\u3042"}) {
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(Printable, ControlCharactersAreShown) {
  EXPECT_EQ(Printable("\x1b[2J\x07"), "\\u001b[2J\\u0007");
  EXPECT_EQ(Printable(std::string("a\0b\rc\x7f", 6)), "a\\u0000b\\u000dc\\u007f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m")
      << "the C1 form of ESC [";
  EXPECT_EQ(Printable("user\u202Etxt.exe\u2066\u200F\u2028"), "user\\u202etxt.exe\\u2066\\u200f\\u2028");
}

// A terminal that is not set to UTF-8 takes a lone 9b for ESC [.
TEST(Printable, BytesThatAreNoUtf8AreShown) {
  EXPECT_EQ(Printable("\x9b"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(Printable("\xc3"), "\\xc3");
  EXPECT_EQ(Printable("\xc0\x9b"), "\\xc0\\x9b") << "an overlong form";
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(Printable("\xe2\x82 x"), "\\xe2\\x82 x");
}

TEST(Printable, ALineStaysALine) {
  EXPECT_EQ(PrintableLine("one\ntwo\r\nthree\x1b"), "one\\ntwo\\r\\nthree\\u001b");
  EXPECT_EQ(PrintableLine("end\n"), "end\\n");
  EXPECT_EQ(PrintableLine(""), "");
}

}  // namespace
}  // namespace sluice
