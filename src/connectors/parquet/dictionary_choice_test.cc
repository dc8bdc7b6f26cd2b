// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/dictionary_choice.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

// `distinct` values in a scrambled order.
std::shared_ptr<arrow::Array> Texts(int count, int distinct) {
  arrow::StringViewBuilder builder;
  uint64_t state = 1;
  for (int i = 0; i < count; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    EXPECT_TRUE(builder.Append("value " + std::to_string((state >> 33) % static_cast<uint64_t>(distinct))).ok());
  }
  return *builder.Finish();
}

bool Pays(int count, int distinct) {
  return DictionaryPays(*Texts(count, distinct), nullptr, count);
}

TEST(DictionaryPays, FewValues) {
  EXPECT_TRUE(Pays(1024, 1));
  EXPECT_TRUE(Pays(1024, 5));
  EXPECT_TRUE(Pays(20, 5));
}

TEST(DictionaryPays, ThousandsOfValuesAreSeenFromTheRepeats) {
  EXPECT_TRUE(Pays(1024, 2000));
  EXPECT_FALSE(Pays(1024, 20000));
  EXPECT_FALSE(Pays(1024, 1000000));
  EXPECT_FALSE(Pays(20, 1000000));
}

TEST(DictionaryPays, BooleansNever) {
  arrow::BooleanBuilder builder;
  ASSERT_TRUE(builder.AppendValues(std::vector<bool>(100, true)).ok());
  EXPECT_FALSE(DictionaryPays(**builder.Finish(), nullptr, 100));
}

TEST(DictionaryPays, NumbersAndChosenRows) {
  arrow::Int64Builder builder;
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(builder.Append(i % 2 == 0 ? 7 : i).ok());
  const auto array = *builder.Finish();
  std::vector<int32_t> even, odd;
  for (int i = 0; i < 300; ++i) {
    even.push_back(2 * i);
    odd.push_back(2 * i + 1);
  }
  EXPECT_TRUE(DictionaryPays(*array, even.data(), 300));
  EXPECT_FALSE(DictionaryPays(*array, odd.data(), 300));
}

}  // namespace
}  // namespace sluice
