// SPDX-License-Identifier: Apache-2.0
#include "connectors/memory/memory_table.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "types/spark_type.h"

namespace sluice {
namespace {

// Tables live as long as their Env; its address alone could be another one's by now.
struct TablesOfEnv {
  std::weak_ptr<Env> env;
  std::map<std::string, std::shared_ptr<MemoryTable>> tables;
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

void MemoryTable::Commit(BatchId batch, std::vector<std::shared_ptr<arrow::RecordBatch>> slices, bool replace) {
  std::lock_guard lock(mutex_);
  if (replace) slices_.clear();
  std::move(slices.begin(), slices.end(), std::back_inserter(slices_));
  latest_ = batch;
}

std::shared_ptr<MemoryTable> CreateMemoryTable(const std::shared_ptr<Env>& env, const std::string& query_name,
                                               std::shared_ptr<arrow::Schema> schema) {
  auto table = std::make_shared<MemoryTable>(std::move(schema));
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  registry.Of(env).tables[Lower(query_name)] = table;
  return table;
}

std::shared_ptr<MemoryTable> FindMemoryTable(const std::shared_ptr<Env>& env, const std::string& query_name) {
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  const auto& tables = registry.Of(env).tables;
  const auto found = tables.find(Lower(query_name));
  return found == tables.end() ? nullptr : found->second;
}

}  // namespace sluice
