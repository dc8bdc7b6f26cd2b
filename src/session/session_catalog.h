// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog_errors.h"
#include "catalog/temp_views.h"
#include "catalog/warehouse.h"
#include "plan/plan.h"

namespace sluice {

class Process;

// A file that readers pass over; so the folder of a table or partition without files is there.
inline constexpr char kFolderMark[] = "_table";

// The schema of names that have none. Thread-safe.
class CurrentDatabase {
 public:
  std::string Get() const {
    std::lock_guard lock(mutex_);
    return name_;
  }
  void Set(std::string name) {
    std::lock_guard lock(mutex_);
    name_ = std::move(name);
  }

 private:
  mutable std::mutex mutex_;
  std::string name_ = kDefaultDatabase;
};

// The tables and views that the session asked to cache. Nothing is kept in memory for it: the answer of isCached is all
// that there is. Thread-safe.
class CachedNames {
 public:
  void Add(const std::string& name) {
    std::lock_guard lock(mutex_);
    names_.insert(name);
  }
  void Remove(const std::string& name) {
    std::lock_guard lock(mutex_);
    names_.erase(name);
  }
  void Clear() {
    std::lock_guard lock(mutex_);
    names_.clear();
  }
  bool Has(const std::string& name) const {
    std::lock_guard lock(mutex_);
    return names_.contains(name);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> names_;
};

// What a session keeps of the catalog.
struct CatalogState {
  TempViews views;
  CurrentDatabase current_database;
  CachedNames cached;
};

// The catalog as a session sees it: its own temporary views, those of global_temp, and the warehouse's tables. A
// temporary view hides a table of the same name. Made for one call; holds the settings as they were then.
class SessionCatalog {
 public:
  SessionCatalog(Process* process, const Conf& conf, CatalogState* state);

  const Warehouse& warehouse() const { return warehouse_; }
  TempViews& views() const { return state_->views; }
  TempViews& global_views() const;

  std::string current_database() const { return state_->current_database.Get(); }
  // SCHEMA_NOT_FOUND.
  Status UseDatabase(const std::string& name) const;

  // The view that "v" or "global_temp.v" names, or null.
  PlanPtr FindView(const std::vector<std::string>& name) const;
  // TEMP_TABLE_OR_VIEW_ALREADY_EXISTS unless `replace`. Those of global_temp are bounded in number.
  Status CreateView(const std::string& name, const PlanPtr& plan, bool replace) const;
  Status CreateGlobalView(const std::string& name, const PlanPtr& plan, bool replace) const;

  // A view or table as cacheTable knows it: TABLE_OR_VIEW_NOT_FOUND.
  Result<std::string> CacheKey(const std::vector<std::string>& name) const;
  CachedNames& cached() const { return state_->cached; }

  // Of a table, or of a view that outlasts its session.
  Result<std::optional<TableRecord>> FindRecord(const std::vector<std::string>& name) const;
  // No view.
  Result<std::optional<TableRecord>> FindTable(const std::vector<std::string>& name) const;
  // EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE for every kind of view. `operation`: "INSERT INTO".
  Status CheckNoView(const std::vector<std::string>& name, const std::string& operation) const;
  // TABLE_OR_VIEW_NOT_FOUND.
  Result<TableRecord> GetTable(const std::vector<std::string>& name, Lookup lookup = Lookup::kCatalog) const;
  // What reads the table. SLUICE_TABLE_UNFINISHED when its first rows were never written.
  Result<ScanSpec> ScanOf(const TableRecord& table, const std::map<std::string, std::string>& options) const;
  // Makes the table, and its folder, without rows.
  Status CreateTable(const TableRecord& table) const;
  Status TruncateTable(const TableRecord& table) const;
  // A table without files has a folder all the same.
  Status MakeFolder(const TableRecord& table) const;

 private:
  Process* const process_;
  const Conf conf_;
  CatalogState* const state_;
  const Warehouse warehouse_;
};

// SLUICE_TABLE_UNFINISHED when the writer of the table's first rows has not ended, or did so too early.
Status CheckFinished(const TableRecord& table);

}  // namespace sluice
