// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <spark/connect/base.pb.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

struct ResultLimits {
  int64_t rows = 10'000;           // of a batch (spark.sql.execution.arrow.maxRecordsPerBatch)
  int64_t batch_bytes = 64 << 20;  // of a batch; one row may be larger
  int64_t message_bytes = 0;       // a batch beyond this is cut into chunks; 0: the client takes no chunks
};

// Rows of the engine as the arrow_batch messages of a result: whole IPC streams of one batch each, in the types that
// Spark's clients know. One thread.
class ResultBatches {
 public:
  using Sink = std::function<Status(spark::connect::ExecutePlanResponse)>;
  // `schema`: of the rows, in engine types. `zone`: that of the session.
  ResultBatches(std::shared_ptr<arrow::Schema> schema, std::string zone, ResultLimits limits, Sink sink);

  Status Add(const std::shared_ptr<arrow::RecordBatch>& rows);
  // Without rows there is one empty batch: clients need at least one.
  Status Finish();
  int64_t rows() const { return rows_; }

 private:
  Status Send(const std::shared_ptr<arrow::RecordBatch>& batch);

  const std::shared_ptr<arrow::Schema> schema_;
  const std::string zone_;
  const ResultLimits limits_;
  const Sink sink_;
  int64_t rows_ = 0;
  bool sent_ = false;
};

}  // namespace sluice
