// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "exec/operator.h"

namespace sluice {

// Rows that are in memory already.
class LocalOperator : public Operator {
 public:
  LocalOperator(std::shared_ptr<arrow::Schema> schema, std::vector<std::shared_ptr<arrow::RecordBatch>> rows)
      : schema_(std::move(schema)), rows_(std::move(rows)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows_;
  size_t next_ = 0;
};

}  // namespace sluice
