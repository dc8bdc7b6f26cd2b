// SPDX-License-Identifier: Apache-2.0
// The formats of state against what Spark wrote (tests/golden/state).
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/spark_error.h"
#include "state/delta_file.h"
#include "state/operator_metadata.h"
#include "state/partitioning.h"
#include "state/state_schema.h"
#include "state/unsafe_row.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<fs::path> Recorded(const std::string& end) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(SLUICE_SOURCE_DIR "/tests/golden/state")) {
    if (entry.is_regular_file() && entry.path().string().ends_with(end)) paths.push_back(entry.path());
  }
  return paths;
}

struct Row {
  std::string key;
  std::optional<std::string> value;
};

Result<std::vector<Row>> RowsOf(const std::string& bytes, StateCodec codec = StateCodec::kLz4) {
  std::vector<Row> rows;
  const auto add = [&](std::string_view key, const std::optional<std::string_view>& value) {
    rows.push_back({std::string(key), value ? std::optional(std::string(*value)) : std::nullopt});
    return Status::OK();
  };
  SLUICE_RETURN_IF_ERROR(ReadStateFile(codec, bytes, add));
  return rows;
}

Result<std::string> FileOf(const std::vector<Row>& rows, StateCodec codec = StateCodec::kLz4) {
  std::string bytes;
  SLUICE_ASSIGN(const auto writer, StateFileWriter::Make(codec, [&](std::string_view piece) {
                  bytes.append(piece);
                  return Status::OK();
                }));
  for (const Row& row : rows) {
    SLUICE_RETURN_IF_ERROR(
        writer->Add(row.key, row.value ? std::optional<std::string_view>(*row.value) : std::nullopt));
  }
  SLUICE_RETURN_IF_ERROR(writer->Finish());
  return bytes;
}

// The schema of the store that a file belongs to: it stands beside partition 0.
StateSchema SchemaOf(const fs::path& file) {
  fs::path store = file.parent_path();
  const bool join = store.filename().string().find("-key") != std::string::npos;
  const fs::path base = join ? store.parent_path().parent_path() / "0" / store.filename() : store.parent_path() / "0";
  auto schema = ParseStateSchema(Slurp(base / "_metadata/schema"), base.string());
  EXPECT_TRUE(schema.ok()) << schema.status();
  return schema.ValueOr(StateSchema{});
}

std::vector<std::shared_ptr<arrow::DataType>> TypesOf(const arrow::Schema& schema) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const auto& field : schema.fields()) types.push_back(field->type());
  return types;
}

// Decodes rows and encodes them again: the same bytes.
void ExpectSameBytes(const arrow::Schema& schema, const std::vector<std::string>& rows, const fs::path& path) {
  const auto codec = UnsafeRowCodec::Make(TypesOf(schema));
  ASSERT_TRUE(codec.ok()) << codec.status();
  std::vector<std::string_view> views(rows.begin(), rows.end());
  for (const std::string_view row : views) EXPECT_TRUE(codec->Fits(row)) << path;
  const auto columns = codec->Decode(views, nullptr);
  ASSERT_TRUE(columns.ok()) << columns.status();
  std::string bytes;
  std::vector<uint64_t> offsets;
  ASSERT_TRUE(codec->Encode(*columns, static_cast<int64_t>(rows.size()), &bytes, &offsets).ok());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(bytes.substr(offsets[i], offsets[i + 1] - offsets[i]), rows[i]) << path;
  }
}

TEST(RecordedState, FilesComeBackByteForByte) {
  std::vector<fs::path> paths = Recorded(".delta");
  for (const fs::path& path : Recorded(".snapshot")) paths.push_back(path);
  ASSERT_GE(paths.size(), 100u);
  for (const fs::path& path : paths) {
    const std::string bytes = Slurp(path);
    const auto rows = RowsOf(bytes);
    ASSERT_TRUE(rows.ok()) << path << rows.status();
    EXPECT_EQ(FileOf(*rows).ValueOr(""), bytes) << path;
  }
}

TEST(RecordedState, RowsComeBackByteForByte) {
  for (const fs::path& path : Recorded(".delta")) {
    const auto rows = RowsOf(Slurp(path));
    ASSERT_TRUE(rows.ok());
    std::vector<std::string> keys;
    std::vector<std::string> values;
    for (const Row& row : *rows) {
      keys.push_back(row.key);
      if (row.value) values.push_back(*row.value);
    }
    const StateSchema schema = SchemaOf(path);
    ExpectSameBytes(*schema.key, keys, path);
    ExpectSameBytes(*schema.value, values, path);
  }
}

// Of sessions the session's start is no part, and of joins only the first field is.
size_t PartitionColumns(const fs::path& path, const StateSchema& schema) {
  const std::string text = path.string();
  if (text.find("/session/") != std::string::npos) return static_cast<size_t>(schema.key->num_fields() - 1);
  return text.find("-keyWithIndex") != std::string::npos ? 1 : static_cast<size_t>(schema.key->num_fields());
}

TEST(RecordedState, KeysLieInTheirPartition) {
  int seen = 0;
  for (const fs::path& path : Recorded(".delta")) {
    const auto rows = RowsOf(Slurp(path));
    ASSERT_TRUE(rows.ok());
    if (rows->empty()) continue;
    const StateSchema schema = SchemaOf(path);
    const auto codec = UnsafeRowCodec::Make(TypesOf(*schema.key));
    std::vector<std::string_view> keys;
    for (const Row& row : *rows) keys.push_back(row.key);
    auto columns = codec->Decode(keys, nullptr);
    ASSERT_TRUE(columns.ok());
    columns->resize(PartitionColumns(path, schema));
    fs::path partition = path.parent_path();
    if (partition.filename().string().size() > 1) partition = partition.parent_path();
    for (const int32_t found : PartitionsOf(*columns, static_cast<int64_t>(keys.size()), 2)) {
      EXPECT_EQ(std::to_string(found), partition.filename()) << path;
      ++seen;
    }
  }
  EXPECT_GT(seen, 50);
}

TEST(RecordedState, MetadataComesBackByteForByte) {
  const auto paths = Recorded("_metadata/metadata");
  ASSERT_EQ(paths.size(), 5u);
  for (const fs::path& path : paths) {
    const auto metadata = ParseOperatorMetadata(Slurp(path), path);
    ASSERT_TRUE(metadata.ok()) << metadata.status();
    EXPECT_EQ(FormatOperatorMetadata(*metadata), Slurp(path));
  }
}

TEST(RecordedState, SchemasAreKeptUpToNullability) {
  for (const fs::path& path : Recorded("_metadata/schema")) {
    const auto stored = ParseStateSchema(Slurp(path), path);
    ASSERT_TRUE(stored.ok()) << stored.status();
    const std::string written = FormatStateSchema(*stored);
    const auto again = ParseStateSchema(written, path);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(FormatStateSchema(*again), written);
    // From what Sluice writes Spark takes back its own; the other way a column without NULLs got some.
    EXPECT_TRUE(CheckStateSchema(*again, *stored).ok());
    std::string with_nulls = written;
    for (size_t at = 0; (at = with_nulls.find("\"nullable\":true", at)) != std::string::npos; ++at) {
    }
    EXPECT_EQ(with_nulls.find("\"nullable\":false"), std::string::npos);
  }
}

TEST(StateSchema, RefusesOtherTypesAndNewNulls) {
  const auto schema = [](std::shared_ptr<arrow::DataType> type, bool nullable) {
    return StateSchema{arrow::schema({arrow::field("k", arrow::int64(), nullable)}),
                       arrow::schema({arrow::field("v", std::move(type), nullable)})};
  };
  EXPECT_TRUE(CheckStateSchema(schema(arrow::int64(), true), schema(arrow::int64(), false)).ok());
  EXPECT_TRUE(HasErrorClass(CheckStateSchema(schema(arrow::int64(), false), schema(arrow::int64(), true)),
                            "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"));
  EXPECT_TRUE(HasErrorClass(CheckStateSchema(schema(arrow::int64(), true), schema(arrow::float64(), true)),
                            "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE"));
}

TEST(StateFile, GoesThroughEachCodec) {
  std::vector<Row> rows;
  for (int i = 0; i < 5000; ++i) rows.push_back({"key " + std::to_string(i * 7919), std::string(16, 'v')});
  rows.push_back({"gone", std::nullopt});
  for (const StateCodec codec : {StateCodec::kLz4, StateCodec::kZstd, StateCodec::kSnappy}) {
    const auto bytes = FileOf(rows, codec);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const auto read = RowsOf(*bytes, codec);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->size(), rows.size());
    EXPECT_EQ(read->at(4999).key, rows[4999].key);
    EXPECT_EQ(read->back().value, std::nullopt);
  }
}

TEST(StateFile, IsReadInPiecesOfAnySize) {
  std::vector<Row> rows;
  for (int i = 0; i < 3000; ++i) rows.push_back({"key " + std::to_string(i * 7919), std::string(16, 'v')});
  rows.push_back({"large", std::string(200'000, 'w')});
  rows.push_back({"gone", std::nullopt});
  for (const StateCodec codec : {StateCodec::kLz4, StateCodec::kZstd, StateCodec::kSnappy}) {
    const std::string bytes = FileOf(rows, codec).ValueOr("");
    for (const size_t size : {size_t{1}, size_t{7}, size_t{4096}, size_t{32768}, size_t{70'000}}) {
      size_t seen = 0;
      const auto reader = StateFileReader::Make(codec, [&](std::string_view key, const auto& value) {
                            EXPECT_EQ(key, rows.at(seen).key);
                            EXPECT_EQ(value, rows.at(seen).value);
                            ++seen;
                            return Status::OK();
                          }).ValueOrDie();
      for (size_t at = 0; at < bytes.size(); at += size) {
        ASSERT_TRUE(reader->Add(std::string_view(bytes).substr(at, size)).ok()) << at;
      }
      ASSERT_TRUE(reader->Finish().ok());
      EXPECT_EQ(seen, rows.size()) << size;
    }
  }
}

void ExpectEachChangedByteIsSeenOrChangesNothing(const std::string& bytes, StateCodec codec) {
  const auto whole = RowsOf(bytes, codec);
  ASSERT_TRUE(whole.ok());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    const auto rows = RowsOf(damaged, codec);
    if (!rows.ok()) continue;
    ASSERT_EQ(rows->size(), whole->size()) << i;
    for (size_t row = 0; row < rows->size(); ++row) {
      EXPECT_EQ(rows->at(row).key, whole->at(row).key) << i;
      EXPECT_EQ(rows->at(row).value, whole->at(row).value) << i;
    }
  }
}

TEST(StateFile, EachChangedByteIsSeenOrChangesNothing) {
  const std::string lz4 = Slurp(SLUICE_SOURCE_DIR "/tests/golden/state/wcount/ck/state/0/1/3.delta");
  ExpectEachChangedByteIsSeenOrChangesNothing(lz4, StateCodec::kLz4);
  // Spark's zstd frames have no checksum, ours have one.
  const std::string zstd = FileOf(RowsOf(lz4).ValueOrDie(), StateCodec::kZstd).ValueOrDie();
  ExpectEachChangedByteIsSeenOrChangesNothing(zstd, StateCodec::kZstd);
}

TEST(StateFile, AFileCutShortIsSeen) {
  for (const StateCodec codec : {StateCodec::kLz4, StateCodec::kZstd, StateCodec::kSnappy}) {
    const std::string bytes = FileOf({{"a", "1"}, {"b", std::nullopt}}, codec).ValueOr("");
    // Without its last, empty block an LZ4 stream is whole, and read as such by Spark.
    const size_t least = codec == StateCodec::kLz4 ? 21 : 0;
    for (size_t size = 0; size + least < bytes.size(); ++size) {
      EXPECT_FALSE(RowsOf(bytes.substr(0, size), codec).ok()) << size;
    }
  }
}

}  // namespace
}  // namespace sluice
