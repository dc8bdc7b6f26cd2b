// SPDX-License-Identifier: Apache-2.0
#include "catalog/warehouse.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "env/allowed_roots.h"
#include "env/env.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class WarehouseTest : public testing::Test {
 protected:
  WarehouseTest() { EXPECT_TRUE(conf_.Set("spark.sql.warehouse.dir", "/warehouse").ok()); }

  Warehouse Open() const { return Warehouse(env_, conf_); }

  static TableRecord Table(const std::string& database, const std::string& name) {
    TableRecord table;
    table.name = {database, name};
    table.format = "parquet";
    table.schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("k", StringType())});
    table.partition_columns = {"k"};
    return table;
  }

  const std::shared_ptr<FileSystem> files_ = MakeMemoryFileSystem();
  const std::shared_ptr<Env> env_ = MakeTestEnv(std::make_shared<ManualClock>(0), files_);
  Conf conf_;
};

TEST_F(WarehouseTest, AnotherProcessFindsTheTable) {
  TableRecord table = Table("default", "t");
  table.comment = "ours";
  table.options = {{"header", "true"}};
  table.properties = {{"x", "1"}};
  table.created_ms = 17;
  ASSERT_TRUE(Open().CreateTable(table).ok());
  const auto found = Open().FindTable({"default", "t"}).ValueOrDie();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->format, "parquet");
  EXPECT_TRUE(found->schema->Equals(*table.schema));
  EXPECT_THAT(found->partition_columns, ElementsAre("k"));
  EXPECT_EQ(found->comment, "ours");
  EXPECT_EQ(found->options, table.options);
  EXPECT_EQ(found->properties, table.properties);
  EXPECT_EQ(found->created_ms, 17);
  EXPECT_FALSE(found->unfinished);
  EXPECT_FALSE(found->is_external());
  EXPECT_THAT(Open().LocationOf(*found).ValueOrDie(), HasSubstr("/warehouse/t"));
}

TEST_F(WarehouseTest, RecordsAreHidden) {
  ASSERT_TRUE(Open().CreateTable(Table("default", "t")).ok());
  ASSERT_TRUE(files_->Stat("/warehouse/_catalog/default/t.json").ok());
}

TEST_F(WarehouseTest, OneOfTwoMakersGetsTheName) {
  TableRecord other = Table("default", "t");
  other.format = "csv";
  ASSERT_TRUE(Open().CreateTable(Table("default", "t")).ok());
  EXPECT_TRUE(HasErrorClass(Open().CreateTable(other), "TABLE_OR_VIEW_ALREADY_EXISTS"));
  other.location = "/elsewhere";
  EXPECT_TRUE(HasErrorClass(Open().CreateTable(other), "TABLE_OR_VIEW_ALREADY_EXISTS"));
  EXPECT_EQ(Open().FindTable({"default", "t"}).ValueOrDie()->format, "parquet");
}

TEST_F(WarehouseTest, ReplacesARecord) {
  ASSERT_TRUE(Open().CreateTable(Table("default", "t")).ok());
  TableRecord other = Table("default", "t");
  other.format = "json";
  ASSERT_TRUE(Open().ReplaceTable(other).ok());
  EXPECT_EQ(Open().FindTable({"default", "t"}).ValueOrDie()->format, "json");
}

TEST_F(WarehouseTest, FilesInTheWayStay) {
  ASSERT_TRUE(files_->CreateAtomic("/warehouse/t/file", "x").ok());
  EXPECT_TRUE(HasErrorClass(Open().CreateTable(Table("default", "t")), "LOCATION_ALREADY_EXISTS"));
  EXPECT_EQ(Open().FindTable({"default", "t"}).ValueOrDie(), std::nullopt);
  EXPECT_EQ(files_->ReadFile("/warehouse/t/file").ValueOrDie(), "x");
}

TEST_F(WarehouseTest, DropDeletesTheFilesOfTheTableAlone) {
  ASSERT_TRUE(Open().CreateTable(Table("default", "t")).ok());
  ASSERT_TRUE(files_->CreateAtomic("/warehouse/t/k=1/file", "x").ok());
  ASSERT_TRUE(files_->CreateAtomic("/warehouse/tt/file", "y").ok());
  ASSERT_TRUE(Open().DropTable(*Open().FindTable({"default", "t"}).ValueOrDie()).ok());
  EXPECT_EQ(Open().FindTable({"default", "t"}).ValueOrDie(), std::nullopt);
  EXPECT_TRUE(IsNotFound(files_->Stat("/warehouse/t/k=1/file").status()));
  EXPECT_TRUE(files_->Stat("/warehouse/tt/file").ok());
}

TEST_F(WarehouseTest, DropKeepsTheFilesOfAnExternalTable) {
  TableRecord table = Table("default", "t");
  table.location = "/elsewhere";
  ASSERT_TRUE(files_->CreateAtomic("/elsewhere/file", "x").ok());
  ASSERT_TRUE(Open().CreateTable(table).ok());
  ASSERT_TRUE(Open().DropTable(table).ok());
  EXPECT_TRUE(files_->Stat("/elsewhere/file").ok());
}

TEST_F(WarehouseTest, Schemas) {
  EXPECT_THAT(Open().DatabaseNames().ValueOrDie(), ElementsAre("default"));
  DatabaseRecord sales;
  sales.name = "sales";
  sales.comment = "of the shop";
  ASSERT_TRUE(Open().CreateDatabase(sales).ok());
  EXPECT_TRUE(HasErrorClass(Open().CreateDatabase(sales), "SCHEMA_ALREADY_EXISTS"));
  EXPECT_THAT(Open().DatabaseNames().ValueOrDie(), ElementsAre("default", "sales"));
  EXPECT_EQ(Open().GetDatabase("sales")->comment, "of the shop");
  sales.comment = "of both shops";
  sales.properties = {{"a", "1"}};
  ASSERT_TRUE(Open().ReplaceDatabase(sales).ok());
  EXPECT_EQ(Open().GetDatabase("sales")->comment, "of both shops");
  EXPECT_EQ(Open().GetDatabase("sales")->properties, sales.properties);
  ASSERT_TRUE(Open().CreateTable(Table("sales", "t")).ok());
  EXPECT_THAT(Open().TableNames("sales").ValueOrDie(), ElementsAre("t"));
  EXPECT_THAT(Open().TableNames("default").ValueOrDie(), ElementsAre());
  EXPECT_TRUE(HasErrorClass(Open().DropDatabase("sales", /*cascade=*/false), "SCHEMA_NOT_EMPTY"));
  ASSERT_TRUE(Open().DropDatabase("sales", /*cascade=*/true).ok());
  EXPECT_TRUE(HasErrorClass(Open().DropDatabase("sales", true), "SCHEMA_NOT_FOUND"));
  EXPECT_TRUE(HasErrorClass(Open().CreateTable(Table("sales", "t")), "SCHEMA_NOT_FOUND"));
  EXPECT_TRUE(HasErrorClass(Open().DropDatabase("default", true), "UNSUPPORTED_FEATURE.DROP_DATABASE"));
}

TEST_F(WarehouseTest, DamagedRecordsAreNamed) {
  for (const char* text :
       {"", "[]", "{}", R"({"version": 2})", R"({"version": 1})", R"({"version": 1, "format": "csv", "schema": 1})",
        R"({"version": 1, "format": "csv", "schema": {"type": "struct", "fields": []},
                               "partitionColumns": ["k"]})"}) {
    const auto parsed = ParseTableRecord(text, {"default", "t"}, "the-file");
    EXPECT_TRUE(HasErrorClass(parsed.status(), "SLUICE_CATALOG_DAMAGED")) << text;
    EXPECT_THAT(parsed.status().message(), HasSubstr("the-file"));
  }
}

TEST_F(WarehouseTest, NamesCannotLeaveTheWarehouse) {
  for (const char* name : {"", "..", ".", "../x", "a/b", "/a", "a\\b", "a b", "ä", "a.json"}) {
    EXPECT_FALSE(IsValidName(name)) << name;
    EXPECT_TRUE(HasErrorClass(NewTableName({name}, "default").status(), "INVALID_SCHEMA_OR_RELATION_NAME")) << name;
    EXPECT_TRUE(HasErrorClass(NewTableName({name, "t"}, "default").status(), "INVALID_SCHEMA_OR_RELATION_NAME"));
    EXPECT_EQ(FindTableName({name, "t"}, "default"), std::nullopt);
    DatabaseRecord record;
    record.name = name;
    EXPECT_FALSE(Open().CreateDatabase(record).ok()) << name;
  }
  EXPECT_FALSE(IsValidName(std::string(300, 'a')));
  EXPECT_TRUE(IsValidName("_A9"));
  EXPECT_EQ(FindTableName({"T"}, "sales")->database, "sales");
  EXPECT_EQ(FindTableName({"Spark_Catalog", "DB", "T"}, "sales")->table, "t");
}

TEST_F(WarehouseTest, OutsideOfTheAllowedRootsThereIsNothing) {
  const std::string folder = testing::TempDir();
  const auto held = HoldTo(MakeRealEnv(), AllowedRoots::Of({folder}).ValueOrDie(), Conf());
  const Warehouse warehouse(held, conf_);  // /warehouse is none of them
  EXPECT_THAT(warehouse.DatabaseNames().ValueOrDie(), ElementsAre("default"));
  EXPECT_EQ(warehouse.FindTable({"default", "t"}).ValueOrDie(), std::nullopt);
  EXPECT_TRUE(HasErrorClass(warehouse.CreateTable(Table("default", "t")), "SLUICE_PATH_NOT_ALLOWED"));
  DatabaseRecord sales;
  sales.name = "sales";
  EXPECT_TRUE(HasErrorClass(warehouse.CreateDatabase(sales), "SLUICE_PATH_NOT_ALLOWED"));
}

TEST_F(WarehouseTest, ARenamedTableStaysInItsFolder) {
  ASSERT_TRUE(Open().CreateTable(Table("default", "t")).ok());
  ASSERT_TRUE(files_->CreateAtomic("/warehouse/t/part.parquet", "rows").ok());
  ASSERT_TRUE(Open().RenameTable(*Open().FindTable({"default", "t"}).ValueOrDie(), "u").ok());
  EXPECT_FALSE(Open().FindTable({"default", "t"}).ValueOrDie().has_value());
  const auto renamed = Open().FindTable({"default", "u"}).ValueOrDie();
  ASSERT_TRUE(renamed.has_value());
  EXPECT_FALSE(renamed->is_external());
  EXPECT_THAT(Open().LocationOf(*renamed).ValueOrDie(), testing::EndsWith("/warehouse/t"));
  ASSERT_TRUE(Open().DropTable(*renamed).ok());
  EXPECT_FALSE(files_->Stat("/warehouse/t/part.parquet").ok());
}

TEST_F(WarehouseTest, ATableDoesNotTakeTheFolderOfARenamedOne) {
  EXPECT_EQ(Open().FreeFolder({"default", "t"}).ValueOrDie(), "");
  ASSERT_TRUE(Open().CreateTable(Table("default", "t")).ok());
  EXPECT_EQ(Open().FreeFolder({"default", "t"}).ValueOrDie(), "");
  ASSERT_TRUE(Open().CreateTable(Table("default", "t_2")).ok());
  ASSERT_TRUE(Open().RenameTable(*Open().FindTable({"default", "t"}).ValueOrDie(), "u").ok());
  EXPECT_EQ(Open().FreeFolder({"default", "t"}).ValueOrDie(), "t_3");
  EXPECT_EQ(Open().FreeFolder({"default", "v"}).ValueOrDie(), "");
  ASSERT_TRUE(Open().RenameTable(*Open().FindTable({"default", "u"}).ValueOrDie(), "t").ok());
  EXPECT_EQ(Open().FindTable({"default", "t"}).ValueOrDie()->folder, "");
}

TEST_F(WarehouseTest, ANameThatIsTakenIsNoNewName) {
  ASSERT_TRUE(Open().CreateTable(Table("default", "t")).ok());
  TableRecord other = Table("default", "u");
  other.format = "csv";
  ASSERT_TRUE(Open().CreateTable(other).ok());
  EXPECT_TRUE(HasErrorClass(Open().RenameTable(Table("default", "t"), "u"), "TABLE_OR_VIEW_ALREADY_EXISTS"));
  EXPECT_EQ(Open().FindTable({"default", "u"}).ValueOrDie()->format, "csv");
  EXPECT_TRUE(Open().FindTable({"default", "t"}).ValueOrDie().has_value());
}

TEST_F(WarehouseTest, AViewIsKeptWithItsQueryAndHasNoFiles) {
  TableRecord view = Table("default", "v");
  view.format.clear();
  view.partition_columns.clear();
  view.view = ViewText{"SELECT id, k FROM t", "sales", {"id", "k"}, {{"spark.sql.ansi.enabled", "false"}}};
  // Another table's files are none of its business.
  ASSERT_TRUE(files_->CreateAtomic("/warehouse/v/part.parquet", "rows").ok());
  ASSERT_TRUE(Open().CreateTable(view).ok());
  const auto found = Open().FindTable({"default", "v"}).ValueOrDie();
  ASSERT_TRUE(found.has_value() && found->view.has_value());
  EXPECT_EQ(found->view->query, view.view->query);
  EXPECT_EQ(found->view->database, "sales");
  EXPECT_EQ(found->view->query_columns, view.view->query_columns);
  EXPECT_EQ(found->view->settings, view.view->settings);
  ASSERT_TRUE(Open().DropTable(*found).ok());
  EXPECT_TRUE(files_->Stat("/warehouse/v/part.parquet").ok());
}

TEST_F(WarehouseTest, ADamagedViewIsNamed) {
  for (
      const char* text :
      {R"({"version": 1, "view": {}, "schema": {"type": "struct", "fields": []}})",
       R"({"version": 1, "view": {"query": "SELECT 1", "queryColumns": ["a"]}, "schema": {"type": "struct", "fields": []}})",
       R"({"version": 1, "view": {"query": "SELECT 1", "queryColumns": [1]}, "schema": {"type": "struct", "fields": []}})",
       R"({"version": 1, "format": "csv", "folder": "../x", "schema": {"type": "struct", "fields": []}})"}) {
    const auto parsed = ParseTableRecord(text, {"default", "v"}, "v.json");
    EXPECT_TRUE(HasErrorClass(parsed.status(), "SLUICE_CATALOG_DAMAGED")) << text;
  }
}

}  // namespace
}  // namespace sluice
