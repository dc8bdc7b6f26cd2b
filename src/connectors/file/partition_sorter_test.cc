// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/partition_sorter.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "connectors/file/row_codec.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Folders = std::vector<std::string>;

std::shared_ptr<arrow::RecordBatch> Slice(const Folders& texts) {
  arrow::StringViewBuilder builder;
  for (const std::string& text : texts) EXPECT_TRUE(builder.Append(text).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("s", StringType())}), static_cast<int64_t>(texts.size()),
                                  {*(*builder.Finish())->View(StringType())});
}

// What a sorter gives back: by folder, in order, the slices as lists of values.
struct Sorted {
  Folders folders;
  std::vector<std::vector<Folders>> slices;
  size_t runs = 0;
  bool operator==(const Sorted& other) const { return folders == other.folders && slices == other.slices; }
};

class PartitionSorterTest : public ::testing::Test {
 protected:
  // Row i of the input is the text i and goes to folder i.
  static Sorted Sort(int64_t memory, const Folders& folders, const Folders& texts, size_t slice_rows = 100) {
    PartitionSorter sorter(memory);
    const auto codec = *RowCodec::Make(*Slice({})->schema(), {0});
    for (size_t begin = 0; begin < folders.size(); begin += slice_rows) {
      const size_t end = std::min(begin + slice_rows, folders.size());
      const auto slice = Slice(Folders(texts.begin() + static_cast<std::ptrdiff_t>(begin),
                                       texts.begin() + static_cast<std::ptrdiff_t>(end)));
      std::map<std::string, std::vector<int32_t>> rows;
      for (size_t i = begin; i < end; ++i) rows[folders[i]].push_back(static_cast<int32_t>(i - begin));
      const RowEncoder encoder(*codec, *slice);
      for (const auto& [folder, of_folder] : rows) EXPECT_TRUE(sorter.Add(folder, encoder, of_folder).ok());
    }
    EXPECT_TRUE(sorter.Sort().ok());
    Sorted found;
    found.runs = sorter.runs();
    while (auto folder = sorter.NextFolder().ValueOrDie()) {
      found.folders.push_back(*folder);
      found.slices.emplace_back();
      for (;;) {
        const auto rows = sorter.NextRows().ValueOrDie();
        if (rows.rows == 0) break;
        const auto slice = codec->Decode(rows.bytes, rows.rows).ValueOrDie();
        Folders values;
        const auto& column = static_cast<const arrow::StringViewArray&>(*slice->column(0));
        for (int64_t i = 0; i < rows.rows; ++i) values.emplace_back(column.GetView(i));
        found.slices.back().push_back(values);
      }
    }
    return found;
  }

  static Sorted Expected(const Folders& folders, const Folders& texts) {
    std::map<std::string, Folders> by_folder;
    for (size_t i = 0; i < folders.size(); ++i) by_folder[folders[i]].push_back(texts[i]);
    Sorted expected;
    for (const auto& [folder, values] : by_folder) {
      expected.folders.push_back(folder);
      std::vector<Folders> slices;
      size_t bytes = 0;
      for (const std::string& value : values) {
        const size_t encoded = value.size() + 5;  // a flag and a length
        const bool full = !slices.empty() && (slices.back().size() == PartitionSorter::kSliceRows ||
                                              bytes + encoded > PartitionSorter::kSliceBytes);
        if (slices.empty() || full) {
          slices.emplace_back();
          bytes = 0;
        }
        slices.back().push_back(value);
        bytes += encoded;
      }
      expected.slices.push_back(slices);
    }
    return expected;
  }
};

TEST_F(PartitionSorterTest, WithoutRowsThereIsNoFolder) {
  EXPECT_EQ(Sort(1 << 20, {}, {}), Sorted());
}

TEST_F(PartitionSorterTest, RowsOfAFolderStayInOrderWhateverFitsIntoMemory) {
  Folders folders;
  Folders texts;
  std::mt19937 dice(1);
  for (int i = 0; i < 20'000; ++i) {
    folders.push_back("p=" + std::to_string(dice() % 50 == 0 ? dice() % 5000 : dice() % 7));
    texts.push_back(std::to_string(i) + std::string(dice() % 40, 'x'));
  }
  const Sorted expected = Expected(folders, texts);
  for (const int64_t memory : {int64_t{1}, int64_t{20'000}, int64_t{300'000}, int64_t{1} << 30}) {
    const Sorted found = Sort(memory, folders, texts, memory == 20'000 ? 7 : 100);
    EXPECT_EQ(found, expected) << memory;
    EXPECT_EQ(found.runs > 1, memory < 1 << 30) << memory;
  }
}

// Rows larger than a block, than what is read at once, than a slice and than all of the memory.
TEST_F(PartitionSorterTest, RowsOfEverySizeComeBack) {
  Folders folders;
  Folders texts;
  const std::vector<size_t> sizes{0, 10, 70'000, 262'139, 262'144, 300'000, 1 << 20, 3 << 20, 5};
  for (int round = 0; round < 3; ++round) {
    for (const size_t size : sizes) {
      folders.push_back("p=" + std::to_string(size % 3));
      texts.push_back(std::string(size, static_cast<char>('a' + round)));
    }
  }
  const Sorted expected = Expected(folders, texts);
  for (const int64_t memory : {int64_t{100'000}, int64_t{2} << 20, int64_t{1} << 30}) {
    EXPECT_EQ(Sort(memory, folders, texts, 4), expected) << memory;
  }
}

TEST_F(PartitionSorterTest, RowsThatAreNotAskedForAreLeftOut) {
  for (const int64_t memory : {int64_t{1}, int64_t{1} << 30}) {
    PartitionSorter sorter(memory);
    const auto codec = *RowCodec::Make(*Slice({})->schema(), {0});
    const auto slice = Slice({"1", "2", "3"});
    const RowEncoder encoder(*codec, *slice);
    ASSERT_TRUE(sorter.Add("b", encoder, {2}).ok());
    ASSERT_TRUE(sorter.Add("a", encoder, {0, 1}).ok());
    ASSERT_TRUE(sorter.Sort().ok());
    EXPECT_EQ(*sorter.NextFolder(), "a");
    EXPECT_EQ(*sorter.NextRowBytes(), 6u);
    EXPECT_EQ(*sorter.NextFolder(), "b");
    EXPECT_EQ(sorter.NextRows()->rows, 1);
    EXPECT_EQ(sorter.NextRows()->rows, 0);
    EXPECT_EQ(*sorter.NextFolder(), std::nullopt);
  }
}

TEST_F(PartitionSorterTest, WithoutATemporaryFolderASpillFailsByName) {
  const char* former = std::getenv("TMPDIR");
  const std::string kept = former == nullptr ? "" : former;
  ::setenv("TMPDIR", "/not/there", 1);
  PartitionSorter sorter(1);
  const auto codec = *RowCodec::Make(*Slice({})->schema(), {0});
  const auto slice = Slice({std::string(3000, 'x'), "2"});
  const RowEncoder encoder(*codec, *slice);
  const Status status = sorter.Add("a", encoder, {0, 1});
  if (former == nullptr) {
    ::unsetenv("TMPDIR");
  } else {
    ::setenv("TMPDIR", kept.c_str(), 1);
  }
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("/not/there"), std::string::npos) << status;
}

}  // namespace
}  // namespace sluice
