// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "connectors/source_record.h"

namespace sluice {

// A running step of a query: rows are pulled from the one on top, slice by slice. An operator owns its inputs. One
// thread at a time, except Cancel.
class Operator {
 public:
  virtual ~Operator() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  // The next slice, never empty, or null at the end. After an error or the end it is not called again.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
  // Where a row of the last slice came from ("topic reviews, partition 1, offset 42"); empty when that cannot be said.
  virtual std::string PlaceOf(int64_t row) const { return {}; }
  // The input record that a row of the last slice was made from.
  virtual Result<SourceRecord> RecordOf(int64_t row) const {
    SourceRecord record;
    record.place = PlaceOf(row);
    return record;
  }
  // The same number for all rows of the last slice that one row of the task's input became; none: that cannot be said.
  // Where bad rows are set aside, the rows of one origin come in one slice.
  virtual std::optional<int64_t> OriginOf(int64_t row) const { return std::nullopt; }
  // Makes a running or later Next fail soon. Any thread.
  virtual void Cancel() {}
};

// The error of a row that was evaluated over the last slice of `input`, with the row's place as its context.
Status AtPlaceOf(const Operator& input, const Status& status);

}  // namespace sluice
