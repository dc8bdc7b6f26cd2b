// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/record_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice {
namespace {

using Texts = std::vector<std::string>;

class RecordReaderTest : public ::testing::Test {
 protected:
  static Texts All(RecordReader* reader) {
    Texts texts;
    std::string_view record;
    while (reader->Next(&record).ValueOrDie()) texts.emplace_back(record);
    return texts;
  }
  std::shared_ptr<SharedFile> FileOf(const std::string& text) {
    fs_ = MakeMemoryFileSystem();
    EXPECT_TRUE(fs_->CreateAtomic("/a", text).ok());
    return std::make_shared<SharedFile>(TableFile{fs_, "/a", static_cast<int64_t>(text.size()), {}, 0, {}});
  }
  Texts LinesOf(const std::string& text, int64_t begin, int64_t end, const std::string& separator = "") {
    return All(OpenLines({FileOf(text), begin, end, 0}, separator, &memory_).ValueOrDie().get());
  }
  Texts CsvOf(const std::string& text, const CsvSyntax& syntax = {}, const std::string& separator = "") {
    return All(OpenCsvRecords({FileOf(text), 0, INT64_MAX, 0}, syntax, separator, &memory_).ValueOrDie().get());
  }

  std::shared_ptr<FileSystem> fs_;
  ReaderMemory memory_{nullptr, 0, "/a"};
};

TEST_F(RecordReaderTest, LinesEndInThreeWays) {
  EXPECT_EQ(LinesOf("a\nb\r\nc\rd", 0, INT64_MAX), (Texts{"a", "b", "c", "d"}));
  EXPECT_EQ(LinesOf("a\n\n\r\r\n", 0, INT64_MAX), (Texts{"a", "", "", ""}));
  EXPECT_EQ(LinesOf("", 0, INT64_MAX), Texts());
  EXPECT_EQ(LinesOf("a||b|c||", 0, INT64_MAX, "||"), (Texts{"a", "b|c"}));
  EXPECT_EQ(LinesOf("\xEF\xBB\xBF"
                    "a\nb",
                    0, INT64_MAX),
            (Texts{"a", "b"}))
      << "without the byte order mark";
}

TEST_F(RecordReaderTest, WhereverAFileIsCutEachLineIsReadOnce) {
  for (const std::string text : {"ab\ncd\r\nef\rgh\n\nij", "\r\n\r\n\n\r", "a\n"}) {
    const Texts whole = LinesOf(text, 0, INT64_MAX);
    for (int64_t cut = 1; cut < static_cast<int64_t>(text.size()); ++cut) {
      Texts parts = LinesOf(text, 0, cut);
      const Texts rest = LinesOf(text, cut, INT64_MAX);
      parts.insert(parts.end(), rest.begin(), rest.end());
      EXPECT_EQ(parts, whole) << text << " at " << cut;
    }
  }
  const std::string text = "a<>bc<><>d<>";
  for (int64_t cut = 1; cut < static_cast<int64_t>(text.size()); ++cut) {
    Texts parts = LinesOf(text, 0, cut, "<>");
    const Texts rest = LinesOf(text, cut, INT64_MAX, "<>");
    parts.insert(parts.end(), rest.begin(), rest.end());
    EXPECT_EQ(parts, LinesOf(text, 0, INT64_MAX, "<>")) << cut;
  }
}

TEST_F(RecordReaderTest, LinesOfAnyLengthAreWhole) {
  Texts lines;
  std::string text;
  for (size_t size : {0u, 1u, 511u << 10, 512u << 10, (512u << 10) + 1, 3u << 20, 2u}) {
    lines.push_back(std::string(size, 'x'));
    text += lines.back() + "\r\n";
  }
  EXPECT_EQ(LinesOf(text, 0, INT64_MAX), lines);
}

TEST_F(RecordReaderTest, QuotedFieldsHoldLineEnds) {
  EXPECT_EQ(CsvOf("a,\"b\nc\"\nd\n\n\"e\""), (Texts{"a,\"b\nc\"", "d", "\"e\""}));
  EXPECT_EQ(CsvOf("a\r\n\"b\r\nc\"\r\n"), (Texts{"a", "\"b\nc\""}));
  EXPECT_EQ(CsvOf("\"a\\\"\nb\"\nc"), (Texts{"\"a\\\"\nb\"", "c"})) << "an escaped quote";
  EXPECT_EQ(CsvOf("\"a\\\\\"\nb"), (Texts{"\"a\\\\\"", "b"})) << "an escaped escape";
  EXPECT_EQ(CsvOf("\"a\"x\nb\"\nc"), (Texts{"\"a\"x", "b\"", "c"})) << "a quote in a wrong place";
  EXPECT_EQ(CsvOf("a\"b\nc"), (Texts{"a\"b", "c"})) << "no field begins with it";
  EXPECT_EQ(CsvOf("\"a\n"), (Texts{"\"a\n"})) << "never closed";
  CsvSyntax syntax;
  syntax.escape = '"';
  syntax.escape_escape = '\0';
  syntax.comment = '#';
  EXPECT_EQ(CsvOf("#\"x\n\"a\"\"\nb\"\n#c", syntax), (Texts{"\"a\"\"\nb\""}));
  EXPECT_EQ(CsvOf("a;\"b;c\";d", {}, ";"), (Texts{"a", "\"b;c\"", "d"}));
}

}  // namespace
}  // namespace sluice
