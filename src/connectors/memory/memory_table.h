// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "env/env.h"

namespace sluice {

// The rows that a memory sink has taken so far. Thread-safe; a reader sees whole batches only.
class MemoryTable {
 public:
  explicit MemoryTable(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  // The rows as they are now, in engine types. They share memory with the table and stay valid without it.
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Rows() const;
  std::optional<BatchId> latest() const;

  // `slices` in plain types (types/spark_type.h, ToPlainBatch): copies that hold on to nothing of a source.
  void Commit(BatchId batch, std::vector<std::shared_ptr<arrow::RecordBatch>> slices, bool replace);

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices_;
  std::optional<BatchId> latest_;
};

// The memory sinks' tables of one Env by query name, which the table's readers use as its name. Thread-safe.
// A query that starts again under a name begins with an empty table.
std::shared_ptr<MemoryTable> CreateMemoryTable(const std::shared_ptr<Env>& env, const std::string& query_name,
                                               std::shared_ptr<arrow::Schema> schema);
// Null when there is none.
std::shared_ptr<MemoryTable> FindMemoryTable(const std::shared_ptr<Env>& env, const std::string& query_name);

}  // namespace sluice
