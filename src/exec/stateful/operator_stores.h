// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "env/env.h"
#include "exec/memory_reservation.h"
#include "state/operator_metadata.h"
#include "state/state_codec.h"
#include "state/state_folder.h"
#include "state/state_map.h"
#include "state/state_schema.h"
#include "state/unsafe_row.h"

namespace sluice {

// What one stateful operator keeps: its number from the sink up, Spark's name of it, and its stores.
struct OperatorStateSpec {
  struct Store {
    std::string name = "default";
    StateSchema schema;
    int prefix_columns = 0;
  };
  int64_t id = 0;
  std::string name;
  std::vector<Store> stores;
  int partitions = 1;

  OperatorMetadata metadata() const;
};

// When old versions become snapshots, and when their files go.
struct StateUpkeep {
  int64_t deltas_for_snapshot = 10;  // a version that needs more deltas gets a snapshot
  int64_t versions_kept = 100;
};

// The stores of one stateful operator, all partitions: rows in memory, kept from batch to batch, and their files. Open,
// map and Commit of one partition belong to one task at a time, several partitions at once.
class OperatorStores {
 public:
  // `checkpoint` is the checkpoint's folder; none: the query keeps no files. `budget` may be null.
  OperatorStores(OperatorStateSpec spec, std::optional<Location> checkpoint, StateCodec codec, MemoryBudget* budget);

  const OperatorStateSpec& spec() const { return spec_; }
  // Before the first batch of a run: checks the stored schemas against the query's, and writes metadata and schemas
  // that are not there. `version` is the state that the batch reads.
  Status Prepare(int64_t version);

  // Brings a partition to `version`: nothing to do when it is there, else its files are read.
  Status Open(int partition, int64_t version);
  StateMap& map(int partition, size_t store = 0) { return at(partition, store).map; }
  // Takes memory for what the partition has grown to. SLUICE_MEMORY_BUDGET when there is none.
  Status Cover(int partition);
  // Writes `version`, one more than was opened, for all stores of the partition, durably.
  Status Commit(int partition, int64_t version);
  // Writes snapshots that are due and deletes files that no kept version needs; of one partition, between batches.
  Status Upkeep(int partition, const StateUpkeep& upkeep);

  int64_t rows() const;
  int64_t bytes() const;

 private:
  struct One {
    StateMap map;
    std::optional<StateFolder> files;
    int64_t version = -1;
    int64_t snapshot = 0;  // the version that the files begin with
  };
  One& at(int partition, size_t store) { return parts_[static_cast<size_t>(partition)][store]; }
  Status CoverBytes(int partition, int64_t bytes);
  Location FolderOf(int partition, const OperatorStateSpec::Store& store) const;
  Status PrepareSchema(const OperatorStateSpec::Store& store);
  StateFolder::RowCheck CheckOf(const One& one, size_t store) const;

  const OperatorStateSpec spec_;
  const std::optional<Location> checkpoint_;
  std::vector<UnsafeRowCodec> keys_;  // by store
  std::vector<UnsafeRowCodec> values_;
  std::vector<std::vector<One>> parts_;
  MemoryBudget* const budget_;
  std::mutex mutex_;  // of what follows
  MemoryReservation memory_;
  std::vector<int64_t> held_;  // by partition
  int64_t held_all_ = 0;
};

}  // namespace sluice
