// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "env/env.h"
#include "env/mapped_file.h"
#include "exec/stateful/state_share.h"
#include "state/operator_metadata.h"
#include "state/state_codec.h"
#include "state/state_folder.h"
#include "state/state_map.h"
#include "state/state_memory.h"
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

// The stores of one stateful operator, all partitions: their rows, kept from batch to batch, and their files. Rows are
// in memory while they fit into the operator's share of the budget; a partition that no longer does is spilled to a
// file without a name in $TMPDIR. Open, map and Commit of one partition belong to one task at a time, several
// partitions at once.
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
  // Takes memory for what the partition has grown to, or spills it: views into its maps end. An error when there is no
  // room on the disk either.
  Status Cover(int partition);
  // How many bytes of a spilled partition may be copied at a time.
  int64_t run_bytes(int partition) const { return parts_[static_cast<size_t>(partition)].run_bytes; }
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
  struct Part {
    std::unique_ptr<StateMemory> memory;  // of its maps
    std::vector<One> stores;
    int64_t run_bytes = 0;
  };
  One& at(int partition, size_t store) { return parts_[static_cast<size_t>(partition)].stores[store]; }
  // `loading` is covered too, and moved when the partition is spilled.
  Status Cover(int partition, StateMap* loading, int64_t buffers);
  Status Spill(int partition, StateMap* loading);
  void TakeWindow(int partition);
  void GiveWindow(int partition);
  void BringBack(int partition);
  Result<MappedFile*> OpenSpillFile();
  Location FolderOf(int partition, const OperatorStateSpec::Store& store) const;
  Status PrepareSchema(const OperatorStateSpec::Store& store);
  StateFolder::RowCheck CheckOf(const One& one, size_t store) const;

  const OperatorStateSpec spec_;
  const std::optional<Location> checkpoint_;
  std::vector<UnsafeRowCodec> keys_;  // by store
  std::vector<UnsafeRowCodec> values_;
  StateShare share_;
  std::mutex mutex_;                        // of the file, until it is there
  std::unique_ptr<MappedFile> spill_file_;  // null: nothing was ever spilled
  std::vector<Part> parts_;
};

}  // namespace sluice
