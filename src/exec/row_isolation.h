// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "connectors/source_record.h"
#include "exec/operator.h"

namespace sluice {

// Where records go whose evaluation failed. One task's, one thread at a time.
class BadRowSink {
 public:
  virtual ~BadRowSink() = default;
  // An error ends the task: too many bad records, or the environment's.
  virtual Status Add(const SourceRecord& record, const Status& error) = 0;
};

// Evaluates the slices of one operator and takes out the rows that fail, when there is a place for them. Costs nothing
// while nothing fails. Which rows are taken out depends on the rows alone.
class RowIsolation {
 public:
  // Puts the results of a slice where its owner wants them; called again with fewer rows after a failure.
  using Evaluate = std::function<Status(const arrow::RecordBatch& slice)>;

  // `bad_rows` may be null: then the first error is the result.
  RowIsolation(BadRowSink* bad_rows, arrow::MemoryPool* pool) : bad_rows_(bad_rows), pool_(pool) {}

  // Runs `evaluate` over *slice, the last one of `input`. After an error of a row, the record of each row that fails
  // also by itself goes to the sink with the error, once; all rows of the record are taken out, so that a replay of it
  // doubles none. `evaluate` runs once more over the others, which *slice then holds. When none is left it does not
  // run. Errors that no row is to blame for come back, with a row's place where they name one: the machine's, and the
  // user's that name no row and come without rows too.
  Status Run(const Operator& input, std::shared_ptr<arrow::RecordBatch>* slice, const Evaluate& evaluate);
  // The row of the input's last slice that is `row` now.
  int64_t InputRow(int64_t row) const;

 private:
  using Failure = std::pair<int32_t, Status>;
  Status FindFailures(const std::shared_ptr<arrow::RecordBatch>& slice, const std::vector<int32_t>& rows,
                      const Evaluate& evaluate, std::vector<Failure>* failures) const;
  // The rows that stay.
  Result<std::vector<int32_t>> SetAside(const Operator& input, std::vector<Failure> failures, int64_t rows);

  BadRowSink* const bad_rows_;
  arrow::MemoryPool* const pool_;
  bool all_kept_ = true;
  std::vector<int32_t> kept_;  // rows of the input's last slice, when not all
};

}  // namespace sluice
