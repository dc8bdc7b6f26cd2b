// SPDX-License-Identifier: Apache-2.0
#include "catalog/warehouse.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "catalog/spark_location.h"
#include "env/file_moves.h"
#include "env/uri.h"

namespace sluice {
namespace {

constexpr char kWarehouseDir[] = "spark.sql.warehouse.dir";
constexpr char kRecords[] = "_catalog";
constexpr std::string_view kSuffix = ".json";

// "default/orders.json"
std::string RecordOf(const TableName& name) {
  return fmt::format("{}/{}.json", name.database, name.table);
}

std::string WithoutSlash(std::string uri) {
  while (uri.size() > 1 && uri.ends_with('/')) uri.pop_back();
  return uri;
}

Result<bool> AnyFileBelow(const Location& folder) {
  SLUICE_ASSIGN(const auto files, folder.fs->List(folder.path, /*recursive=*/true));
  return !files.empty();
}

// All files below the folder, and the folder itself where there are folders.
Status DeleteAll(const Location& folder) {
  SLUICE_ASSIGN(const auto files, folder.fs->List(folder.path, /*recursive=*/true));
  std::vector<std::string> paths;
  paths.reserve(files.size() + 1);
  for (const FileInfo& file : files) paths.push_back(file.path);
  SLUICE_RETURN_IF_ERROR(folder.fs->Delete(folder.path, paths));
  paths.push_back(folder.path + "/none");
  return DropEmptyFolders(folder.fs.get(), folder.path.substr(0, folder.path.rfind('/')), paths);
}

}  // namespace

Warehouse::Warehouse(std::shared_ptr<Env> env, const Conf& conf)
    : env_(std::move(env)), conf_(conf), root_(WithoutSlash(conf.Get(kWarehouseDir))) {}

Result<std::optional<Location>> Warehouse::Records() const {
  Result<Location> place = env_->Locate(root_ + "/" + kRecords, conf_);
  if (place.ok()) return std::optional<Location>(place.MoveValueUnsafe());
  if (HasErrorClass(place.status(), "SLUICE_PATH_NOT_ALLOWED")) return std::optional<Location>();
  return place.status();
}

Result<std::vector<std::string>> Warehouse::RecordsIn(const std::string& folder) const {
  std::vector<std::string> names;
  SLUICE_ASSIGN(const auto records, Records());
  if (!records) return names;
  SLUICE_ASSIGN(const auto files, records->fs->List(records->path + folder, /*recursive=*/false));
  for (const FileInfo& file : files) {
    std::string name(BaseName(file.path));
    if (file.is_folder || !name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    if (IsValidName(name)) names.push_back(std::move(name));
  }
  return names;
}

Result<std::optional<std::string>> Warehouse::ReadRecord(const std::string& name) const {
  SLUICE_ASSIGN(const auto records, Records());
  if (!records) return std::optional<std::string>();
  Result<std::string> text = records->fs->ReadFile(records->path + "/" + name);
  if (text.ok()) return std::optional<std::string>(text.MoveValueUnsafe());
  if (IsNotFound(text.status())) return std::optional<std::string>();
  return text.status();
}

Status Warehouse::Forget(const std::string& record) const {
  SLUICE_ASSIGN(const Location records, env_->Locate(root_ + "/" + kRecords, conf_));
  return records.fs->Delete(records.path, {records.path + "/" + record});
}

Result<std::vector<std::string>> Warehouse::DatabaseNames() const {
  SLUICE_ASSIGN(std::vector<std::string> names, RecordsIn(""));
  names.emplace_back(kDefaultDatabase);
  const std::set<std::string> ordered(names.begin(), names.end());
  return std::vector<std::string>(ordered.begin(), ordered.end());
}

Result<std::optional<DatabaseRecord>> Warehouse::FindDatabase(const std::string& name) const {
  if (name == kDefaultDatabase) {
    DatabaseRecord record;
    record.name = name;
    record.comment = "default database";
    record.location = root_;
    return std::optional<DatabaseRecord>(std::move(record));
  }
  if (!IsValidName(name)) return std::optional<DatabaseRecord>();
  SLUICE_ASSIGN(const auto text, ReadRecord(name + std::string(kSuffix)));
  if (!text) return std::optional<DatabaseRecord>();
  SLUICE_ASSIGN(auto record, ParseDatabaseRecord(*text, name, fmt::format("{}/{}/{}.json", root_, kRecords, name)));
  return std::optional<DatabaseRecord>(std::move(record));
}

Result<DatabaseRecord> Warehouse::GetDatabase(const std::string& name) const {
  SLUICE_ASSIGN(auto record, FindDatabase(name));
  if (!record) return SchemaNotFound({kCatalogName, name});
  return std::move(*record);
}

Status Warehouse::CreateDatabase(const DatabaseRecord& record) const {
  SLUICE_RETURN_IF_ERROR(CheckName(record.name));
  SLUICE_ASSIGN(const auto present, FindDatabase(record.name));
  if (record.name == kGlobalTemp) {
    return UserError(
        "_LEGACY_ERROR_TEMP_1066",
        fmt::format("{} is the schema of global temporary views: no other can have the name.", kGlobalTemp),
        {{"database", kGlobalTemp}});
  }
  if (present) return SchemaExists({record.name});
  SLUICE_ASSIGN(const Location records, env_->Locate(root_ + "/" + kRecords, conf_));
  const std::string path = fmt::format("{}/{}.json", records.path, record.name);
  SLUICE_ASSIGN(const CreateOutcome outcome, records.fs->CreateAtomic(path, FormatDatabaseRecord(record)));
  return outcome == CreateOutcome::kCreated ? Status::OK() : SchemaExists({record.name});
}

Status Warehouse::ReplaceDatabase(const DatabaseRecord& record) const {
  return ReplaceRecord(record.name + std::string(kSuffix), FormatDatabaseRecord(record));
}

Status Warehouse::DropDatabase(const std::string& name, bool cascade) const {
  SLUICE_ASSIGN(const DatabaseRecord record, GetDatabase(name));
  if (name == kDefaultDatabase) {
    return UserError("UNSUPPORTED_FEATURE.DROP_DATABASE", "The schema `spark_catalog`.`default` cannot be dropped.",
                     {{"database", "`spark_catalog`.`default`"}});
  }
  SLUICE_ASSIGN(const auto tables, TableNames(name));
  if (!tables.empty() && !cascade) return SchemaNotEmpty({name});
  for (const std::string& table : tables) {
    SLUICE_ASSIGN(const auto found, FindTable({name, table}));
    if (found) SLUICE_RETURN_IF_ERROR(DropTable(*found));
  }
  return Forget(name + std::string(kSuffix));
}

Result<std::string> Warehouse::LocationOf(const DatabaseRecord& record) const {
  const std::string uri = record.location.empty() ? fmt::format("{}/{}.db", root_, record.name) : record.location;
  SLUICE_ASSIGN(const Location place, env_->Locate(uri, conf_));
  return SparkLocation(WithoutSlash(place.fs->Uri(place.path)));
}

Result<std::vector<std::string>> Warehouse::TableNames(const std::string& database) const {
  if (!IsValidName(database)) return std::vector<std::string>();
  return RecordsIn("/" + database);
}

Result<std::optional<TableRecord>> Warehouse::FindTable(const TableName& name) const {
  SLUICE_ASSIGN(const auto text, ReadRecord(RecordOf(name)));
  if (!text) return std::optional<TableRecord>();
  SLUICE_ASSIGN(auto record, ParseTableRecord(*text, name, fmt::format("{}/{}/{}", root_, kRecords, RecordOf(name))));
  return std::optional<TableRecord>(std::move(record));
}

Status Warehouse::CreateTable(const TableRecord& record) const {
  SLUICE_RETURN_IF_ERROR(GetDatabase(record.name.database).status());
  if (!record.is_external() && !record.view) {
    SLUICE_ASSIGN(const auto present, FindTable(record.name));
    if (present) return TableExists(record.name.Parts());
    SLUICE_ASSIGN(const bool taken, HasFiles(record));
    SLUICE_ASSIGN(const std::string uri, LocationOf(record));
    if (taken) return LocationExists(record.name.Parts(), uri);
  }
  SLUICE_ASSIGN(const Location records, env_->Locate(root_ + "/" + kRecords, conf_));
  SLUICE_ASSIGN(const CreateOutcome outcome,
                records.fs->CreateAtomic(records.path + "/" + RecordOf(record.name), FormatTableRecord(record)));
  return outcome == CreateOutcome::kCreated ? Status::OK() : TableExists(record.name.Parts());
}

Status Warehouse::ReplaceTable(const TableRecord& record) const {
  return ReplaceRecord(RecordOf(record.name), FormatTableRecord(record));
}

Status Warehouse::ReplaceRecord(const std::string& name, const std::string& text) const {
  SLUICE_ASSIGN(const Location records, env_->Locate(root_ + "/" + kRecords, conf_));
  SLUICE_ASSIGN(const auto file, records.fs->OpenForWrite(records.path + "/" + name));
  SLUICE_RETURN_IF_ERROR(file->Write(text.data(), static_cast<int64_t>(text.size())));
  SLUICE_ASSIGN(const PublishOutcome outcome, file->Publish());
  return outcome == PublishOutcome::kExistsOther ? file->Replace() : Status::OK();
}

// For a moment both names are there: a process that ends in between loses no table.
Status Warehouse::RenameTable(const TableRecord& record, const std::string& table) const {
  TableRecord renamed = record;
  renamed.name.table = table;
  if (!record.view && !record.is_external()) {
    renamed.folder = record.folder.empty() ? record.name.table : record.folder;
    if (renamed.folder == table) renamed.folder.clear();
  }
  SLUICE_ASSIGN(const Location records, env_->Locate(root_ + "/" + kRecords, conf_));
  SLUICE_ASSIGN(const CreateOutcome outcome,
                records.fs->CreateAtomic(records.path + "/" + RecordOf(renamed.name), FormatTableRecord(renamed)));
  if (outcome != CreateOutcome::kCreated) return TableExists({renamed.name.database, table});
  return Forget(RecordOf(record.name));
}

Result<std::string> Warehouse::FreeFolder(const TableName& name) const {
  std::set<std::string> taken;
  SLUICE_ASSIGN(const auto tables, TableNames(name.database));
  for (const std::string& table : tables) {
    SLUICE_ASSIGN(const auto record, FindTable({name.database, table}));
    if (record && !record->folder.empty()) taken.insert(record->folder);
  }
  if (!taken.contains(name.table)) return std::string();
  taken.insert(tables.begin(), tables.end());
  std::string folder;
  for (int number = 2; folder.empty() || taken.contains(folder); ++number) {
    folder = fmt::format("{}_{}", name.table, number);
  }
  return folder;
}

Status Warehouse::DropTable(const TableRecord& record) const {
  // The name goes first: nobody shall read a table that has lost a part of its files.
  SLUICE_RETURN_IF_ERROR(Forget(RecordOf(record.name)));
  return record.is_external() || record.view ? Status::OK() : DeleteFiles(record);
}

Status Warehouse::DeleteFiles(const TableRecord& record) const {
  SLUICE_ASSIGN(const std::string uri, LocationOf(record));
  SLUICE_ASSIGN(const Location folder, env_->Locate(uri, conf_));
  return DeleteAll(folder);
}

Result<bool> Warehouse::HasFiles(const TableRecord& record) const {
  SLUICE_ASSIGN(const std::string uri, LocationOf(record));
  SLUICE_ASSIGN(const Location folder, env_->Locate(uri, conf_));
  return AnyFileBelow(folder);
}

Result<bool> Warehouse::HasSinkLog(const TableRecord& record) const {
  SLUICE_ASSIGN(const std::string uri, LocationOf(record));
  SLUICE_ASSIGN(const Location folder, env_->Locate(uri + "/_spark_metadata", conf_));
  return AnyFileBelow(folder);
}

Result<std::string> Warehouse::LocationOf(const TableRecord& record) const {
  if (record.is_external()) return record.location;
  SLUICE_ASSIGN(const DatabaseRecord database, GetDatabase(record.name.database));
  SLUICE_ASSIGN(const std::string folder, LocationOf(database));
  return folder + "/" + (record.folder.empty() ? record.name.table : record.folder);
}

Result<std::string> Warehouse::Absolute(const std::string& location, const std::string& database) const {
  if (!SchemeOf(location).empty() || location.starts_with('/')) return WithoutSlash(location);
  SLUICE_ASSIGN(const DatabaseRecord record, GetDatabase(database));
  SLUICE_ASSIGN(const std::string folder, LocationOf(record));
  return folder + "/" + WithoutSlash(location);
}

}  // namespace sluice
