// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_repair.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <map>
#include <optional>
#include <set>

#include "base/printable.h"
#include "base/spark_error.h"
#include "checkpoint/checkpoint_check.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/file_sink_log.h"
#include "checkpoint/hadoop_crc.h"
#include "checkpoint/log_line_reader.h"
#include "checkpoint/offset_log.h"
#include "checkpoint/query_metadata.h"
#include "connectors/file/table_check.h"
#include "state/operator_metadata.h"
#include "state/state_schema.h"

namespace sluice {
namespace {

// A file that was put back by hand is newer than the checksum file that it disagrees with.
constexpr int64_t kClearlyNewerMs = 2000;

Location Child(const Location& folder, const std::string& name) {
  return {folder.fs, folder.path + "/" + name};
}

bool IsTemporary(std::string_view name) {
  return name.starts_with(".") && (name.ends_with(".tmp") || name.ends_with(".tmp.crc"));
}

// The file that a checksum file is for: ".5.crc" -> "5"; empty for other names.
std::string ChecksummedName(std::string_view name) {
  if (!name.starts_with(".") || !name.ends_with(".crc") || name.size() < 6) return "";
  return std::string(name.substr(1, name.size() - 5));
}

class Repair {
 public:
  Repair(const Location& checkpoint, const Location& sink, Clock* clock)
      : checkpoint_(checkpoint),
        sink_(sink),
        sink_log_(Child(sink, "_spark_metadata")),
        offsets_(Child(checkpoint, "offsets")),
        commits_(Child(checkpoint, "commits")),
        table_(sink_log_, {}, clock),
        suffix_(fmt::format(".before-repair-{:%Y%m%dT%H%M%SZ}",
                            fmt::gmtime(static_cast<std::time_t>(clock->NowMillis() / 1000)))) {}

  Status Run() {
    for (const Location& folder : Folders()) SLUICE_RETURN_IF_ERROR(MendSideFiles(folder));
    SLUICE_RETURN_IF_ERROR(MendState());
    SLUICE_RETURN_IF_ERROR(table_.Refresh());
    SLUICE_RETURN_IF_ERROR(FindEnds());
    SLUICE_RETURN_IF_ERROR(MendLastOffsets());
    SLUICE_RETURN_IF_ERROR(MendCommits());
    return MendLastSinkEntry();
  }
  std::vector<std::string> mended() { return std::move(mended_); }

 private:
  std::vector<Location> Folders() const {
    return {checkpoint_, offsets_.folder().location(), commits_.folder().location(), Child(checkpoint_, "sources/0"),
            sink_log_};
  }

  // Deletes a file of a log's folder, which no symbolic link below the folder that the user named may lead to.
  Status Delete(const Location& folder, const std::string& path) const {
    const Location& named = folder.path == sink_log_.path ? sink_ : checkpoint_;
    return folder.fs->Delete(named.path, {path});
  }

  // Copies a file to the folder beside its own, then removes it.
  Status Remove(const Location& folder, const std::string& name, const std::string& why) {
    const Location& root = folder.path.starts_with(sink_log_.path) ? sink_log_ : checkpoint_;
    const std::string path = folder.path + "/" + name;
    const std::string copy = root.path + suffix_ + path.substr(root.path.size());
    SLUICE_ASSIGN(const FileInfo info, folder.fs->Stat(path));
    SLUICE_ASSIGN(const auto file, folder.fs->OpenForWrite(copy));
    SLUICE_RETURN_IF_ERROR(file->CopyFrom(path, 0, info.size));
    SLUICE_ASSIGN(const PublishOutcome outcome, file->Publish());
    if (outcome == PublishOutcome::kExistsOther) {
      return EnvironmentError("SLUICE_FILE_CHANGED", fmt::format("{} is there already; try again.", copy));
    }
    SLUICE_RETURN_IF_ERROR(Delete(folder, path));
    mended_.push_back(fmt::format("{} was removed: {}. A copy is {}.", path, why, copy));
    return Status::OK();
  }

  // Does the content prove itself, so that a checksum file which disagrees must be the older one?
  static bool ProvesItself(const std::string& text, const std::string& path) {
    const Result<OffsetEntry> entry = ParseOffsetEntry(text, path);
    return entry.ok() && entry->conf.Find(kChecksumKey);
  }
  static bool Parses(const Location& folder, const std::string& text, const std::string& path) {
    const std::string_view kind = BaseName(folder.path);
    if (kind == "offsets") return ParseOffsetEntry(text, path).ok();
    if (kind == "commits") return ParseCommitEntry(text, path).ok();
    if (kind == "_spark_metadata") return ParseSinkLogEntries(text, path).ok();
    return BaseName(path) == "metadata" && ParseQueryMetadata(text, path).ok();
  }

  Status MendSideFiles(const Location& folder) {
    SLUICE_ASSIGN(const std::vector<FileInfo> files, folder.fs->List(folder.path, /*recursive=*/false));
    std::map<std::string, const FileInfo*> by_name;
    for (const FileInfo& file : files) by_name[std::string(BaseName(file.path))] = &file;
    for (const auto& [name, file] : by_name) {
      if (file->is_folder) continue;
      if (IsTemporary(name)) {
        SLUICE_RETURN_IF_ERROR(Delete(folder, file->path));
        mended_.push_back(fmt::format("{} was removed: a temporary file that a process left behind.", file->path));
        continue;
      }
      const std::string of = ChecksummedName(name);
      if (of.empty()) continue;
      const auto found = by_name.find(of);
      if (found == by_name.end()) {
        SLUICE_RETURN_IF_ERROR(Remove(folder, name, "there is no file that it is for"));
        continue;
      }
      SLUICE_RETURN_IF_ERROR(MendChecksum(folder, *found->second, *file));
    }
    return Status::OK();
  }

  // A long compact file has lines without number, and nothing in it proves them: nobody can tell whether it or its
  // checksum file is wrong.
  static Status CheckLongFile(const Location& folder, const std::string& path) {
    const auto lines = LogLineReader::Open(LogFolder(folder), std::string(BaseName(path)));
    Status read = lines.status();
    while (read.ok()) {
      const auto line = (*lines)->Next();
      read = line.status();
      if (line.ok() && !*line) break;
    }
    return IsDamaged(read) ? Status::OK() : read;
  }

  Status MendChecksum(const Location& folder, const FileInfo& file, const FileInfo& crc) {
    if (file.size > kSmallFileBytes) return CheckLongFile(folder, file.path);
    const Result<std::string> read = folder.fs->ReadFile(file.path);
    if (HasErrorClass(read.status(), "SLUICE_FILE_KIND")) return Status::OK();  // damage that is told below
    SLUICE_ASSIGN(const std::string text, read);
    SLUICE_ASSIGN(const std::string sums, folder.fs->ReadFile(crc.path));
    if (CheckHadoopCrc(text, sums, file.path).ok()) return Status::OK();
    const bool newer = file.modified_ms > crc.modified_ms + kClearlyNewerMs && Parses(folder, text, file.path);
    // Otherwise nobody can tell which of the two is wrong.
    if (!newer && !ProvesItself(text, file.path)) return Status::OK();
    return Remove(folder, std::string(BaseName(crc.path)), "it is the checksum of an older content");
  }

  Status FindEnds() {
    SLUICE_ASSIGN(planned_, offsets_.Latest());
    SLUICE_ASSIGN(committed_, commits_.Latest());
    in_table_ = table_.Latest();
    return Status::OK();
  }

  static bool IsDamaged(const Status& status) { return HasErrorClass(status, "SLUICE_CHECKPOINT_DAMAGED"); }

  // Of the state only what describes it can be mended: the rows are nowhere else.
  Status MendState() {
    SLUICE_ASSIGN(const std::vector<FileInfo> files,
                  checkpoint_.fs->List(checkpoint_.path + "/state", /*recursive=*/true));
    std::set<std::string> folders;
    for (const FileInfo& file : files) {
      if (!file.is_folder) folders.insert(file.path.substr(0, file.path.rfind('/')));
    }
    for (const std::string& path : folders) {
      const Location folder{checkpoint_.fs, path};
      SLUICE_RETURN_IF_ERROR(MendSideFiles(folder));
      if (BaseName(path) != "_metadata") continue;
      SLUICE_RETURN_IF_ERROR(MendDescription(folder, "metadata"));
      SLUICE_RETURN_IF_ERROR(MendDescription(folder, "schema"));
    }
    return Status::OK();
  }

  // A restart writes what describes an operator anew, from the query.
  Status MendDescription(const Location& folder, const std::string& name) {
    const LogFolder log(folder);
    const Result<std::string> text = log.Read(name);
    if (IsNotFound(text.status())) return Status::OK();
    Status status = text.status();
    if (text.ok() && name == "schema") status = ParseStateSchema(*text, log.PathOf(name)).status();
    if (text.ok() && name == "metadata") status = ParseOperatorMetadata(*text, log.PathOf(name)).status();
    if (!IsDamaged(status)) return Status::OK();
    return Remove(folder, name, "it is damaged, and a restart writes it anew from the query");
  }

  Status MendLastOffsets() {
    if (!planned_ || !IsDamaged(offsets_.Read(*planned_).status())) return Status::OK();
    const bool ran = (committed_ && *committed_ >= *planned_) || (in_table_ && *in_table_ >= *planned_);
    // What came before must be known to have run: the batch is planned anew from where that ended.
    const BatchId before = planned_->Previous();
    const bool begins = before.value < 0 || in_table_ == before;
    if (ran || !begins) return Status::OK();
    const std::string why = fmt::format(
        "batch {} was planned by it and is not in the table; it is planned anew (part files of it: checkpoint clean)",
        planned_->value);
    SLUICE_RETURN_IF_ERROR(Remove(offsets_.folder().location(), planned_->ToString(), why));
    return FindEnds();
  }

  Status MendCommits() {
    SLUICE_ASSIGN(const std::vector<BatchId> batches, commits_.folder().List());
    for (const BatchId batch : batches) {
      if (!IsDamaged(commits_.Read(batch).status())) continue;
      const bool last = batch == *committed_;
      const bool in_table = batch == planned_ && batch == in_table_ && IsWhole(batch);
      if (last && !in_table) continue;
      const std::string why =
          last ? "the batch is in the table, and a restart writes the entry again" : "a later entry stands for it";
      SLUICE_RETURN_IF_ERROR(Remove(commits_.folder().location(), batch.ToString(), why));
    }
    return FindEnds();
  }

  // The sink log's entry of a batch can be read, and its files are there.
  bool IsWhole(BatchId batch) {
    if (!table_.Check().ok()) return false;
    const Result<std::vector<SinkLogEntry>> entries = table_.ReadBatch(batch);
    return entries.ok();
  }

  Status MendLastSinkEntry() {
    if (!in_table_ || in_table_ != planned_ || (committed_ && *committed_ >= *planned_)) return Status::OK();
    if (!offsets_.Read(*planned_).ok() || !IsDamaged(table_.ReadBatch(*in_table_).status())) return Status::OK();
    const bool compact = table_.listing().batches.at(*in_table_).compact;
    const std::string why =
        fmt::format("batch {} is not committed; a restart runs it again with its recorded range", in_table_->value);
    return Remove(sink_log_, SinkLogName(*in_table_, compact), why);
  }

  const Location checkpoint_;
  const Location sink_;
  const Location sink_log_;
  const OffsetLog offsets_;
  const CommitLog commits_;
  FileSinkLog table_;
  const std::string suffix_;
  std::optional<BatchId> planned_;
  std::optional<BatchId> committed_;
  std::optional<BatchId> in_table_;
  std::vector<std::string> mended_;
};

}  // namespace

Result<TableRepair> RepairCheckpoint(const Location& checkpoint, const Location& sink, Clock* clock) {
  Repair repair(checkpoint, sink, clock);
  SLUICE_RETURN_IF_ERROR(repair.Run());
  TableRepair done;
  done.mended = repair.mended();
  SLUICE_ASSIGN(TableReport report, VerifyCheckpoint(checkpoint, sink));
  done.left = std::move(report.damage);
  return done;
}

std::string FormatRepair(const TableRepair& repair) {
  std::string text;
  for (const std::string& line : repair.mended) text += "mended: " + PrintableLine(line) + "\n";
  for (const std::string& line : repair.left) text += "left: " + PrintableLine(line) + "\n";
  if (repair.mended.empty() && repair.left.empty()) return "nothing to do\n";
  return text + fmt::format("{} mended, {} left\n", repair.mended.size(), repair.left.size());
}

}  // namespace sluice
