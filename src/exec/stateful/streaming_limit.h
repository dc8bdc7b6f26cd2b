// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "exec/stateful/stateful_operator.h"

namespace sluice {

// LIMIT of a stream: the first rows of all batches together. The state is how many there were.
class StreamingLimit : public StatefulOperator {
 public:
  StreamingLimit(int64_t limit, std::shared_ptr<arrow::Schema> schema) : limit_(limit), schema_(std::move(schema)) {}

  OperatorStateSpec StateSpec(int64_t id, int partitions) const override;
  Result<std::unique_ptr<StateInput>> OpenInput(size_t side, const StateBatch& batch, Exchange* exchange,
                                                int task) const override;
  Result<std::unique_ptr<Operator>> OpenPartition(const StateBatch& batch, StatePartition partition) const override;
  bool EvictsUnder(OutputMode) const override { return false; }

 private:
  const int64_t limit_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace sluice
