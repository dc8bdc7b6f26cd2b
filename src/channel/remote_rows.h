// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>

#include "base/status.h"
#include "channel/remote_operation.h"
#include "exec/operator.h"

namespace sluice {

// The rows of a server's result, in the engine's types.
class RemoteRows : public Operator {
 public:
  // Waits for the first batch, which says the schema. There is one even where there are no rows.
  static Result<std::unique_ptr<Operator>> Open(std::unique_ptr<RemoteOperation> operation);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { operation_->Cancel(); }

 private:
  explicit RemoteRows(std::unique_ptr<RemoteOperation> operation) : operation_(std::move(operation)) {}
  // The next batch, perhaps without rows; null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> ReadBatch();

  const std::unique_ptr<RemoteOperation> operation_;
  std::shared_ptr<arrow::Schema> declared_;  // null: the server did not say, or the engine lacks one of the types
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::RecordBatch> first_;
};

}  // namespace sluice
