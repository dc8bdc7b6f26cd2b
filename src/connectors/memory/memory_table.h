// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/status.h"
#include "env/env.h"

namespace sluice {

// The rows that a memory sink has taken so far. Thread-safe; a reader sees whole batches only.
class MemoryTable {
 public:
  // The rows count in `budget`, which may be null (unlimited) and must outlive this.
  MemoryTable(std::shared_ptr<arrow::Schema> schema, MemoryBudget* budget)
      : schema_(std::move(schema)), budget_(budget) {}
  ~MemoryTable();
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  // The rows as they are now, in engine types. They share memory with the table and stay valid without it.
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Rows() const;
  std::optional<BatchId> latest() const;

  // `slices` in plain types (types/spark_type.h, ToPlainBatch): copies that hold on to nothing of a source.
  // SLUICE_MEMORY_BUDGET when there is no room for them; then nothing has changed.
  Status Commit(BatchId batch, std::vector<std::shared_ptr<arrow::RecordBatch>> slices, bool replace);

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  MemoryBudget* const budget_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices_;
  std::optional<BatchId> latest_;
  int64_t held_ = 0;  // of the budget
};

// The memory sinks' tables of one Env by session and query name, which the table's readers use as its name: as a
// temporary view, a table is its session's own. Thread-safe.
// A query that starts again under a name begins with an empty table.
std::shared_ptr<MemoryTable> CreateMemoryTable(const std::shared_ptr<Env>& env, const std::string& session,
                                               const std::string& query_name, std::shared_ptr<arrow::Schema> schema,
                                               MemoryBudget* budget);
// Null when there is none.
std::shared_ptr<MemoryTable> FindMemoryTable(const std::shared_ptr<Env>& env, const std::string& session,
                                             const std::string& query_name);
// At the end of a session.
void DropMemoryTables(const std::shared_ptr<Env>& env, const std::string& session);

}  // namespace sluice
