// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"
#include "state/operator_metadata.h"
#include "state/state_codec.h"
#include "state/state_schema.h"

namespace sluice {

// What a checkpoint's folder `state` says of itself, for who looks at it from outside: nothing of it is changed.
struct StoredOperator {
  OperatorMetadata metadata;  // without a metadata file its number, and what the folders show
  bool described = true;      // by a metadata file that can be read
  std::string trouble;        // what is wrong with that file; empty: nothing
};

// One store of an operator, with all its partitions.
class StoredStore {
 public:
  StoredStore(const Location& checkpoint, StoredOperator owner, OperatorMetadata::Store store, StateCodec codec);
  const OperatorMetadata::Store& store() const { return store_; }

  // The file of the store's schema, which partition 0 has.
  Result<StateSchema> ReadSchema() const;
  // Reads all files of a partition that `version` needs, and checks each row: its form, and that it belongs to this
  // partition. The rows are sorted by their keys' bytes: key, value and partition_id, as Spark's source has them.
  Result<std::shared_ptr<arrow::RecordBatch>> ReadPartition(int partition, int64_t version,
                                                            const StateSchema& schema) const;
  // How many rows that are; for all that only looks.
  Result<int64_t> CountPartition(int partition, int64_t version, const StateSchema& schema) const;

 private:
  Location FolderOf(int partition) const;

  const Location checkpoint_;
  const StoredOperator owner_;
  const OperatorMetadata::Store store_;
  const StateCodec codec_;
};

// By their numbers; none without a folder `state`.
Result<std::vector<StoredOperator>> StoredOperatorsOf(const Location& checkpoint);

}  // namespace sluice
