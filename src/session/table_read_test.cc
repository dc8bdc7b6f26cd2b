// SPDX-License-Identifier: Apache-2.0
// Queries over Parquet tables as a session runs them: rows that are left out early by statistics or by a sort's first
// rows change no answer, neither on Spark's own files (tools/record_tables.py) nor on random ones, and save the reads
// that they should.
#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "env/faulty_file_system.h"
#include "exec/operator.h"
#include "session/session.h"

namespace sluice {
namespace {

using nlohmann::json;
using Ids = std::vector<int64_t>;

struct Reads {
  std::atomic<int64_t> calls{0};
  std::atomic<int64_t> bytes{0};
};

// Counts what is read from a file.
class CountedFile : public arrow::io::RandomAccessFile {
 public:
  CountedFile(std::shared_ptr<arrow::io::RandomAccessFile> file, Reads* reads)
      : file_(std::move(file)), reads_(reads) {}
  arrow::Status Close() override { return file_->Close(); }
  bool closed() const override { return file_->closed(); }
  arrow::Result<int64_t> Tell() const override { return file_->Tell(); }
  arrow::Status Seek(int64_t position) override { return file_->Seek(position); }
  arrow::Result<int64_t> GetSize() override { return file_->GetSize(); }
  arrow::Result<int64_t> Read(int64_t count, void* out) override {
    Count(count);
    return file_->Read(count, out);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    Count(count);
    return file_->Read(count);
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t count, void* out) override {
    Count(count);
    return file_->ReadAt(position, count, out);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t count) override {
    Count(count);
    return file_->ReadAt(position, count);
  }

 private:
  void Count(int64_t bytes) {
    ++reads_->calls;
    reads_->bytes += bytes;
  }
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  Reads* const reads_;
};

class CountedFiles : public FaultyFileSystem {
 public:
  using FaultyFileSystem::FaultyFileSystem;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) override {
    SLUICE_ASSIGN(auto file, FaultyFileSystem::OpenForRead(path));
    return std::make_shared<CountedFile>(std::move(file), &reads);
  }
  int64_t Calls(const std::string& name) const {
    const auto calls = log();
    return std::count_if(calls.begin(), calls.end(), [&](const std::string& call) { return call.starts_with(name); });
  }
  Reads reads;
};

class TableRead : public ::testing::Test {
 protected:
  TableRead() { EXPECT_TRUE(session->SetConf("spark.sql.session.timeZone", "UTC").ok()); }

  std::shared_ptr<arrow::RecordBatch> Query(const std::string& sql) {
    fs->reads.calls = 0;
    fs->reads.bytes = 0;
    fs->Revive();
    spark::connect::Relation relation;
    relation.mutable_sql()->set_query(sql);
    const auto plan = session->Resolve(relation);
    if (!plan.ok()) return Failed(sql, plan.status());
    auto rows = session->Run(*plan);
    if (!rows.ok()) return Failed(sql, rows.status());
    arrow::RecordBatchVector slices;
    for (;;) {
      auto slice = (*rows)->Next();
      if (!slice.ok()) return Failed(sql, slice.status());
      if (*slice == nullptr) break;
      slices.push_back(*slice);
    }
    if (slices.empty()) return arrow::RecordBatch::MakeEmpty((*rows)->schema()).ValueOrDie();
    return arrow::ConcatenateRecordBatches(slices).ValueOrDie();
  }

  // The first column of the answer, whole numbers.
  Ids IdsOf(const std::string& sql) {
    Ids ids;
    const auto rows = Query(sql);
    for (int64_t i = 0; rows != nullptr && i < rows->num_rows(); ++i) {
      const auto value = rows->column(0)->GetScalar(i).ValueOrDie();
      ids.push_back(
          value->CastTo(arrow::int64()).ValueOrDie()->is_valid
              ? std::static_pointer_cast<arrow::Int64Scalar>(value->CastTo(arrow::int64()).ValueOrDie())->value
              : -1);
    }
    return ids;
  }

  void Write(const std::string& path, const arrow::Table& rows, int64_t group_rows) {
    auto out = *arrow::io::BufferOutputStream::Create();
    const auto properties = parquet::WriterProperties::Builder().data_pagesize(256)->build();
    ASSERT_TRUE(parquet::arrow::WriteTable(rows, arrow::default_memory_pool(), out, group_rows, properties).ok());
    ASSERT_TRUE(fs->CreateAtomic(path, (*out->Finish())->ToString()).ok());
  }

  static std::shared_ptr<arrow::RecordBatch> Failed(const std::string& sql, const Status& status) {
    ADD_FAILURE() << sql << ": " << status.ToString();
    return nullptr;
  }

  std::shared_ptr<CountedFiles> fs = std::make_shared<CountedFiles>(MakeMemoryFileSystem());
  std::shared_ptr<Env> env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  std::shared_ptr<Session> session = std::make_shared<Session>(std::make_shared<Process>(env, Conf()), "s");
};

std::filesystem::path Golden() {
  return std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "golden" / "tables";
}

std::string BytesOf(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in.good()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

class SparksTables : public TableRead, public ::testing::WithParamInterface<const char*> {
 protected:
  SparksTables() : answers_(json::parse(BytesOf(Golden() / GetParam() / "answers.json"))) {
    for (const char* form : {"int96", "micros"}) {
      const std::string name = std::string(form) + "/values.snappy.parquet";
      EXPECT_TRUE(fs->CreateAtomic("/" + name, BytesOf(Golden() / GetParam() / name)).ok());
    }
  }
  const json answers_;
};

TEST_P(SparksTables, GiveSparksRowsUnderEveryCondition) {
  int64_t whole = 0;
  int64_t read = 0;
  for (const auto& [condition, answer] : answers_["conditions"].items()) {
    for (const char* form : {"int96", "micros"}) {
      const std::string select = fmt::format("SELECT id FROM parquet.`/{}` WHERE ", form);
      const Ids ids = IdsOf(select + condition);
      read += fs->reads.calls;
      int64_t sum = 0;
      for (const int64_t id : ids) sum += id;
      EXPECT_EQ(static_cast<int64_t>(ids.size()), answer[0].get<int64_t>()) << form << ": " << condition;
      EXPECT_EQ(sum, answer[1].is_null() ? 0 : answer[1].get<int64_t>()) << form << ": " << condition;
      EXPECT_EQ(ids, IdsOf(select + "CASE WHEN " + condition + " THEN true ELSE false END")) << condition;
      whole += fs->reads.calls;
    }
  }
  EXPECT_GT(answers_["conditions"].size(), 60u);
  EXPECT_LT(read, whole * 3 / 4) << "statistics leave nothing out";
}

TEST_P(SparksTables, GiveSparksFirstRows) {
  for (const auto& [order, answer] : answers_["orders"].items()) {
    for (const char* form : {"int96", "micros"}) {
      const std::string sql = fmt::format("SELECT id FROM parquet.`/{}` ORDER BY {}, id LIMIT 7", form, order);
      EXPECT_EQ(json(IdsOf(sql)), answer) << sql;
    }
  }
  EXPECT_GT(answers_["orders"].size(), 15u);
}

INSTANTIATE_TEST_SUITE_P(Spark, SparksTables, ::testing::Values("3.5.7", "4.2.0"),
                         [](const auto& info) { return *info.param == '3' ? "3_5_7" : "4_2_0"; });

// Random tables and questions.
class RandomTables : public TableRead {
 protected:
  template <typename Builder, typename Value>
  std::shared_ptr<arrow::Array> Column(int64_t rows, Value value) {
    Builder builder;
    for (int64_t i = 0; i < rows; ++i) {
      EXPECT_TRUE((random() % 20 == 0 ? builder.AppendNull() : builder.Append(value(i))).ok());
    }
    return builder.Finish().ValueOrDie();
  }

  // Values that lie close together within a file, so that statistics tell something.
  void WriteTable() {
    const auto schema =
        arrow::schema({arrow::field("id", arrow::int64()), arrow::field("n", arrow::int32()),
                       arrow::field("t", arrow::utf8()), arrow::field("d", arrow::float64()),
                       arrow::field("day", arrow::date32()), arrow::field("sometimes", arrow::int64())});
    int64_t id = 0;
    for (int file = 0; file < 6; ++file) {
      const auto rows = static_cast<int64_t>(random() % 400 + 1);
      const int base = static_cast<int>(random() % 8) * 10;
      arrow::Int64Builder ids;
      for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(ids.Append(id++).ok());
      const auto near = [&] { return base + static_cast<int>(random() % 12); };
      const auto number = [&](int64_t) {
        const double odd[] = {NAN, -0.0, 0.0, std::numeric_limits<double>::infinity(), 1e300};
        return random() % 40 == 0 ? odd[random() % 5] : near() / 2.0 - 5;
      };
      const auto text = [&](int64_t) { return Text(near()); };
      arrow::ArrayVector columns = {*ids.Finish(),
                                    Column<arrow::Int32Builder>(rows, [&](int64_t) { return near() - 20; }),
                                    Column<arrow::StringBuilder>(rows, text),
                                    Column<arrow::DoubleBuilder>(rows, number),
                                    Column<arrow::Date32Builder>(rows, [&](int64_t) { return near() - 10; }),
                                    file % 2 == 0
                                        ? Column<arrow::Int64Builder>(rows, [&](int64_t) { return int64_t{near()}; })
                                        : arrow::MakeArrayOfNull(arrow::int64(), rows).ValueOrDie()};
      Write(fmt::format("/t/part={}/{}.parquet", file % 3, file), *arrow::Table::Make(schema, columns),
            static_cast<int64_t>(random() % 60 + 5));
    }
  }

  static std::string Text(int number) {
    static const char* const kTails[] = {"", "é", " and a tail that does not fit inline", "日本", "%", "_x"};
    return fmt::format("{}{}", number / 4, kTails[number % 6]);
  }

  std::string Literal(const std::string& column) {
    const int number = static_cast<int>(random() % 100) - 5;
    if (column == "t") return "'" + Text(std::abs(number)) + "'";
    if (column == "day") return fmt::format("date_add(DATE'1970-01-01', {})", number - 10);
    const char* const odd[] = {"double('NaN')", "-0.0D", "double('Infinity')"};
    if (column == "d" && random() % 6 == 0) return odd[random() % 3];
    if (column == "d") return fmt::format("{}D", number / 2.0 - 5);
    return std::to_string(column == "part" ? number % 4 : number - 20);
  }

  std::string Condition(int depth) {
    if (depth > 0 && random() % 2 == 0) {
      const std::string left = Condition(depth - 1);
      return fmt::format("({} {} {})", left, random() % 2 ? "AND" : "OR", Condition(depth - 1));
    }
    if (random() % 12 == 0) return "NOT " + Condition(0);
    const char* const columns[] = {"n", "t", "d", "day", "sometimes", "part"};
    const std::string column = columns[random() % 6];
    switch (random() % 6) {
      case 0:
        return column + (random() % 2 ? " IS NULL" : " IS NOT NULL");
      case 1:
        return fmt::format("{} IN ({}, {})", column, Literal(column), random() % 4 ? Literal(column) : "NULL");
      case 2:
        if (column == "t") return fmt::format("t LIKE '{}%'", Text(static_cast<int>(random() % 90)));
        [[fallthrough]];
      default: {
        const char* const signs[] = {"=", "<", "<=", ">", ">=", "<=>", "<>"};
        const std::string sign = signs[random() % 7];
        return random() % 3 ? fmt::format("{} {} {}", column, sign, Literal(column))
                            : fmt::format("{} {} {}", Literal(column), sign, column);
      }
    }
  }

  std::mt19937 random;
};

TEST_F(RandomTables, GiveTheSameRowsWithAndWithoutStatistics) {
  int64_t whole = 0;
  int64_t read = 0;
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    random.seed(seed);
    WriteTable();
    for (int i = 0; i < 60; ++i) {
      const std::string condition = Condition(2);
      const std::string select =
          random() % 2 ? "SELECT id, t FROM parquet.`/t` WHERE " : "SELECT id FROM parquet.`/t` WHERE ";
      const Ids expected = IdsOf(select + "CASE WHEN " + condition + " THEN true ELSE false END");
      whole += fs->reads.calls;
      EXPECT_EQ(IdsOf(select + condition), expected) << "seed " << seed << ": " << condition;
      read += fs->reads.calls;
    }
    for (const auto& file : fs->List("/t", true).ValueOrDie()) ASSERT_TRUE(fs->Delete("/", {file.path}).ok());
  }
  EXPECT_LT(read, whole * 3 / 4) << "statistics leave nothing out";
}

TEST_F(RandomTables, GiveTheFirstRowsOfTheWholeSort) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    random.seed(seed);
    WriteTable();
    for (int i = 0; i < 40; ++i) {
      const char* const columns[] = {"n", "t", "d", "day", "sometimes", "part"};
      const char* const ends[] = {"", " NULLS FIRST", " NULLS LAST"};
      const std::string order = fmt::format(" ORDER BY {}{}{}{}", columns[random() % 6], random() % 2 ? "" : " DESC",
                                            ends[random() % 3], random() % 2 ? ", n DESC" : "");
      const std::string from = "SELECT id, t FROM parquet.`/t`" + (random() % 3 ? "" : " WHERE " + Condition(1));
      const auto limit = static_cast<size_t>(random() % 60);
      Ids expected = IdsOf(from + order);
      expected.resize(std::min(expected.size(), limit));
      EXPECT_EQ(IdsOf(from + order + fmt::format(" LIMIT {}", limit)), expected)
          << "seed " << seed << ": " << from << order;
    }
    for (const auto& file : fs->List("/t", true).ValueOrDie()) ASSERT_TRUE(fs->Delete("/", {file.path}).ok());
  }
}

class TableCosts : public TableRead {
 protected:
  // Four files of 8,000 rows, ids ascending, and a column of long texts.
  TableCosts() {
    const auto schema = arrow::schema(
        {arrow::field("id", arrow::int64()), arrow::field("key", arrow::utf8()), arrow::field("body", arrow::utf8())});
    std::mt19937 random(1);
    std::string letters;
    while (letters.size() < 100'000) letters += static_cast<char>('!' + random() % 90);
    int64_t id = 0;
    for (int file = 0; file < 4; ++file) {
      arrow::Int64Builder ids;
      arrow::StringBuilder keys;
      arrow::StringBuilder bodies;
      for (int i = 0; i < 8000; ++i, ++id) {
        EXPECT_TRUE(ids.Append(id).ok());
        EXPECT_TRUE(keys.Append(fmt::format("k{:08}", id)).ok());
        EXPECT_TRUE(bodies.Append(fmt::format("{} {}", id, letters.substr(random() % 99'000, 400))).ok());
      }
      Write(fmt::format("/t/{}.parquet", file),
            *arrow::Table::Make(schema, {*ids.Finish(), *keys.Finish(), *bodies.Finish()}), 1000);
    }
    EXPECT_EQ(IdsOf("SELECT count(DISTINCT body) FROM parquet.`/t`"), Ids{32000});
    bodies_ = fs->reads.bytes;
  }
  int64_t BytesOfQuery(const std::string& sql, const Ids& expected) {
    EXPECT_EQ(IdsOf(sql), expected) << sql;
    EXPECT_GT(fs->reads.bytes, 0) << sql;
    return fs->reads.bytes;
  }
  int64_t bodies_ = 0;  // bytes of all bodies and footers
};

TEST_F(TableCosts, OneRowNeedsOneRowGroup) {
  const int64_t one = BytesOfQuery("SELECT id, body FROM parquet.`/t` WHERE key = 'k00012345'", {12345});
  EXPECT_LT(one, bodies_ / 6);
  // Between two row groups' bounds, and outside all: no row group at all.
  EXPECT_LT(BytesOfQuery("SELECT id, body FROM parquet.`/t` WHERE key = 'k00012999x'", {}), one);
  // The keys are all looked at, the bodies only where a key fits.
  EXPECT_LT(BytesOfQuery("SELECT id, body FROM parquet.`/t` WHERE key LIKE '%12345'", {12345}), bodies_ / 2);
}

TEST_F(TableCosts, TheFirstRowsNeedFewRowGroups) {
  const Ids last = {31999, 31998, 31997};
  EXPECT_LT(BytesOfQuery("SELECT id, body FROM parquet.`/t` ORDER BY key DESC LIMIT 3", last), bodies_ / 6);
  EXPECT_LT(BytesOfQuery("SELECT id, body FROM parquet.`/t` WHERE id % 2 >= 0 ORDER BY key LIMIT 2", {0, 1}),
            bodies_ / 2);
}

TEST_F(TableCosts, RowsAreCountedByTheFooters) {
  const int64_t count = BytesOfQuery("SELECT count(*) FROM parquet.`/t`", {32000});
  EXPECT_EQ(BytesOfQuery("SELECT sum(2) FROM parquet.`/t`", {64000}), count);
  EXPECT_LT(count, BytesOfQuery("SELECT count(id) FROM parquet.`/t`", {32000}));
}

TEST_F(TableCosts, ATableIsListedOnceAQuery) {
  EXPECT_EQ(IdsOf("SELECT count(*) FROM parquet.`/t`"), Ids{32000});
  EXPECT_EQ(fs->Calls("List /t"), 2) << "the table, and its _spark_metadata";
}

TEST_F(TableCosts, AViewSeesNewFiles) {
  spark::connect::Relation relation;
  relation.mutable_sql()->set_query("SELECT * FROM parquet.`/t`");
  EXPECT_TRUE(session->catalog().CreateView("v", session->Resolve(relation).ValueOrDie(), true).ok());
  EXPECT_EQ(IdsOf("SELECT count(*) FROM v"), Ids{32000});
  ASSERT_TRUE(fs->Delete("/", {"/t/3.parquet"}).ok());
  EXPECT_EQ(IdsOf("SELECT count(*) FROM v"), Ids{24000});
}

}  // namespace
}  // namespace sluice
