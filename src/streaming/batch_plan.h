// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "checkpoint/offset_log.h"

namespace sluice {

class Conf;

// By source ordinal, each in the source's JSON. None: the source has had no offset yet.
using SourceOffsets = std::vector<std::optional<std::string>>;

// How a batch came to be run. An earlier attempt may have left files; one under another setup left other names.
enum class Attempt {
  kFirst,           // this process planned the batch
  kAgain,           // it was planned before a restart and begun under this setup alone
  kAgainOtherwise,  // it was planned before a restart and begun under another setup at least once
};

// A batch that is to run. A plain value: offsets/N and what a restart learns of earlier attempts. It says all that
// decides what the batch reads and writes.
struct BatchPlan {
  BatchId batch;
  SourceOffsets starts;  // inclusive; none: the source's initial offset
  OffsetEntry entry;     // its `offsets` are the exclusive ends, its watermark lets state go
  int64_t late_ms = 0;   // the watermark of the entry before: rows at or before it are late
  Attempt attempt = Attempt::kFirst;
  std::vector<std::string> earlier_bad_records;  // the folders where earlier attempts set records aside

  bool recovered() const { return attempt != Attempt::kFirst; }
  bool operator==(const BatchPlan&) const = default;
};

// What the entries of a query carry besides offsets and time.
struct EntryStamp {
  std::string writer;       // nonce of this process
  std::string setup;        // checksum of what the query was started with
  std::string bad_records;  // the folder of bad records as the user gave it; empty: they fail the query
};

struct QueryState;

// The next batch, over [starts, ends).
BatchPlan PlanRange(const QueryState& state, SourceOffsets starts, SourceOffsets ends, int64_t now_ms,
                    const Conf& session, const EntryStamp& stamp);
// The next batch, over the bad records of all batches up to `through`. To the sources its range is empty.
BatchPlan PlanReplay(const QueryState& state, BatchId through, int64_t now_ms, const Conf& session,
                     const EntryStamp& stamp);

}  // namespace sluice
