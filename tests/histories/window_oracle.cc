// SPDX-License-Identifier: Apache-2.0
#include "window_oracle.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>

#include <algorithm>

#include "base/spark_error.h"
#include "checkpoint/offset_log.h"
#include "connectors/kafka/offset_json.h"
#include "state/stored_state.h"

namespace sluice {
namespace {

constexpr int64_t kFirstMs = 1'700'000'000'000;

// The columns of a batch of groups: a struct with the window, the partition, the count.
template <typename Visit>
void VisitGroups(const arrow::Array& windows, const arrow::Array& partitions, const arrow::Array& counts, Visit visit) {
  const auto& starts =
      static_cast<const arrow::TimestampArray&>(*static_cast<const arrow::StructArray&>(windows).field(0));
  // Parquet's INT96 is read as nanoseconds, state as microseconds.
  const bool nanos = static_cast<const arrow::TimestampType&>(*starts.type()).unit() == arrow::TimeUnit::NANO;
  for (int64_t i = 0; i < windows.length(); ++i) {
    visit(starts.Value(i) / (nanos ? 1'000'000 : 1000), static_cast<const arrow::Int32Array&>(partitions).Value(i),
          static_cast<const arrow::Int64Array&>(counts).Value(i));
  }
}

}  // namespace

int64_t EventTimeMs(const TopicPartition& partition, int64_t offset) {
  return kFirstMs + offset * (70 + 30 * (partition.partition % 3));
}

Result<WindowOracle::Outcome> WindowOracle::Compute(const Produced& produced) {
  const OffsetLog log({fs_, checkpoint_ + "/offsets"});
  SLUICE_ASSIGN(const auto latest, log.Latest());
  Outcome outcome;
  PartitionOffsets from;
  int64_t late_ms = 0;   // the watermark of the batch before
  int64_t after_ms = 0;  // what the batches so far make of it
  for (int64_t batch = 0; latest && batch <= latest->value; ++batch) {
    SLUICE_ASSIGN(const OffsetEntry entry, log.Read(BatchId(batch)));
    if (entry.batch_watermark_ms != after_ms) {
      wrong_.push_back(
          fmt::format("offsets/{} has watermark {} instead of {}", batch, entry.batch_watermark_ms, after_ms));
    }
    const int64_t now_ms = after_ms;
    SLUICE_ASSIGN(const PartitionOffsets until, ParseOffsets(entry.offsets[0].value_or(""), "offsets"));
    for (const auto& [partition, end] : until) {
      const auto records = produced.find(partition);
      if (records == produced.end()) continue;
      const int64_t begin = from.contains(partition) ? from.at(partition) : 0;
      for (auto at = records->second.lower_bound(begin); at != records->second.end() && at->first < end; ++at) {
        const int64_t time = EventTimeMs(partition, at->first);
        const int64_t start = time - time % kWindowMs;
        after_ms = std::max(after_ms, time - kDelayMs);
        if (start + kWindowMs > late_ms) ++outcome.kept[{start, partition.partition}];
      }
    }
    for (auto group = outcome.kept.begin(); group != outcome.kept.end();) {
      if (group->first.first + kWindowMs > now_ms) {
        ++group;
        continue;
      }
      ++outcome.given[{group->first.first, group->first.second, group->second}];
      group = outcome.kept.erase(group);
    }
    late_ms = now_ms;
    from = until;
    ++outcome.batches;
  }
  return outcome;
}

Result<WindowOracle::Rows> WindowOracle::Read(const std::vector<std::string>& files) const {
  Rows rows;
  for (const std::string& path : files) {
    SLUICE_ASSIGN(auto file, fs_->OpenForRead(path));
    SLUICE_ASSIGN(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
    SLUICE_ASSIGN(auto whole, reader->ReadTable());
    SLUICE_ASSIGN(auto table, whole->CombineChunks());
    if (table->num_rows() == 0) continue;
    VisitGroups(*table->column(0)->chunk(0), *table->column(1)->chunk(0), *table->column(2)->chunk(0),
                [&](int64_t start, int32_t partition, int64_t count) {
                  ++rows[{start, partition, count}];
                });
  }
  return rows;
}

Result<WindowOracle::Groups> WindowOracle::ReadState(int64_t version) const {
  const Location checkpoint{fs_, checkpoint_};
  Groups groups;
  SLUICE_ASSIGN(const std::vector<StoredOperator> operators, StoredOperatorsOf(checkpoint));
  if (operators.size() != 1) return InternalError(fmt::format("{} operators with state", operators.size()));
  const OperatorMetadata::Store& described = operators[0].metadata.stores.at(0);
  const StoredStore store(checkpoint, operators[0], described, StateCodec::kLz4);
  SLUICE_ASSIGN(const StateSchema schema, store.ReadSchema());
  for (int partition = 0; partition < described.partitions; ++partition) {
    SLUICE_ASSIGN(const auto rows, store.ReadPartition(partition, version, schema));
    const auto& key = static_cast<const arrow::StructArray&>(*rows->column(0));
    const auto& value = static_cast<const arrow::StructArray&>(*rows->column(1));
    VisitGroups(*key.field(0), *key.field(1), *value.field(0), [&](int64_t start, int32_t of, int64_t count) {
      groups[{start, of}] += count;
    });
  }
  return groups;
}

Status WindowOracle::Compare(const Produced& produced, const std::vector<std::string>& files,
                             const std::string& where) {
  SLUICE_ASSIGN(const Outcome right, Compute(produced));
  SLUICE_ASSIGN(Rows found, Read(files));
  for (const auto& [row, times] : right.given) {
    const auto& [start, partition, count] = row;
    if (found[row] == times) continue;
    wrong_.push_back(fmt::format("{}: window {} of partition {} with {} records stands there {} times instead of {}",
                                 where, start, partition, count, found[row], times));
  }
  for (const auto& [row, times] : found) {
    if (times == 0 || right.given.contains(row)) continue;
    wrong_.push_back(fmt::format("{}: foreign: window {} of partition {} with {} records", where, std::get<0>(row),
                                 std::get<1>(row), std::get<2>(row)));
  }
  SLUICE_ASSIGN(const Groups kept, ReadState(right.batches));
  if (kept != right.kept) {
    wrong_.push_back(fmt::format("the state has {} groups, or other counts than the {} it must have", kept.size(),
                                 right.kept.size()));
  }
  return Status::OK();
}

std::vector<std::string> WindowOracle::Judge(const Produced& produced, const std::vector<std::string>& files,
                                             const std::string& where) {
  wrong_.clear();
  const Status status = Compare(produced, files, where);
  if (!status.ok()) wrong_.push_back(where + ": " + status.ToString());
  return wrong_;
}

}  // namespace sluice
