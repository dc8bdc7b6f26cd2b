// SPDX-License-Identifier: Apache-2.0
#include "streaming/bad_records/folder.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/spark_error.h"
#include "checkpoint/json_number.h"
#include "checkpoint/log_folder.h"
#include "connectors/file/part_file_name.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kCommitted[] = "/_committed";
constexpr char kReplaying[] = "/_replaying";
constexpr char kReplayed[] = "/_replayed";
constexpr std::string_view kBatchFolder = "batch=";
constexpr char kVersion[] = "v1";
constexpr int64_t kReadBytes = 1 << 20;

bool IsPartFile(const std::string& name) {
  const auto parsed = ParsePartFileName(name);
  return parsed && parsed->extension == ".jsonl";
}

// "" and -1 for what is not there, or of another type: nlohmann's value() throws for the latter.
std::string Text(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t Count(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() ? Int64Of(*found).value_or(-1) : -1;
}

// The lines of an entry after its version line.
Result<std::vector<Json>> ReadEntry(const LogFolder& log, BatchId batch) {
  SLUICE_ASSIGN(const std::string text, log.Read(batch.ToString()));
  const std::string path = log.PathOf(batch.ToString());
  std::string_view rest = text;
  std::vector<Json> lines;
  for (bool first = true; first || !rest.empty(); first = false) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (first) {
      SLUICE_RETURN_IF_ERROR(ParseLogVersion(line, 1, path).status());
      continue;
    }
    SLUICE_RETURN_IF_ERROR(CheckEntryJson(line, path));
    Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return DamagedFile(path, "a line is not a JSON object");
    lines.push_back(std::move(json));
  }
  return lines;
}

}  // namespace

Result<std::unique_ptr<BadRecordFolder>> BadRecordFolder::Open(const std::string& path, const Conf& conf,
                                                               const std::string& query_id, Env* env) {
  SLUICE_ASSIGN(Location folder, LocatePrivate(env, path, conf));
  std::string root = folder.path;
  folder.path += "/query=" + query_id;
  return std::unique_ptr<BadRecordFolder>(new BadRecordFolder(path, query_id, std::move(root), std::move(folder)));
}

std::string BadRecordFolder::FolderOf(BatchId batch) const {
  return fmt::format("{}/batch={}", folder_.path, batch.value);
}

Result<std::vector<BadRecordFile>> BadRecordFolder::ListFiles(BatchId batch) const {
  SLUICE_ASSIGN(const std::vector<FileInfo> listed, folder_.fs->List(FolderOf(batch), /*recursive=*/false));
  std::vector<BadRecordFile> files;
  for (const FileInfo& info : listed) {
    BadRecordFile file;
    file.name = BaseName(info.path);
    file.bytes = info.size;
    if (!info.is_folder && IsPartFile(file.name)) files.push_back(std::move(file));
  }
  return files;
}

Status BadRecordFolder::RemoveFiles(BatchId batch, const std::vector<BadRecordFile>& except) const {
  SLUICE_ASSIGN(const std::vector<BadRecordFile> there, ListFiles(batch));
  std::vector<std::string> others;
  for (const BadRecordFile& file : there) {
    const auto same = [&](const BadRecordFile& kept) { return kept.name == file.name; };
    if (std::none_of(except.begin(), except.end(), same)) others.push_back(FolderOf(batch) + "/" + file.name);
  }
  return others.empty() ? Status::OK() : folder_.fs->Delete(root_, others);
}

Status BadRecordFolder::CreateEntry(const std::string& log, BatchId batch, const std::string& text) const {
  const std::string path = fmt::format("{}{}/{}", folder_.path, log, batch.value);
  SLUICE_ASSIGN(const CreateOutcome outcome, folder_.fs->CreateAtomic(path, text));
  if (outcome == CreateOutcome::kCreated) return Status::OK();
  SLUICE_ASSIGN(const std::string there, folder_.fs->ReadFile(path));
  if (there == text) return Status::OK();
  return EnvironmentError("SLUICE_CONCURRENT_WRITER",
                          fmt::format("{} is there already with other content: another process is writing this query's "
                                      "batches. Only one may; stop the other.",
                                      path),
                          false, {{"file", path}, {"batchId", batch.ToString()}});
}

Status BadRecordFolder::Commit(BatchId batch, const std::vector<BadRecordFile>& files) const {
  if (files.empty()) return Status::OK();
  std::string text = kVersion;
  for (const BadRecordFile& file : files) {
    text += "\n" + Json{{"file", file.name}, {"records", file.records}, {"bytes", file.bytes}}.dump();
  }
  return CreateEntry(kCommitted, batch, text);
}

// Line ends of a file of any size.
Result<int64_t> BadRecordFolder::CountLines(const std::string& path) const {
  SLUICE_ASSIGN(const auto file, folder_.fs->OpenForRead(path));
  SLUICE_ASSIGN(const int64_t size, file->GetSize());
  int64_t lines = 0;
  for (int64_t at = 0; at < size;) {
    SLUICE_ASSIGN(const auto piece, file->ReadAt(at, std::min(kReadBytes, size - at)));
    if (piece->size() == 0) return DamagedFile(path, "it became shorter while it was read");
    lines += std::count(piece->data(), piece->data() + piece->size(), '\n');
    at += piece->size();
  }
  return lines;
}

Status BadRecordFolder::CommitListed(BatchId batch) const {
  SLUICE_ASSIGN(std::vector<BadRecordFile> files, ListFiles(batch));
  for (BadRecordFile& file : files) {
    SLUICE_ASSIGN(file.records, CountLines(FolderOf(batch) + "/" + file.name));
  }
  return Commit(batch, files);
}

Result<std::vector<BatchId>> BadRecordFolder::CommittedBatches() const {
  return LogFolder({folder_.fs, folder_.path + kCommitted}).List();
}

Result<std::vector<BadRecordFile>> BadRecordFolder::FilesOf(BatchId batch) const {
  const LogFolder log({folder_.fs, folder_.path + kCommitted});
  SLUICE_ASSIGN(const std::vector<Json> lines, ReadEntry(log, batch));
  std::vector<BadRecordFile> files;
  for (const Json& line : lines) {
    BadRecordFile file;
    file.name = Text(line, "file");
    file.records = Count(line, "records");
    file.bytes = Count(line, "bytes");
    if (!IsPartFile(file.name) || file.records < 0 || file.bytes < 0) {
      return DamagedFile(log.PathOf(batch.ToString()), "a line does not name a file of bad records");
    }
    files.push_back(std::move(file));
  }
  return files;
}

Status BadRecordFolder::BeginReplay(BatchId replay, BatchId through) const {
  return CreateEntry(kReplaying, replay, kVersion + ("\n" + Json{{"through", through.value}}.dump()));
}

Status BadRecordFolder::MarkReplayed(BatchId replay, BatchId through) const {
  return CreateEntry(kReplayed, replay, kVersion + ("\n" + Json{{"through", through.value}}.dump()));
}

Result<BatchId> BadRecordFolder::ReplayedBefore(BatchId replay) const {
  const LogFolder log({folder_.fs, folder_.path + kReplayed});
  SLUICE_ASSIGN(const std::vector<BatchId> replays, log.List());
  BatchId through(-1);
  for (const BatchId batch : replays) {
    if (batch >= replay) continue;
    SLUICE_ASSIGN(const BatchId its, ReadThrough(kReplayed, batch));
    through = std::max(through, its);
  }
  return through;
}

Result<BatchId> BadRecordFolder::ReadThrough(const std::string& log, BatchId replay) const {
  const LogFolder folder({folder_.fs, folder_.path + log});
  SLUICE_ASSIGN(const std::vector<Json> lines, ReadEntry(folder, replay));
  const auto through = lines.size() == 1 && lines[0].contains("through") ? Int64Of(lines[0]["through"]) : std::nullopt;
  if (!through) {
    return DamagedFile(folder.PathOf(replay.ToString()), "it does not say which batches were replayed");
  }
  return BatchId(*through);
}

// The batches of a log of entries, for look-ups.
Result<std::set<BatchId>> BadRecordFolder::EntriesOf(const std::string& log) const {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, LogFolder({folder_.fs, folder_.path + log}).List());
  return std::set<BatchId>(batches.begin(), batches.end());
}

Result<std::vector<BadRecordFolder::Unsettled>> BadRecordFolder::FindUnsettled(BatchId next) const {
  SLUICE_ASSIGN(const std::set<BatchId> committed, EntriesOf(kCommitted));
  SLUICE_ASSIGN(const std::set<BatchId> begun, EntriesOf(kReplaying));
  SLUICE_ASSIGN(const std::set<BatchId> replayed, EntriesOf(kReplayed));
  std::vector<Unsettled> found;
  for (const BatchId batch : begun) {
    if (batch >= next || replayed.contains(batch)) continue;
    SLUICE_ASSIGN(const BatchId through, ReadThrough(kReplaying, batch));
    found.push_back({batch, through});
  }
  SLUICE_ASSIGN(const std::vector<FileInfo> folders, folder_.fs->List(folder_.path, /*recursive=*/false));
  for (const FileInfo& folder : folders) {
    const std::string name(BaseName(folder.path));
    if (!name.starts_with(kBatchFolder)) continue;
    const std::optional<BatchId> named = ParseBatchName(std::string_view(name).substr(kBatchFolder.size()));
    if (!named || FolderOf(*named) != folder.path) continue;  // none of ours: batch=x, batch=007
    const BatchId batch = *named;
    if (batch >= next || committed.contains(batch) || begun.contains(batch)) continue;
    SLUICE_ASSIGN(const std::vector<BadRecordFile> files, ListFiles(batch));
    if (!files.empty()) found.push_back({batch, std::nullopt});
  }
  return found;
}

Result<std::vector<BatchId>> BadRecordFolder::ToReplay(BatchId replay, BatchId through) const {
  SLUICE_ASSIGN(std::vector<BatchId> batches, CommittedBatches());
  SLUICE_ASSIGN(const BatchId done, ReplayedBefore(replay));
  std::erase_if(batches, [&](BatchId batch) { return batch <= done || batch > through; });
  return batches;
}

}  // namespace sluice
