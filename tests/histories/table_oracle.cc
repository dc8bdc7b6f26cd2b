// SPDX-License-Identifier: Apache-2.0
#include "table_oracle.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <charconv>

#include "checkpoint/file_sink_log.h"
#include "checkpoint/offset_log.h"
#include "connectors/file/table_check.h"
#include "connectors/kafka/offset_json.h"

namespace sluice {
namespace {

std::string NameOf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

struct Row {
  TopicPartition partition;
  int64_t offset;
  std::string value;
};

Status ReadRows(FileSystem* fs, const std::string& path, std::vector<Row>* rows) {
  SLUICE_ASSIGN(auto file, fs->OpenForRead(path));
  SLUICE_ASSIGN(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
  SLUICE_ASSIGN(auto whole, reader->ReadTable());
  SLUICE_ASSIGN(auto table, whole->CombineChunks());
  if (table->num_rows() == 0) return Status::OK();
  const auto chunk = [&](const char* name) { return table->GetColumnByName(name)->chunk(0); };
  const auto topics = std::static_pointer_cast<arrow::StringArray>(chunk("topic"));
  const auto values = std::static_pointer_cast<arrow::BinaryArray>(chunk("value"));
  const auto partitions = std::static_pointer_cast<arrow::Int32Array>(chunk("partition"));
  const auto offsets = std::static_pointer_cast<arrow::Int64Array>(chunk("offset"));
  for (int64_t i = 0; i < table->num_rows(); ++i) {
    rows->push_back({{topics->GetString(i), partitions->Value(i)}, offsets->Value(i), values->GetString(i)});
  }
  return Status::OK();
}

}  // namespace

// The state that a batch writes is written again when the batch is run again, until it is committed.
bool TableOracle::MayBeReplaced(const std::string& path) const {
  if (!path.starts_with(checkpoint_ + "/state/") || !path.ends_with(".delta")) return false;
  const int64_t version = std::stoll(NameOf(path));
  return !fs_->Stat(fmt::format("{}/commits/{}", checkpoint_, version - 1)).ok();
}

void TableOracle::Remember(const std::string& folder) {
  for (const FileInfo& file : fs_->List(folder, true).ValueOrDie()) {
    if (file.is_folder || MayBeReplaced(file.path)) continue;
    std::string bytes = fs_->ReadFile(file.path).ValueOrDie();
    const auto [known, first] = seen_.emplace(file.path, bytes);
    if (!first && known->second != bytes) Wrong(file.path + " has other bytes than before");
  }
}

std::vector<int64_t> TableOracle::Numbers(const std::string& folder) {
  std::vector<int64_t> numbers;
  for (const FileInfo& file : fs_->List(folder, false).ValueOrDie()) {
    const std::string name = NameOf(file.path);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && (*end == '\0' || std::string_view(end) == ".compact")) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  for (size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] != numbers[i - 1] + 1) Wrong(fmt::format("{} has no {}", folder, numbers[i - 1] + 1));
  }
  return numbers;
}

void TableOracle::LookAtOffsets(const std::vector<int64_t>& numbers) {
  PartitionOffsets before;
  for (const int64_t number : numbers) {
    const std::string path = fmt::format("{}/offsets/{}", checkpoint_, number);
    const Result<OffsetEntry> entry = ParseOffsetEntry(fs_->ReadFile(path).ValueOrDie(), path);
    if (!entry.ok()) return Wrong(entry.status().ToString());
    const PartitionOffsets ends = ParseOffsets(entry->offsets[0].value_or(""), path).ValueOrDie();
    for (const auto& [partition, end] : before) {
      const auto now = ends.find(partition);
      if (now == ends.end() || now->second < end) Wrong(fmt::format("{}: {} goes back", path, partition.ToString()));
    }
    before = ends;
  }
}

void TableOracle::Look() {
  Remember(checkpoint_);
  Remember(table_ + "/_spark_metadata");
  for (const std::string& path : LoggedFiles()) {
    Result<std::string> bytes = fs_->ReadFile(path);
    if (!bytes.ok()) {
      Wrong(path + " is named by the sink log and not there");
      continue;
    }
    const auto [known, first] = seen_.emplace(path, *bytes);
    if (!first && known->second != *bytes) Wrong(path + " has other bytes than when it was committed");
  }
  const auto offsets = Numbers(checkpoint_ + "/offsets");
  const auto commits = Numbers(checkpoint_ + "/commits");
  Numbers(table_ + "/_spark_metadata");
  LookAtOffsets(offsets);
  const int64_t planned = offsets.empty() ? -1 : offsets.back();
  const int64_t committed = commits.empty() ? -1 : commits.back();
  if (committed != planned && committed != planned - 1) {
    Wrong(fmt::format("offsets end at {}, commits at {}", planned, committed));
  }
}

std::vector<std::string> TableOracle::LoggedFiles() {
  std::vector<std::string> paths;
  FileSinkLog log({fs_, table_ + "/_spark_metadata"}, {}, &SystemClock());
  Status status = log.Refresh();
  if (status.ok() && log.Latest()) {
    const auto add = [&](const SinkLogEntry& entry) {
      paths.push_back(table_ + "/" + NameOf(entry.path));
      return Status::OK();
    };
    status = log.VisitFiles(add).status();  // "delete" entries are written by none of the writers here
  }
  if (!status.ok()) Wrong(status.ToString());
  return paths;
}

std::vector<std::string> TableOracle::ListedFiles() {
  std::vector<std::string> paths;
  for (const FileInfo& file : fs_->List(table_, false).ValueOrDie()) {
    if (!file.is_folder) paths.push_back(file.path);
  }
  return paths;
}

void TableOracle::CompareRecords(const Produced& produced, const std::vector<std::string>& files,
                                 const std::string& where) {
  std::vector<Row> rows;
  for (const std::string& path : files) {
    const Status status = ReadRows(fs_.get(), path, &rows);
    if (!status.ok()) Wrong(path + ": " + status.ToString());
  }
  std::map<TopicPartition, std::map<int64_t, int>> found;
  for (const Row& row : rows) {
    const auto partition = produced.find(row.partition);
    const bool known = partition != produced.end() && partition->second.contains(row.offset);
    const std::string name = fmt::format("{} offset {}", row.partition.ToString(), row.offset);
    if (!known || partition->second.at(row.offset) != row.value) Wrong(where + ": foreign or changed: " + name);
    if (++found[row.partition][row.offset] == 2) Wrong(where + ": doubled: " + name);
  }
  for (const auto& [partition, records] : produced) {
    for (const auto& [offset, value] : records) {
      if (!found[partition].contains(offset)) {
        Wrong(fmt::format("{}: lost: {} offset {}", where, partition.ToString(), offset));
      }
    }
  }
}

void TableOracle::Judge(const Comparison& compare, bool foreign_orphans) {
  Look();
  compare(LoggedFiles(), "sink log");
  const auto report = VerifyCheckpoint({fs_, checkpoint_}, {fs_, table_});
  if (!report.ok()) return Wrong("verify: " + report.status().ToString());
  for (const std::string& damage : report->damage) Wrong("verify: " + damage);
  if (!foreign_orphans) {
    for (const std::string& orphan : report->orphans) Wrong("verify: orphan " + orphan);
  } else if (!report->orphans.empty()) {
    const auto cleaned = CleanCheckpoint({fs_, checkpoint_}, {fs_, table_});
    if (!cleaned.ok()) Wrong("clean: " + cleaned.status().ToString());
  }
  compare(ListedFiles(), "plain listing");
}

}  // namespace sluice
