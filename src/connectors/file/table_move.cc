// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_move.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <string_view>
#include <utility>

#include "base/spark_error.h"
#include "checkpoint/file_sink_log.h"
#include "connectors/file/table_paths.h"

namespace sluice {
namespace {

std::string WithoutEndingSlashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

class Move {
 public:
  Move(const Location& table, const std::string& old_path, Clock* clock)
      : table_(table),
        old_(WithoutEndingSlashes(old_path) + "/"),
        log_folder_(table.path + "/_spark_metadata"),
        log_({table.fs, log_folder_}, {}, clock),
        copies_(fmt::format("{}.before-repair-{:%Y%m%dT%H%M%SZ}", log_folder_,
                            fmt::gmtime(static_cast<std::time_t>(clock->NowMillis() / 1000)))) {}

  Result<std::vector<std::string>> Run() {
    SLUICE_RETURN_IF_ERROR(log_.Refresh());
    std::vector<std::pair<std::string, std::string>> changed;  // name and new content
    for (const auto& [batch, file] : log_.listing().batches) {
      SLUICE_ASSIGN(std::vector<SinkLogEntry> entries, log_.ReadBatch(batch));
      int64_t moved = 0;
      for (SinkLogEntry& entry : entries) {
        SLUICE_ASSIGN(const bool is_moved, MoveEntry(&entry));
        moved += is_moved ? 1 : 0;
      }
      if (moved == 0) continue;
      const std::string name = SinkLogName(batch, file.compact);
      changed.emplace_back(name, FormatSinkLogEntries(entries));
      lines_.push_back(fmt::format("{}/{} names {} files at their new place. A copy is {}/{}.", log_folder_, name,
                                   moved, copies_, name));
    }
    for (const auto& [name, content] : changed) SLUICE_RETURN_IF_ERROR(Replace(name, content));
    return std::move(lines_);
  }

 private:
  // False: the entry names a file elsewhere.
  Result<bool> MoveEntry(SinkLogEntry* entry) {
    const std::string path = PathOfUri(entry->path);
    if (!path.starts_with(old_)) return false;
    const std::string moved = table_.path + "/" + path.substr(old_.size());
    if (!entry->deletes()) {
      const Result<FileInfo> info = table_.fs->Stat(moved);
      if (!info.ok() && !IsNotFound(info.status())) return info.status();
      if (!info.ok() || info->size != entry->size) {
        return UserError("SLUICE_SINK_LOG_DAMAGED",
                         fmt::format("{} names {}, but {} {}: nothing was changed.", log_folder_, path, moved,
                                     info.ok() ? "has another size" : "is not there"),
                         {{"path", moved}});
      }
    }
    entry->path = table_.fs->Uri(moved);
    return true;
  }

  Status Replace(const std::string& name, const std::string& content) {
    const std::string path = log_folder_ + "/" + name;
    SLUICE_ASSIGN(const std::string before, table_.fs->ReadFile(path));
    SLUICE_ASSIGN(const CreateOutcome copied, table_.fs->CreateAtomic(copies_ + "/" + name, before));
    if (copied != CreateOutcome::kCreated) {
      return EnvironmentError("SLUICE_FILE_CHANGED", fmt::format("{}/{} is there already; try again.", copies_, name));
    }
    SLUICE_ASSIGN(const auto file, table_.fs->OpenForWrite(path));
    SLUICE_RETURN_IF_ERROR(file->Write(content.data(), static_cast<int64_t>(content.size())));
    SLUICE_ASSIGN(const PublishOutcome outcome, file->Publish());
    return outcome == PublishOutcome::kExistsOther ? file->Replace() : Status::OK();
  }

  const Location table_;
  const std::string old_;
  const std::string log_folder_;
  FileSinkLog log_;
  const std::string copies_;
  std::vector<std::string> lines_;
};

}  // namespace

Result<std::vector<std::string>> MoveSinkLog(const Location& table, const std::string& old_path, Clock* clock) {
  return Move(table, old_path, clock).Run();
}

}  // namespace sluice
