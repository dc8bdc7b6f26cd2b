// SPDX-License-Identifier: Apache-2.0
#include "types/calendar_interval.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(CalendarInterval, AddsNumbersWithUnits) {
  EXPECT_EQ(ParseCalendarInterval("5 seconds"), (CalendarInterval{0, 0, 5'000'000}));
  EXPECT_EQ(ParseCalendarInterval(" INTERVAL 1 Month 2 days -3.5 SECOND "), (CalendarInterval{1, 2, -3'500'000}));
  EXPECT_EQ(ParseCalendarInterval("1 week 24 hours"), (CalendarInterval{0, 7, 86'400'000'000}));
  EXPECT_EQ(ParseCalendarInterval("-1 year + 2 microseconds"), (CalendarInterval{-12, 0, 2}));
  EXPECT_EQ(ParseCalendarInterval(".5 seconds"), (CalendarInterval{0, 0, 500'000}));
}

TEST(CalendarInterval, RefusesOtherTexts) {
  for (const char* text : {"", " ", "interval", "5", "five", "5seconds", "1.5 minutes", "5 second 3", "seconds",
                           "3000000000 months", "9223372036854775807 seconds", "1 fortnight", ". seconds"}) {
    EXPECT_EQ(ParseCalendarInterval(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice
