// SPDX-License-Identifier: Apache-2.0
// Reads and writes the files of tests/golden/files/cases.json, as real Spark did (tools/record_files.py).
#include <arrow/api.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/spark_error.h"
#include "connectors/file/part_file_name.h"
#include "env/env.h"
#include "env/file_system.h"
#include "exec/operator.h"
#include "expr/json_writer.h"
#include "session/batch_write.h"
#include "session/session.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using nlohmann::json;

json Golden(const std::string& name) {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/golden/files/" + name);
  return json::parse(file);
}

class FileFormats : public ::testing::Test {
 protected:
  FileFormats() { EXPECT_TRUE(session_->SetConf("spark.sql.session.timeZone", "UTC").ok()); }

  void Put(const std::string& folder, const json& files) {
    for (const auto& [name, text] : files.items()) {
      ASSERT_TRUE(fs_->CreateAtomic(folder + "/" + name, text.get<std::string>()).ok());
    }
  }

  static spark::connect::Relation ReadOf(const json& value, const std::string& path) {
    spark::connect::Relation relation;
    auto* source = relation.mutable_read()->mutable_data_source();
    source->set_format(value["format"].get<std::string>());
    source->add_paths(path);
    if (value.contains("schema")) source->set_schema(value["schema"].get<std::string>());
    if (value.contains("options")) {
      for (const auto& [key, text] : value["options"].items())
        (*source->mutable_options())[key] = text.get<std::string>();
    }
    return relation;
  }

  Result<PlanPtr> Select(const PlanPtr& plan, const std::string& columns) {
    EXPECT_TRUE(session_->catalog().CreateView("files", plan, true).ok());
    spark::connect::Relation relation;
    relation.mutable_sql()->set_query("SELECT " + columns + " FROM files");
    return session_->Resolve(relation);
  }

  Result<std::vector<std::string>> RowsOf(const PlanPtr& plan) {
    SLUICE_ASSIGN(const auto rows, session_->Run(plan));
    JsonOptions options;
    options.ignore_null_fields = false;
    SLUICE_ASSIGN(auto writer, JsonWriter::Make(options, "UTC"));
    std::vector<std::string> texts;
    for (;;) {
      SLUICE_ASSIGN(const auto slice, rows->Next());
      if (slice == nullptr) break;
      SLUICE_ASSIGN(const auto structs, slice->ToStructArray());
      for (int64_t row = 0; row < slice->num_rows(); ++row) {
        SLUICE_RETURN_IF_ERROR(writer.Write(*structs, row, &texts.emplace_back()));
      }
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  // What the recording has of a read.
  json Read(const json& value, const std::string& folder) {
    json found = json::object();
    const auto failed = [&](const Status& status) {
      const auto* error = FindSparkError(status);
      found["error"] = error == nullptr ? status.ToString() : error->error_class;
      return found;
    };
    const std::string below = value.value("path", "");
    const auto plan = session_->Resolve(ReadOf(value, folder + (below.empty() ? "" : "/" + below)));
    if (!plan.ok()) return failed(plan.status());
    found["schema"] = json::parse(SchemaToSparkJson(*(*plan)->schema));
    const auto selected = Select(*plan, value.value("select", "*"));
    if (!selected.ok()) return failed(selected.status());
    const auto rows = RowsOf(*selected);
    if (!rows.ok()) return failed(rows.status());
    found["rows"] = *rows;
    return found;
  }

  json Write(const json& value, const std::string& folder) {
    Put(folder, json{{"in/a", value["data"]}});
    json input{{"format", "json"}, {"schema", value["schema"]}};
    BatchWrite write;
    write.plan = session_->Resolve(ReadOf(input, folder + "/in")).ValueOrDie();
    write.format = value["format"].get<std::string>();
    write.path = folder + "/out";
    if (value.contains("options")) write.options = value["options"].get<std::map<std::string, std::string>>();
    if (value.contains("partitionBy")) write.partition_columns = value["partitionBy"].get<std::vector<std::string>>();
    const Status written = WriteBatch(session_.get(), write);
    if (!written.ok()) {
      const auto* error = FindSparkError(written);
      return json{{"error", error == nullptr ? written.ToString() : error->error_class}};
    }
    json files = json::object();
    for (const FileInfo& file : fs_->List(folder + "/out", true).ValueOrDie()) {
      const std::string below = file.path.substr(folder.size() + 5);
      const auto name = ParsePartFileName(BaseName(below));
      if (!name) continue;
      files[below.substr(0, below.size() - BaseName(below).size()) + "*" + name->extension] =
          fs_->ReadFile(file.path).ValueOrDie();
    }
    return json{{"files", files}};
  }

  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Session> session_ = std::make_shared<Session>(
      std::make_shared<Process>(MakeTestEnv(std::make_shared<ManualClock>(0), fs_), Conf()), "s");
};

// A class of ours, where Spark has none or names another for what is refused before anything is read.
bool SameError(const json& spark, const json& ours) {
  if (!ours.contains("error")) return !spark.contains("error");
  if (!spark.contains("error")) return false;
  return spark["error"].is_null() || spark["error"] == ours["error"];
}

TEST_F(FileFormats, AreReadAsSparkReadsThem) {
  const json cases = Golden("cases.json")["reads"];
  const json recorded = Golden("recorded.json")["reads"];
  ASSERT_EQ(cases.size(), recorded.size());
  ASSERT_GT(cases.size(), 80u);
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string folder = "/read/" + std::to_string(i);
    Put(folder, cases[i]["files"]);
    const json found = Read(cases[i], folder);
    const std::string name = cases[i]["format"].get<std::string>() + ": " + cases[i]["name"].get<std::string>();
    if (cases[i].contains("ours")) {
      EXPECT_EQ(found.value("error", ""), cases[i]["ours"].get<std::string>()) << name << ": " << cases[i]["why"];
      continue;
    }
    EXPECT_TRUE(SameError(recorded[i], found)) << name << "\n" << found << "\n" << recorded[i];
    if (recorded[i].contains("error")) continue;
    EXPECT_EQ(found["schema"], recorded[i]["schema"]) << name;
    EXPECT_EQ(found["rows"], recorded[i]["rows"]) << name;
  }
}

TEST_F(FileFormats, AreWrittenAsSparkWritesThem) {
  const json cases = Golden("cases.json")["writes"];
  const json recorded = Golden("recorded.json")["writes"];
  ASSERT_EQ(cases.size(), recorded.size());
  ASSERT_GT(cases.size(), 20u);
  for (size_t i = 0; i < cases.size(); ++i) {
    const json found = Write(cases[i], "/write/" + std::to_string(i));
    const std::string name = cases[i]["format"].get<std::string>() + ": " + cases[i]["name"].get<std::string>();
    EXPECT_TRUE(SameError(recorded[i], found)) << name << "\n" << found << "\n" << recorded[i];
    if (!recorded[i].contains("error")) {
      EXPECT_EQ(found, recorded[i]) << name;
    }
  }
}

// However a file is cut into parts, each line is read once.
TEST_F(FileFormats, PartsOfALargeFileHaveEachLineOnce) {
  std::string text;
  for (int i = 0; text.size() < (40 << 20); ++i) {
    text += std::to_string(i) + (i % 7 == 0 ? std::string(static_cast<size_t>(i % 5000), 'x') : "") +
            (i % 3 == 0 ? "\r\n" : "\n");
  }
  const auto lines = std::count(text.begin(), text.end(), '\n');
  ASSERT_TRUE(fs_->CreateAtomic("/large/a.txt", text).ok());
  const auto plan = session_->Resolve(ReadOf(json{{"format", "text"}}, "/large")).ValueOrDie();
  const auto counted = RowsOf(Select(plan, "count(*) AS n, sum(length(value)) AS l").ValueOrDie());
  const auto length = static_cast<int64_t>(text.size()) - lines - std::count(text.begin(), text.end(), '\r');
  EXPECT_EQ(counted.ValueOrDie(),
            std::vector<std::string>{"{\"n\":" + std::to_string(lines) + ",\"l\":" + std::to_string(length) + "}"});
}

std::string Packed(arrow::Compression::type kind, const std::string& text) {
  const auto codec = arrow::util::Codec::Create(kind).ValueOrDie();
  const auto compressor = codec->MakeCompressor().ValueOrDie();
  std::string packed(text.size() + 4096, '\0');
  auto* out = reinterpret_cast<uint8_t*>(packed.data());
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  auto left = static_cast<int64_t>(text.size());
  int64_t size = 0;
  while (left > 0) {
    const auto room = static_cast<int64_t>(packed.size()) - size;
    const auto done = compressor->Compress(left, in, room, out + size).ValueOrDie();
    in += done.bytes_read;
    left -= done.bytes_read;
    size += done.bytes_written;
  }
  const auto end = compressor->End(static_cast<int64_t>(packed.size()) - size, out + size).ValueOrDie();
  EXPECT_FALSE(end.should_retry);
  packed.resize(static_cast<size_t>(size + end.bytes_written));
  return packed;
}

TEST_F(FileFormats, CompressedFilesAreReadByTheEndOfTheirNames) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ",row\n";
  for (const auto& [ending, kind] : std::map<std::string, arrow::Compression::type>{
           {".gz", arrow::Compression::GZIP}, {".zst", arrow::Compression::ZSTD}, {".bz2", arrow::Compression::BZ2}}) {
    const std::string packed = Packed(kind, text);
    // Two members, one behind the other, are one text.
    ASSERT_TRUE(fs_->CreateAtomic("/packed" + ending + "/a" + ending, packed + packed).ok());
    const auto plan =
        session_->Resolve(ReadOf(json{{"format", "csv"}, {"schema", "n INT, w STRING"}}, "/packed" + ending));
    EXPECT_EQ(RowsOf(Select(*plan, "count(*) AS c, sum(n) AS s").ValueOrDie()).ValueOrDie(),
              std::vector<std::string>{"{\"c\":200000,\"s\":9999900000}"})
        << ending;
    ASSERT_TRUE(fs_->CreateAtomic("/torn" + ending + "/a" + ending, packed.substr(0, packed.size() / 2)).ok());
    const auto torn = session_->Resolve(ReadOf(json{{"format", "text"}}, "/torn" + ending)).ValueOrDie();
    EXPECT_TRUE(HasErrorClass(RowsOf(torn).status(), "FAILED_READ_FILE.NO_HINT")) << ending;
  }
  ASSERT_TRUE(fs_->CreateAtomic("/packed.lz4/a.lz4", "x").ok());
  const auto lz4 = session_->Resolve(ReadOf(json{{"format", "text"}}, "/packed.lz4")).ValueOrDie();
  EXPECT_TRUE(HasErrorClass(RowsOf(lz4).status(), "UNSUPPORTED_FEATURE.SLUICE"));
}

TEST_F(FileFormats, ARecordLargerThanTheBudgetIsNamed) {
  Conf conf;
  ASSERT_TRUE(conf.Set("spark.sluice.memory", "16m").ok());
  session_ = std::make_shared<Session>(
      std::make_shared<Process>(MakeTestEnv(std::make_shared<ManualClock>(0), fs_), conf), "s");
  ASSERT_TRUE(fs_->CreateAtomic("/long/a", std::string(40 << 20, 'x')).ok());
  for (const char* format : {"text", "csv", "json"}) {
    const json value{{"format", format}, {"schema", "value STRING"}};
    const auto plan = session_->Resolve(ReadOf(value, "/long")).ValueOrDie();
    EXPECT_TRUE(HasErrorClass(RowsOf(plan).status(), "SLUICE_MEMORY_BUDGET")) << format;
  }
  EXPECT_EQ(session_->process().budget().used(), 0);
}

TEST_F(FileFormats, SaveModes) {
  Put("/in", json{{"a", "{\"k\":1,\"v\":\"a\"}\n{\"k\":2,\"v\":\"b\"}\n"}});
  const auto input = session_->Resolve(ReadOf(json{{"format", "json"}}, "/in")).ValueOrDie();
  BatchWrite write{input, "csv", "/out", SaveMode::kErrorIfExists, {}, {}};
  const auto rows = [&] {
    const auto plan = session_->Resolve(ReadOf(json{{"format", "csv"}}, "/out")).ValueOrDie();
    return RowsOf(plan).ValueOrDie().size();
  };
  ASSERT_TRUE(WriteBatch(session_.get(), write).ok());
  EXPECT_EQ(rows(), 2u);
  EXPECT_TRUE(fs_->Stat("/out/_SUCCESS").ok());
  EXPECT_TRUE(HasErrorClass(WriteBatch(session_.get(), write), "PATH_ALREADY_EXISTS"));
  write.mode = SaveMode::kIgnore;
  ASSERT_TRUE(WriteBatch(session_.get(), write).ok());
  EXPECT_EQ(rows(), 2u);
  write.mode = SaveMode::kAppend;
  ASSERT_TRUE(WriteBatch(session_.get(), write).ok());
  EXPECT_EQ(rows(), 4u);
  write.mode = SaveMode::kOverwrite;
  ASSERT_TRUE(WriteBatch(session_.get(), write).ok());
  EXPECT_EQ(rows(), 2u);
  write.partition_columns = {"k"};
  ASSERT_TRUE(WriteBatch(session_.get(), write).ok());
  // Only the partition that the rows are of.
  write.plan = Select(input, "v, k").ValueOrDie();
  EXPECT_TRUE(session_->catalog().CreateView("some", write.plan, true).ok());
  spark::connect::Relation one;
  one.mutable_sql()->set_query("SELECT 'new' AS v, k FROM some WHERE k = 2");
  write.plan = session_->Resolve(one).ValueOrDie();
  write.options = {{"partitionOverwriteMode", "dynamic"}};
  ASSERT_TRUE(WriteBatch(session_.get(), write).ok());
  const auto plan = session_->Resolve(ReadOf(json{{"format", "csv"}}, "/out")).ValueOrDie();
  EXPECT_EQ(RowsOf(plan).ValueOrDie(),
            (std::vector<std::string>{"{\"_c0\":\"a\",\"k\":1}", "{\"_c0\":\"new\",\"k\":2}"}));
  EXPECT_TRUE(fs_->List("/out/_temporary", true)->empty());
}

TEST_F(FileFormats, TheFilesThatAQueryReadsAreNotOverwritten) {
  Put("/in", json{{"a", "{\"k\":1}\n"}});
  const auto input = session_->Resolve(ReadOf(json{{"format", "json"}}, "/in")).ValueOrDie();
  BatchWrite write{input, "json", "/in/", SaveMode::kOverwrite, {}, {}};
  EXPECT_TRUE(HasErrorClass(WriteBatch(session_.get(), write), "UNSUPPORTED_OVERWRITE.PATH"));
  EXPECT_TRUE(fs_->Stat("/in/a").ok());
  write.path = "/in/below";
  EXPECT_TRUE(WriteBatch(session_.get(), write).ok());
}

TEST_F(FileFormats, AWriteThatFailsChangesNothing) {
  Put("/in", json{{"a", "{\"k\":1}\n{\"k\":0}\n"}});
  Put("/out", json{{"part-old.csv", "7\n"}, {"_SUCCESS", ""}});
  ASSERT_TRUE(session_->catalog()
                  .CreateView("numbers", session_->Resolve(ReadOf(json{{"format", "json"}}, "/in")).ValueOrDie(), true)
                  .ok());
  spark::connect::Relation relation;
  relation.mutable_sql()->set_query("SELECT 1 / k FROM numbers");
  BatchWrite write{session_->Resolve(relation).ValueOrDie(), "csv", "/out", SaveMode::kOverwrite, {}, {}};
  EXPECT_TRUE(HasErrorClass(WriteBatch(session_.get(), write), "DIVIDE_BY_ZERO"));
  std::set<std::string> left;
  for (const FileInfo& file : fs_->List("/out", true).ValueOrDie()) left.insert(file.path);
  EXPECT_EQ(left, (std::set<std::string>{"/out/_SUCCESS", "/out/part-old.csv"}));
  EXPECT_EQ(session_->process().budget().used(), 0);
}

}  // namespace
}  // namespace sluice
