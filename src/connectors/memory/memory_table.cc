// SPDX-License-Identifier: Apache-2.0
#include "connectors/memory/memory_table.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// Tables live as long as their Env; its address alone could be another one's by now.
struct TablesOfEnv {
  std::weak_ptr<Env> env;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<MemoryTable>> tables;  // by session and name
};

struct Registry {
  std::mutex mutex;
  std::map<Env*, TablesOfEnv> envs;

  TablesOfEnv& Of(const std::shared_ptr<Env>& env) {
    std::erase_if(envs, [](const auto& entry) { return entry.second.env.expired(); });
    TablesOfEnv& found = envs[env.get()];
    found.env = env;
    return found;
  }
};

Registry& TheRegistry() {
  static auto* registry = new Registry;
  return *registry;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> MemoryTable::Rows() const {
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
  {
    std::lock_guard lock(mutex_);
    rows = slices_;
  }
  for (auto& slice : rows) {
    SLUICE_ASSIGN(slice, ToEngineBatch(slice));
  }
  return rows;
}

std::optional<BatchId> MemoryTable::latest() const {
  std::lock_guard lock(mutex_);
  return latest_;
}

MemoryTable::~MemoryTable() {
  if (budget_ != nullptr) budget_->GiveHeld(held_);
}

Status MemoryTable::Commit(BatchId batch, std::vector<std::shared_ptr<arrow::RecordBatch>> slices, bool replace) {
  int64_t bytes = 0;
  for (const auto& slice : slices) bytes += arrow::util::TotalBufferSize(*slice);
  std::lock_guard lock(mutex_);
  if (budget_ != nullptr && !budget_->TryHold(bytes)) {
    return EnvironmentError(
        "SLUICE_MEMORY_BUDGET",
        fmt::format("The table of a memory sink holds {} bytes, and has no room for {} more: {} of the memory budget "
                    "of {} bytes are in use. Raise spark.sluice.memory (or --memory), or write to files.",
                    held_, bytes, budget_->used(), budget_->limit()));
  }
  if (replace) {
    slices_.clear();
    if (budget_ != nullptr) budget_->GiveHeld(std::exchange(held_, 0));
  }
  held_ += budget_ != nullptr ? bytes : 0;
  std::move(slices.begin(), slices.end(), std::back_inserter(slices_));
  latest_ = batch;
  return Status::OK();
}

std::shared_ptr<MemoryTable> CreateMemoryTable(const std::shared_ptr<Env>& env, const std::string& session,
                                               const std::string& query_name, std::shared_ptr<arrow::Schema> schema,
                                               MemoryBudget* budget) {
  auto table = std::make_shared<MemoryTable>(std::move(schema), budget);
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  registry.Of(env).tables[{session, Lower(query_name)}] = table;
  return table;
}

std::shared_ptr<MemoryTable> FindMemoryTable(const std::shared_ptr<Env>& env, const std::string& session,
                                             const std::string& query_name) {
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  const auto& tables = registry.Of(env).tables;
  const auto found = tables.find({session, Lower(query_name)});
  return found == tables.end() ? nullptr : found->second;
}

void DropMemoryTables(const std::shared_ptr<Env>& env, const std::string& session) {
  std::vector<std::shared_ptr<MemoryTable>> dropped;  // after the lock
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  std::erase_if(registry.Of(env).tables, [&](auto& entry) {
    if (entry.first.first != session) return false;
    dropped.push_back(std::move(entry.second));
    return true;
  });
}

}  // namespace sluice
