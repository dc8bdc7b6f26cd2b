// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace sluice {

// Name of a data file, as Spark makes them:
//   part-00003-<uuid>-c000.snappy.parquet      (partitioned tables: part-00003-<uuid>.c000.snappy.parquet)
struct PartFileName {
  TaskId task;
  std::string uuid;
  int counter = 0;
  bool partitioned = false;
  std::string extension;  // ".snappy.parquet"
};

std::string FormatPartFileName(const PartFileName& name);
// Nothing for names of other kinds. `name` is without folders.
std::optional<PartFileName> ParsePartFileName(std::string_view name);

// What a uuid of ours is made from. A re-run of the batch makes the same ones.
struct PartOrigin {
  std::string query_id;
  BatchId batch;
  std::string identity;  // of the task's input
  std::string folder;    // of the partition, "" for none
  int counter = 0;
};

// A uuid of version 8: 32 bits of the query id's SHA-256, the low 32 bits of the batch, 58 bits of a hash of the rest.
std::string MakePartUuid(const PartOrigin& origin);
// The batch (its low 32 bits) inside a uuid that MakePartUuid made for this query; nothing for all other uuids.
std::optional<BatchId> BatchOfPartUuid(std::string_view uuid, const std::string& query_id);
// Made by MakePartUuid for whatever query.
bool IsPartUuid(std::string_view uuid);

}  // namespace sluice
