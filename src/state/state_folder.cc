// SPDX-License-Identifier: Apache-2.0
#include "state/state_folder.h"

#include <arrow/io/interfaces.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "base/logging.h"
#include "base/spark_error.h"
#include "checkpoint/hadoop_crc.h"
#include "checkpoint/log_folder.h"

namespace sluice {
namespace {

constexpr char kDelta[] = "delta";
constexpr char kSnapshot[] = "snapshot";
constexpr int64_t kPiece = 1 << 20;  // read at once

// "12.delta" is 12 of kind "delta".
std::optional<int64_t> VersionOf(std::string_view name, std::string_view kind) {
  if (name.size() <= kind.size() + 1 || !name.ends_with(kind) || name[name.size() - kind.size() - 1] != '.') {
    return std::nullopt;
  }
  name.remove_suffix(kind.size() + 1);
  const auto batch = ParseBatchName(name);
  return batch ? std::optional(batch->value) : std::nullopt;
}

Status Missing(const std::string& path) {
  return EnvironmentError("CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS",
                          fmt::format("An error occurred during loading state. Error reading delta file {0}: {0} does "
                                      "not exist.",
                                      path),
                          false, {{"fileToRead", path}});
}

bool IsDamage(const Status& status) {
  return HasErrorClass(status, "SLUICE_STATE_DAMAGED") || HasErrorClass(status, "SLUICE_CHECKPOINT_DAMAGED") ||
         HasErrorClass(status, "SLUICE_FILE_KIND") || HasErrorClass(status, "SLUICE_FILE_CHANGED");
}

// A row that does not have the form of the schema; the check of the rows says which part of it.
bool IsMisfit(const Status& status) {
  return HasErrorClass(status, "CANNOT_LOAD_STATE_STORE.KEY_ROW_FORMAT_VALIDATION_FAILURE") ||
         HasErrorClass(status, "CANNOT_LOAD_STATE_STORE.VALUE_ROW_FORMAT_VALIDATION_FAILURE");
}

Status Unreadable(const std::string& path, const Status& why) {
  const SparkErrorDetail* detail = FindSparkError(why);
  return EnvironmentError(
      IsMisfit(why) ? detail->error_class : "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED",
      fmt::format("An error occurred during loading state. {}: {}", path, detail ? detail->message : why.message()),
      false, {{"file", path}});
}

}  // namespace

struct StateFolder::Files {
  std::map<int64_t, int64_t> deltas;  // sizes by version
  std::map<int64_t, int64_t> snapshots;
  std::vector<std::string> others;  // names
};

std::string StateFolder::PathOf(int64_t version, const char* kind) const {
  return fmt::format("{}/{}.{}", folder_.path, version, kind);
}

Result<StateFolder::Files> StateFolder::List() const {
  SLUICE_ASSIGN(const std::vector<FileInfo> listed, folder_.fs->List(folder_.path, /*recursive=*/false));
  Files files;
  for (const FileInfo& file : listed) {
    if (file.is_folder) continue;
    const std::string_view name = BaseName(file.path);
    if (const auto delta = VersionOf(name, kDelta)) {
      files.deltas[*delta] = file.size;
    } else if (const auto snapshot = VersionOf(name, kSnapshot)) {
      files.snapshots[*snapshot] = file.size;
    } else {
      files.others.emplace_back(name);
    }
  }
  return files;
}

// The first row is checked, as Spark does, and each other one as well: it costs nothing beside decompressing it.
Status StateFolder::LoadFile(int64_t version, const char* kind, int64_t size, StateMap* map, const Cover& cover,
                             const RowCheck& fits) const {
  const std::string name = fmt::format("{}.{}", version, kind);
  const std::string path = folder_.path + "/" + name;
  std::string piece(static_cast<size_t>(std::min(size, kPiece)), '\0');
  const auto buffers = static_cast<int64_t>(piece.size());
  SLUICE_RETURN_IF_ERROR(cover(map, buffers));
  int64_t covered = map->bytes();
  const auto entry = [&](std::string_view key, const std::optional<std::string_view>& value) -> Status {
    SLUICE_RETURN_IF_ERROR(fits(key, value));
    map->Load(key, value);
    if (map->bytes() <= covered) return Status::OK();
    SLUICE_RETURN_IF_ERROR(cover(map, buffers));
    covered = map->bytes();
    return Status::OK();
  };
  SLUICE_ASSIGN(const auto reader, StateFileReader::Make(codec_, entry));
  SLUICE_ASSIGN(std::optional<std::string> crc_file, LogFolder(folder_).ReadChecksumFile(name));
  std::optional<HadoopCrcCheck> crc;
  if (crc_file) {
    SLUICE_ASSIGN(crc, HadoopCrcCheck::Begin(*std::move(crc_file), path));
  }
  SLUICE_ASSIGN(const auto file, folder_.fs->OpenForRead(path));
  for (int64_t at = 0; at < size;) {
    const int64_t wanted = std::min(size - at, buffers);
    SLUICE_ASSIGN(const int64_t read, file->ReadAt(at, wanted, piece.data()));
    if (read != wanted) return TooShortError(path, size);
    const auto bytes = std::string_view(piece).substr(0, static_cast<size_t>(read));
    if (crc) SLUICE_RETURN_IF_ERROR(crc->Add(bytes));
    SLUICE_RETURN_IF_ERROR(reader->Add(bytes));
    at += read;
  }
  if (crc) SLUICE_RETURN_IF_ERROR(crc->Finish());
  SLUICE_RETURN_IF_ERROR(reader->Finish());
  return cover(map, buffers);
}

Result<int64_t> StateFolder::Load(int64_t version, StateMap* map, const Cover& cover, const RowCheck& fits) const {
  if (version == 0) return 0;
  SLUICE_ASSIGN(const Files files, List());
  int64_t begin = 0;  // the snapshot's version
  Status damaged;     // what is wrong with the earliest snapshot that cannot be read
  for (auto snapshot = files.snapshots.rbegin(); snapshot != files.snapshots.rend(); ++snapshot) {
    if (snapshot->first > version) continue;
    StateMap loaded(map->memory());
    const Status status = LoadFile(snapshot->first, kSnapshot, snapshot->second, &loaded, cover, fits);
    if (status.ok()) {
      begin = snapshot->first;
      *map = std::move(loaded);
      break;
    }
    // Spark too goes back to an earlier one and its deltas.
    if (!IsDamage(status) && !IsMisfit(status)) return status;
    damaged = Unreadable(PathOf(snapshot->first, kSnapshot), status);
    Log(LogLevel::kWarn, "{}", damaged.message());
  }
  for (int64_t next = begin + 1; next <= version; ++next) {
    const auto delta = files.deltas.find(next);
    // The deltas before a snapshot are deleted in time: then it is the snapshot that is to be restored.
    if (delta == files.deltas.end()) return damaged.ok() ? Missing(PathOf(next, kDelta)) : damaged;
    const Status status = LoadFile(next, kDelta, delta->second, map, cover, fits);
    if (IsDamage(status) || IsMisfit(status)) return Unreadable(PathOf(next, kDelta), status);
    SLUICE_RETURN_IF_ERROR(status);
  }
  map->Settle();
  return begin;
}

Status StateFolder::Write(const std::string& path, const Entries& visit) const {
  SLUICE_ASSIGN(const std::unique_ptr<PendingFile> file, folder_.fs->OpenForWrite(path));
  SLUICE_ASSIGN(const auto writer, StateFileWriter::Make(codec_, [&](std::string_view bytes) {
                  return file->Write(bytes.data(), static_cast<int64_t>(bytes.size()));
                }));
  SLUICE_RETURN_IF_ERROR(visit(
      [&](std::string_view key, const std::optional<std::string_view>& value) { return writer->Add(key, value); }));
  SLUICE_RETURN_IF_ERROR(writer->Finish());
  SLUICE_ASSIGN(const PublishOutcome outcome, file->Publish());
  if (outcome != PublishOutcome::kExistsOther) return Status::OK();
  // Spark 4.1 keeps a checksum beside a file, which would not be that of the new content.
  SLUICE_RETURN_IF_ERROR(folder_.fs->Delete(folder_.path, {path + ".crc"}));
  return file->Replace();
}

Status StateFolder::WriteDelta(int64_t version, const StateMap& map) const {
  return Write(PathOf(version, kDelta), [&](const StateEntry& entry) { return map.VisitChanges(entry); });
}

Status StateFolder::WriteSnapshot(int64_t version, const StateMap& map) const {
  return Write(PathOf(version, kSnapshot), [&](const StateEntry& entry) { return map.Visit(entry); });
}

Status StateFolder::Clean(const std::string& root, int64_t oldest) const {
  SLUICE_ASSIGN(const Files files, List());
  auto needed = files.snapshots.upper_bound(oldest);
  if (needed == files.snapshots.begin()) return Status::OK();
  const int64_t first = std::prev(needed)->first;
  std::vector<std::string> names;
  const auto add = [&](const std::map<int64_t, int64_t>& versions, const char* kind) {
    for (const auto& [version, size] : versions) {
      if (version < first) names.push_back(fmt::format("{}.{}", version, kind));
    }
  };
  add(files.deltas, kDelta);
  add(files.snapshots, kSnapshot);
  // Spark 4.1's checksums beside the files; Hadoop's go with their files.
  for (const std::string& other : files.others) {
    for (const char* kind : {"delta.crc", "snapshot.crc"}) {
      if (const auto version = VersionOf(other, kind); version && *version < first) names.push_back(other);
    }
  }
  return LogFolder(folder_).Delete(root, names);
}

}  // namespace sluice
