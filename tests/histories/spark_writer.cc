// SPDX-License-Identifier: Apache-2.0
#include "spark_writer.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/file_sink_log.h"
#include "checkpoint/offset_conf.h"
#include "connectors/kafka/offset_json.h"
#include "connectors/kafka/offset_planning.h"
#include "connectors/kafka/row_slice.h"
#include "connectors/source.h"

namespace sluice {
namespace {

Result<std::shared_ptr<arrow::Table>> RowsOf(const TopicPartition& partition,
                                             const std::vector<std::pair<int64_t, std::string>>& rows) {
  arrow::BinaryBuilder keys, values;
  arrow::StringBuilder topics;
  arrow::Int32Builder partitions, types;
  arrow::Int64Builder offsets;
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
  for (const auto& [offset, value] : rows) {
    SLUICE_RETURN_IF_ERROR(keys.AppendNull());
    SLUICE_RETURN_IF_ERROR(values.Append(value));
    SLUICE_RETURN_IF_ERROR(topics.Append(partition.topic));
    SLUICE_RETURN_IF_ERROR(partitions.Append(partition.partition));
    SLUICE_RETURN_IF_ERROR(offsets.Append(offset));
    SLUICE_RETURN_IF_ERROR(times.Append(offset));
    SLUICE_RETURN_IF_ERROR(types.Append(0));
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder :
       std::initializer_list<arrow::ArrayBuilder*>{&keys, &values, &topics, &partitions, &offsets, &times, &types}) {
    SLUICE_ASSIGN(auto column, builder->Finish());
    columns.push_back(std::move(column));
  }
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(arrow::field(KafkaSchema(false)->field(static_cast<int>(i))->name(), columns[i]->type()));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns));
}

// What Spark keeps of the entry before: its own keys.
EntryConf SparkConf() {
  EntryConf conf;
  for (const RecordedSetting& setting : RecordedSettings()) {
    if (!std::string_view(setting.key).starts_with("spark.sluice.")) conf.Set(setting.key, setting.value);
  }
  return conf;
}

}  // namespace

Status SparkWriter::WritePart(int task, const TopicPartition& partition,
                              const std::vector<std::pair<int64_t, std::string>>& rows,
                              std::vector<std::string>* paths) {
  SLUICE_ASSIGN(const auto table, RowsOf(partition, rows));
  SLUICE_ASSIGN(auto sink, arrow::io::BufferOutputStream::Create());
  SLUICE_RETURN_IF_ERROR(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink));
  SLUICE_ASSIGN(const auto bytes, sink->Finish());
  SLUICE_ASSIGN(const Location folder, env_->Locate(table_, {}));
  const std::string path = fmt::format("{}/part-{:05}-{}-c000.snappy.parquet", folder.path, task, env_->NewUuid());
  SLUICE_ASSIGN(const CreateOutcome created, folder.fs->CreateAtomic(path, std::string_view(*bytes)));
  if (created != CreateOutcome::kCreated) return InternalError("a random uuid was used before: " + path);
  paths->push_back(path);
  return Status::OK();
}

Result<SparkWriter::Outcome> SparkWriter::RunBatch(const Produced& produced, const PartitionOffsets& ends,
                                                   SparkReach reach) {
  Outcome outcome;
  SLUICE_ASSIGN(const Location folder, env_->Locate(checkpoint_, {}));
  SLUICE_ASSIGN(const auto checkpoint, Checkpoint::Open(folder, env_.get()));
  SLUICE_ASSIGN(const Recovery recovery, checkpoint->Recover(1));
  // A first batch is Sluice's here: it decides where the stream begins.
  if (!recovery.previous) return outcome;
  SLUICE_ASSIGN(const PartitionOffsets from, ParseOffsets(recovery.previous->offsets[0].value_or(""), "previous"));
  PartitionOffsets until = ends;
  outcome.reran_planned = recovery.planned.has_value();
  if (recovery.planned) {
    SLUICE_ASSIGN(until, ParseOffsets(recovery.planned->offsets[0].value_or(""), "planned"));
  } else {
    if (until == from) return outcome;
    OffsetEntry entry;
    entry.batch_timestamp_ms = env_->clock().NowMillis();
    entry.conf = SparkConf();
    entry.offsets = {FormatOffsets(until)};
    SLUICE_RETURN_IF_ERROR(checkpoint->offsets().folder().Create(recovery.next.ToString(), FormatOffsetEntry(entry)));
  }
  outcome.ran = true;
  if (reach == SparkReach::kOffsets) return outcome;
  SLUICE_ASSIGN(const Location table, env_->Locate(table_, {}));
  FileSinkLogOptions options;
  options.compact_interval = 3;
  FileSinkLog log({table.fs, table.path + "/_spark_metadata"}, options, &env_->clock());
  SLUICE_RETURN_IF_ERROR(log.Refresh());
  if (!log.Latest() || *log.Latest() < recovery.next) {
    std::vector<std::string> paths;
    int task = 0;
    for (const auto& [partition, end] : until) {
      const int64_t begin = from.contains(partition) ? from.at(partition) : 0;
      std::vector<std::pair<int64_t, std::string>> rows;
      const auto found = produced.find(partition);
      if (found != produced.end()) {
        for (auto at = found->second.lower_bound(begin); at != found->second.end() && at->first < end; ++at)
          rows.push_back(*at);
      }
      if (begin < end) SLUICE_RETURN_IF_ERROR(WritePart(task++, partition, rows, &paths));
    }
    outcome.left_part_files = reach == SparkReach::kPartFiles;
    if (reach == SparkReach::kPartFiles) return outcome;
    std::vector<SinkLogEntry> entries;
    for (const std::string& path : paths) {
      SLUICE_ASSIGN(const FileInfo info, table.fs->Stat(path));
      SinkLogEntry entry;
      entry.path = table.fs->Uri(path);
      entry.size = info.size;
      entry.modified_ms = env_->clock().NowMillis();
      entries.push_back(std::move(entry));
    }
    SLUICE_RETURN_IF_ERROR(log.Add(recovery.next, entries));
  }
  if (reach != SparkReach::kCommit) return outcome;
  SLUICE_RETURN_IF_ERROR(checkpoint->commits().Write(recovery.next, CommitEntry{}));
  return outcome;
}

}  // namespace sluice
