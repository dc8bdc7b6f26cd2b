// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "connectors/file/part_file_name.h"

namespace sluice {
namespace {

struct Mark {
  int64_t batch = 0;  // its low 32 bits
  TaskId task;
};

std::optional<PartFileName> OurName(std::string_view path) {
  std::optional<PartFileName> name = ParsePartFileName(BaseName(path));
  return name && IsPartUuid(name->uuid) ? name : std::nullopt;
}

std::optional<Mark> MarkOf(std::string_view path, const std::string& query_id) {
  const std::optional<PartFileName> name = OurName(path);
  const auto batch = name ? BatchOfPartUuid(name->uuid, query_id) : std::nullopt;
  return batch ? std::optional(Mark{batch->value, name->task}) : std::nullopt;
}

// Has the batch an entry of its own that names nothing? Task 0 always leaves a file, so its line is lost.
bool NamesNothing(const FileSinkLog& log, int64_t batch) {
  const auto found = log.listing().batches.find(BatchId(batch));
  if (found == log.listing().batches.end() || found->second.compact) return false;
  const Result<std::vector<SinkLogEntry>> entries = log.ReadBatch(BatchId(batch));
  return entries.ok() && entries->empty();
}

}  // namespace

Status CheckEntryMarks(const FileSinkLog& log, const std::string& query_id, std::vector<std::string>* damage) {
  for (const auto& [batch, file] : log.listing().batches) {
    if (file.compact || batch < log.listing().LastCompact().value_or(BatchId(0))) continue;
    const Result<std::vector<SinkLogEntry>> entries = log.ReadBatch(batch);
    if (!entries.ok()) continue;  // told elsewhere
    for (const SinkLogEntry& entry : *entries) {
      if (!OurName(entry.path)) continue;
      const auto mark = MarkOf(entry.path, query_id);
      if (mark && mark->batch == (batch.value & 0xFFFFFFFF)) continue;
      damage->push_back(
          fmt::format("{} names {}, a file of {}.", log.folder().PathOf(batch.ToString()), entry.path,
                      mark ? fmt::format("batch {}", mark->batch) : fmt::format("another query than {}", query_id)));
    }
  }
  return Status::OK();
}

Status FindLostLines(const FileSinkLog& log, const std::string& query_id, std::vector<std::string>* orphans,
                     std::vector<std::string>* damage) {
  const auto latest = log.Latest();
  const auto committed = [&](const std::string& path) {
    const auto mark = MarkOf(path, query_id);
    return mark && latest && mark->batch <= latest->value;
  };
  if (std::none_of(orphans->begin(), orphans->end(), committed)) return Status::OK();
  std::map<int64_t, std::set<TaskId>> tasks;  // whose files the log names, by batch
  for (const std::string& path : *orphans) {
    if (committed(path)) tasks[MarkOf(path, query_id)->batch];
  }
  SLUICE_RETURN_IF_ERROR(log.VisitFiles([&](const SinkLogEntry& entry) {
                              const auto mark = MarkOf(entry.path, query_id);
                              const auto found = mark ? tasks.find(mark->batch) : tasks.end();
                              if (found != tasks.end()) found->second.insert(mark->task);
                              return Status::OK();
                            })
                             .status());
  std::erase_if(*orphans, [&](const std::string& path) {
    if (!committed(path)) return false;
    const Mark mark = *MarkOf(path, query_id);
    const std::set<TaskId>& named = tasks[mark.batch];
    if (named.contains(mark.task)) return false;
    // Spark, whose files have no marks, carried the batch out after Sluice's attempt had crashed.
    if (named.empty() && !NamesNothing(log, mark.batch)) return false;
    damage->push_back(
        fmt::format("The sink log names no file of task {} of batch {}, but {} is there: a line of the log is lost, "
                    "and with it rows, unless an attempt with other tasks left this file.",
                    mark.task.value, mark.batch, path));
    return true;
  });
  return Status::OK();
}

}  // namespace sluice
