// SPDX-License-Identifier: Apache-2.0
// Parquet tables whose files and folders differ, against the answers of a real Spark (tools/record_parquet.py): types
// that changed between the files of a table, columns of other writers, partition folders, and days of the old calendar.
#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/spark_error.h"
#include "exec/operator.h"
#include "session/session.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using nlohmann::json;

std::filesystem::path Golden() {
  return std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "golden" / "parquet";
}

std::string BytesOf(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in.good()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

// An answer as the golden files have it: {"schema": .., "rows": [..]} or {"error": class}.
class ParquetTables : public ::testing::Test {
 protected:
  ParquetTables() : answers_(json::parse(BytesOf(Golden() / "answers.json"))) {
    EXPECT_TRUE(session->SetConf("spark.sql.session.timeZone", "UTC").ok());
  }

  Result<json> Query(const std::string& sql) {
    spark::connect::Relation relation;
    relation.mutable_sql()->set_query(sql);
    SLUICE_ASSIGN(const auto plan, session->Resolve(relation));
    json answer;
    const std::string schema = SparkSimpleString(*arrow::struct_(plan->schema->fields()));
    answer["schema"] = schema.substr(7, schema.size() - 8);
    answer["rows"] = json::array();
    SLUICE_ASSIGN(auto rows, session->Run(plan));
    for (;;) {
      SLUICE_ASSIGN(const auto slice, rows->Next());
      if (slice == nullptr) break;
      for (int64_t i = 0; i < slice->num_rows(); ++i) answer["rows"].push_back(RowOf(*slice, i));
    }
    return answer;
  }

  static json RowOf(const arrow::RecordBatch& slice, int64_t i) {
    json row = json::array();
    for (const auto& column : slice.columns()) {
      const bool is_null = column->IsNull(i) || column->type_id() == arrow::Type::NA;
      row.push_back(is_null ? json() : Printable((*column->GetScalar(i))->ToString()));
    }
    return row;
  }

  // The rows as strings, sorted, as the recorder took them.
  json AnswerOf(const std::string& path) {
    const std::string table = "parquet.`" + path + "`";
    const auto names = Query("SELECT * FROM " + table + " LIMIT 0");
    if (!names.ok()) return ErrorOf(names.status());
    spark::connect::Relation relation;
    relation.mutable_sql()->set_query("SELECT * FROM " + table);
    std::string columns;
    const auto plan = session->Resolve(relation).ValueOrDie();
    for (const auto& field : plan->schema->fields()) {
      columns += fmt::format("{}CAST(`{}` AS STRING)", columns.empty() ? "" : ", ", field->name());
    }
    auto rows = Query("SELECT " + columns + " FROM " + table);
    if (!rows.ok()) return ErrorOf(rows.status());
    json answer = {{"schema", (*names)["schema"]}, {"rows", (*rows)["rows"]}};
    std::sort(answer["rows"].begin(), answer["rows"].end(),
              [](const json& a, const json& b) { return Dump(a) < Dump(b); });
    return answer;
  }

  static json ErrorOf(const Status& status) {
    const auto* error = FindSparkError(status);
    return {{"error", error == nullptr ? "none" : error->error_class}, {"text", status.message()}};
  }

  void Put(const std::string& path, const std::filesystem::path& file) {
    ASSERT_TRUE(fs->CreateAtomic(path, BytesOf(file)).ok()) << path;
  }

  // Bytes that are not UTF-8 are replaced, as in what the recorder was given.
  static std::string Dump(const json& answer) { return answer.dump(-1, ' ', false, json::error_handler_t::replace); }
  static json Printable(const std::string& text) { return json::parse(Dump(json(text))); }

  // Same rows and types, or the same class of error.
  static bool Agree(const json& ours, const json& sparks) {
    if (ours.contains("error") || sparks.contains("error")) {
      // Spark's class for a struct in the place of a number says nothing: ours is the one for numbers, too.
      return ours.value("error", "") == sparks.value("error", "") ||
             (ours.value("error", "") == "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH" &&
              sparks.value("error", "") == "FAILED_READ_FILE.NO_HINT");
    }
    json sorted = sparks["rows"];
    std::sort(sorted.begin(), sorted.end(), [](const json& a, const json& b) { return Dump(a) < Dump(b); });
    return ours["schema"] == sparks["schema"] && ours["rows"] == sorted;
  }

  const json answers_;
  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  std::shared_ptr<Env> env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  std::shared_ptr<Session> session = std::make_shared<Session>(std::make_shared<Process>(env, Conf()), "s");
};

// What Spark reads, though the values mean something else then, or are cut.
bool IsReadByMistake(const std::string& table, const std::string& file) {
  const auto begins = [](const std::string& name, std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(), [&](const char* word) { return name.starts_with(word); });
  };
  const bool number = begins(table, {"tinyint", "smallint", "int", "bigint", "double"});
  if (number && begins(file, {"decimal", "date", "timestamp"})) return true;
  if (table == "date" && begins(file, {"tinyint", "smallint", "int", "decimal"})) return true;
  const std::map<std::string, int> widths = {{"tinyint", 1}, {"smallint", 2}, {"int", 4}};
  return widths.contains(table) && widths.contains(file) && widths.at(file) > widths.at(table);
}

TEST_F(ParquetTables, TypesThatChangedAreReadOrRefusedAsBySpark) {
  int read = 0;
  for (const auto& [pair, sparks] : answers_["pairs"].items()) {
    const size_t plus = pair.find('+');
    Put("/" + pair + "/a.parquet", Golden() / "types" / (pair.substr(0, plus) + ".parquet"));
    Put("/" + pair + "/b.parquet", Golden() / "types" / (pair.substr(plus + 1) + ".parquet"));
    const json ours = AnswerOf("/" + pair);
    const bool mistake = IsReadByMistake(pair.substr(0, plus), pair.substr(plus + 1));
    EXPECT_TRUE(mistake ? ours.contains("error") : Agree(ours, sparks))
        << pair << "\n  ours  " << Dump(ours) << "\n  Spark " << Dump(sparks);
    read += ours.contains("rows") ? 1 : 0;
    if (!ours.contains("error")) continue;
    const auto text = ours["text"].get<std::string>();
    EXPECT_NE(text.find("/b.parquet"), std::string::npos) << text;
    EXPECT_NE(text.find("column v"), std::string::npos) << text;
  }
  EXPECT_GT(read, 100);
}

TEST_F(ParquetTables, ColumnsOfOtherWritersAreReadOrRefusedAlone) {
  // Read here, and not by Spark.
  const std::map<std::string, std::string> wider = {{"float16", "1.5"},
                                                    {"uuid", "00000000-0000-0000-0000-000000000005"},
                                                    {"timestamp_ns", "1969-12-31 23:59:59.999999"},
                                                    {"timestamp_ns_utc", "1969-12-31 23:59:59.999999"}};
  for (const auto& [name, sparks] : answers_["alone"].items()) {
    Put("/" + name + "/a.parquet", Golden() / "others" / (name + ".parquet"));
    const json ours = AnswerOf("/" + name);
    if (const auto found = wider.find(name); found != wider.end()) {
      EXPECT_EQ(ours["rows"], json::array({json::array({"0", found->second}), json::array({"1", nullptr})}))
          << name << Dump(ours);
      continue;
    }
    EXPECT_TRUE(Agree(ours, sparks)) << name << "\n  ours  " << Dump(ours) << "\n  Spark " << Dump(sparks);
    if (!ours.contains("error") || ours["error"] == "COLUMN_ALREADY_EXISTS") continue;
    EXPECT_NE(ours["text"].get<std::string>().find("column v"), std::string::npos) << Dump(ours);
    EXPECT_TRUE(Query("SELECT id FROM parquet.`/" + name + "`").ok()) << name;
  }
}

TEST_F(ParquetTables, FoldersAreColumnsAsInSpark) {
  // There is no type TIME here; of names that differ in case Spark takes any; and %XX is a byte of UTF-8 here, not a
  // character of Latin-1.
  const std::set<std::string> wanted = {"k=01%3A02%3A03/f.parquet", "K=1/f.parquet", "k=%D9%A1/f.parquet"};
  int number = 0;
  for (const auto& one : answers_["partitions"]) {
    const std::string table = fmt::format("/t{}", ++number);
    for (const auto& path : one[0]) Put(table + "/" + path.get<std::string>(), Golden() / "one.parquet");
    const std::string infer = one[1].get<bool>() ? "true" : "false";
    ASSERT_TRUE(session->SetConf("spark.sql.sources.partitionColumnTypeInference.enabled", infer).ok());
    const json ours = AnswerOf(table);
    if (wanted.contains(one[0][0].get<std::string>()) && ours.contains("rows")) continue;
    EXPECT_TRUE(Agree(ours, one[2])) << Dump(one[0]) << " " << infer << "\n  ours  " << Dump(ours) << "\n  Spark "
                                     << Dump(one[2]);
  }
  EXPECT_GT(number, 100);
}

TEST_F(ParquetTables, DaysOfTheOldCalendarKeepTheirNames) {
  for (const auto& [name, sparks] : answers_["calendars"].items()) {
    Put("/" + name, Golden() / "calendars" / name);
    const json ours = AnswerOf("/" + name);
    EXPECT_TRUE(Agree(ours, sparks)) << name << "\n  ours  " << Dump(ours) << "\n  Spark " << Dump(sparks);
  }
}

// Files by hand: old bounds of decimals, names that differ in case, calendars.
class HandMadeTables : public ParquetTables {
 protected:
  HandMadeTables() {
    const auto cases = Golden() / "cases";
    for (const auto& file : std::filesystem::recursive_directory_iterator(cases)) {
      if (file.is_regular_file()) Put("/" + std::filesystem::relative(file.path(), cases).string(), file.path());
    }
  }
};

TEST_F(HandMadeTables, OldBoundsOfDecimalsPruneNothing) {
  const auto count = [&](const std::string& condition) {
    const auto found = Query("SELECT value FROM parquet.`/old_decimal_statistics.parquet` WHERE " + condition);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? static_cast<int>((*found)["rows"].size()) : -1;
  };
  EXPECT_EQ(count("value < 2"), 1);
  EXPECT_EQ(count("value = 1.00"), 1);
  EXPECT_EQ(count("value >= 1"), 24);
}

TEST_F(HandMadeTables, NamesThatDifferInCaseAreRefused) {
  for (const char* name : {"crash", "values"}) {
    const json answer = AnswerOf(fmt::format("/same_name_but_case_{}.parquet", name));
    EXPECT_EQ(answer["error"], "COLUMN_ALREADY_EXISTS") << Dump(answer);
  }
}

TEST_F(HandMadeTables, OldDaysKeepTheirNames) {
  for (const char* form : {"int96", "micros"}) {
    const json answer = AnswerOf(fmt::format("/spark_legacy_calendar_{}.parquet", form));
    EXPECT_EQ(answer["rows"][0][0], "0001-01-01") << Dump(answer);
    EXPECT_EQ(answer["rows"][1][0], "1500-03-01") << Dump(answer);
  }
}

TEST_F(HandMadeTables, AStructThatGrewHasWhatTheFirstFileHas) {
  EXPECT_EQ(AnswerOf("/grown_struct")["rows"].size(), 2u);
  const auto x = Query("SELECT s.x FROM parquet.`/grown_struct`");
  EXPECT_TRUE(x.ok()) << x.status();
}

TEST_F(HandMadeTables, FoldersOfManyDigitsAndOfOtherThings) {
  EXPECT_EQ(AnswerOf("/partition_20_digits")["schema"], "v:bigint,k:decimal(20,0)");
  EXPECT_EQ(AnswerOf("/subfolder_not_partition")["rows"].size(), 1u);
}

TEST_F(HandMadeTables, ListsOfAFixedSizeAndDurations) {
  EXPECT_EQ(AnswerOf("/fixed_size_list.parquet")["schema"], "id:bigint,e:array<float>");
  EXPECT_EQ(AnswerOf("/duration_and_time.parquet")["schema"], "id:bigint,d:bigint");
}

TEST_F(ParquetTables, OddNamesAndNoColumns) {
  Put("/odd.parquet", Golden() / "others" / "names_odd.parquet");
  const auto odd = Query("SELECT `a.b`, `a b`, `a``b`, a.b FROM parquet.`/odd.parquet`");
  ASSERT_TRUE(odd.ok()) << odd.status();
  EXPECT_EQ((*odd)["rows"], json::array({json::array({"1", "3", "4", "9"})}));
  Put("/none.parquet", Golden() / "others" / "no_columns.parquet");
  const auto none = Query("SELECT count(*) FROM parquet.`/none.parquet`");
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ((*none)["rows"], json::array({json::array({"0"})}));
}

}  // namespace
}  // namespace sluice
