// SPDX-License-Identifier: Apache-2.0
#include "session/session_catalog.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "session/process.h"

namespace sluice {
namespace {

// They outlast the sessions that make them.
constexpr size_t kMostGlobalViews = 1000;

bool IsGlobalTemp(const std::string& name) {
  return sql::EqualsIgnoringCase(name, kGlobalTemp);
}

}  // namespace

SessionCatalog::SessionCatalog(Process* process, const Conf& conf, CatalogState* state)
    : process_(process), conf_(conf), state_(state), warehouse_(process->env(), conf) {}

TempViews& SessionCatalog::global_views() const {
  return process_->global_views();
}

Status SessionCatalog::UseDatabase(const std::string& name) const {
  SLUICE_RETURN_IF_ERROR(warehouse_.GetDatabase(name).status());
  state_->current_database.Set(name);
  return Status::OK();
}

PlanPtr SessionCatalog::FindView(const std::vector<std::string>& name) const {
  if (name.size() == 1) return state_->views.Find(name[0]);
  return name.size() == 2 && IsGlobalTemp(name[0]) ? global_views().Find(name[1]) : nullptr;
}

Status SessionCatalog::CreateView(const std::string& name, const PlanPtr& plan, bool replace) const {
  return state_->views.Set(name, plan, replace) ? Status::OK() : TemporaryViewExists({name});
}

Status SessionCatalog::CreateGlobalView(const std::string& name, const PlanPtr& plan, bool replace) const {
  if (global_views().size() >= kMostGlobalViews && global_views().Find(name) == nullptr) {
    return UserError("SLUICE_TOO_MANY_VIEWS",
                     fmt::format("A process has at most {} views of {}. Drop those that nobody needs.",
                                 kMostGlobalViews, kGlobalTemp));
  }
  return global_views().Set(name, plan, replace) ? Status::OK() : TemporaryViewExists({name});
}

Result<std::string> SessionCatalog::CacheKey(const std::vector<std::string>& name) const {
  if (FindView(name) != nullptr) return sql::LowerCase(QuotedName(name));
  SLUICE_ASSIGN(const auto record, FindRecord(name));
  if (!record) return TableNotFound(name, current_database(), Lookup::kQuery);
  return QuotedName(record->name.Parts());
}

Result<std::optional<TableRecord>> SessionCatalog::FindRecord(const std::vector<std::string>& name) const {
  const std::optional<TableName> table = FindTableName(name, current_database());
  if (!table) return std::optional<TableRecord>();
  return warehouse_.FindTable(*table);
}

Result<std::optional<TableRecord>> SessionCatalog::FindTable(const std::vector<std::string>& name) const {
  SLUICE_ASSIGN(auto record, FindRecord(name));
  if (record && record->view) record.reset();
  return record;
}

Status SessionCatalog::CheckNoView(const std::vector<std::string>& name, const std::string& operation) const {
  if (FindView(name) != nullptr) return TableExpected(name, operation);
  SLUICE_ASSIGN(const auto record, FindRecord(name));
  return record && record->view ? TableExpected(record->name.Parts(), operation) : Status::OK();
}

Result<TableRecord> SessionCatalog::GetTable(const std::vector<std::string>& name, Lookup lookup) const {
  SLUICE_ASSIGN(auto table, FindTable(name));
  if (!table) return TableNotFound(name, current_database(), lookup);
  return std::move(*table);
}

Result<ScanSpec> SessionCatalog::ScanOf(const TableRecord& table,
                                        const std::map<std::string, std::string>& options) const {
  SLUICE_RETURN_IF_ERROR(CheckFinished(table));
  ScanSpec scan;
  scan.format = table.format;
  scan.options = table.options;
  for (const auto& [key, value] : options) scan.options[key] = value;
  SLUICE_ASSIGN(const std::string location, warehouse_.LocationOf(table));
  scan.paths = {location};
  return scan;
}

Status SessionCatalog::CreateTable(const TableRecord& table) const {
  SLUICE_RETURN_IF_ERROR(warehouse_.CreateTable(table));
  return MakeFolder(table);
}

Status SessionCatalog::TruncateTable(const TableRecord& table) const {
  SLUICE_RETURN_IF_ERROR(warehouse_.DeleteFiles(table));
  return MakeFolder(table);
}

Status SessionCatalog::MakeFolder(const TableRecord& table) const {
  SLUICE_ASSIGN(const std::string uri, warehouse_.LocationOf(table));
  SLUICE_ASSIGN(const Location folder, process_->env()->Locate(uri, conf_));
  return folder.fs->CreateAtomic(folder.path + "/" + kFolderMark, "").status();
}

Status CheckFinished(const TableRecord& table) {
  if (!table.unfinished) return Status::OK();
  return EnvironmentError("SLUICE_TABLE_UNFINISHED",
                          fmt::format("The table {} was never filled: the query that creates it is still at work, or "
                                      "its process ended too early. In the second case drop it and create it again.",
                                      QuotedName(table.name.Parts())),
                          false, {{"relationName", QuotedName(table.name.Parts())}});
}

}  // namespace sluice
