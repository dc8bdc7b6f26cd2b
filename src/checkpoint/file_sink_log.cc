// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/file_sink_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/spark_error.h"
#include "checkpoint/entry_lines.h"
#include "checkpoint/json_text.h"

namespace sluice {
namespace {

constexpr std::string_view kCompactSuffix = ".compact";
constexpr std::string_view kVersionLine = "v1";
constexpr std::string_view kDelete = "delete";

Result<SinkLogEntry> ParseEntry(std::string_view line, const std::string& path) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return DamagedFile(path, "a line is not a JSON object");
  SinkLogEntry entry;
  try {
    entry.path = json.at("path").get<std::string>();
    entry.size = json.at("size").get<int64_t>();
    entry.is_folder = json.value("isDir", false);
    entry.modified_ms = json.value("modificationTime", int64_t{0});
    entry.block_replication = json.value("blockReplication", int64_t{1});
    entry.block_size = json.value("blockSize", int64_t{0});
    entry.action = json.value("action", std::string("add"));
  } catch (const nlohmann::json::exception& error) {
    return DamagedFile(path, fmt::format("a line is not an entry ({})", error.what()));
  }
  if (entry.action != "add" && entry.action != kDelete) {
    return DamagedFile(path, fmt::format("unknown action '{}'", entry.action));
  }
  return entry;
}

void AppendEntry(std::string* text, const SinkLogEntry& entry) {
  *text += R"({"path":)";
  AppendJsonString(text, entry.path);
  *text += fmt::format(R"(,"size":{},"isDir":{},"modificationTime":{},"blockReplication":{},"blockSize":{},"action":)",
                       entry.size, entry.is_folder, entry.modified_ms, entry.block_replication, entry.block_size);
  AppendJsonString(text, entry.action);
  *text += "}";
}

std::vector<SinkLogEntry> WithoutDeleted(std::vector<SinkLogEntry> entries) {
  std::set<std::string> deleted;
  for (const SinkLogEntry& entry : entries) {
    if (entry.action == kDelete) deleted.insert(entry.path);
  }
  if (!deleted.empty()) std::erase_if(entries, [&](const SinkLogEntry& entry) { return deleted.contains(entry.path); });
  return entries;
}

// The same files, whenever they were written.
bool SameFiles(std::vector<SinkLogEntry> a, std::vector<SinkLogEntry> b) {
  for (auto* entries : {&a, &b}) {
    for (SinkLogEntry& entry : *entries) entry.modified_ms = 0;
  }
  return a == b;
}

}  // namespace

std::string FormatSinkLogEntries(const std::vector<SinkLogEntry>& entries) {
  std::string text(kVersionLine);
  for (const SinkLogEntry& entry : entries) {
    text += "\n";
    AppendEntry(&text, entry);
  }
  return text;
}

Result<std::vector<SinkLogEntry>> ParseSinkLogEntries(const std::string& text, const std::string& path) {
  const std::vector<std::string_view> lines = EntryLines(text);
  if (lines.empty()) return DamagedFile(path, "it is empty");
  SLUICE_RETURN_IF_ERROR(ParseLogVersion(lines[0], 1, path).status());
  std::vector<SinkLogEntry> entries;
  entries.reserve(lines.size() - 1);
  for (size_t i = 1; i < lines.size(); ++i) {
    SLUICE_ASSIGN(SinkLogEntry entry, ParseEntry(lines[i], path));
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::optional<BatchId> SinkLogListing::Latest() const {
  return batches.empty() ? std::nullopt : std::optional<BatchId>(batches.rbegin()->first);
}

std::optional<BatchId> SinkLogListing::LastCompact() const {
  for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
    if (batch->second) return batch->first;
  }
  return std::nullopt;
}

Result<std::vector<BatchId>> SinkLogListing::ToRead(const std::string& folder) const {
  std::vector<BatchId> ids;
  const auto latest = Latest();
  if (!latest) return ids;
  for (BatchId id = LastCompact().value_or(BatchId(0)); id <= *latest; id = id.Next()) {
    if (!batches.contains(id)) {
      return EnvironmentError(
          "SLUICE_SINK_LOG_DAMAGED",
          fmt::format("The sink log {} has no entry of batch {}, although a later one is there: the table "
                      "cannot be read, and nothing may be added. Restore {}/{}.",
                      folder, id.value, folder, id.value),
          false, {{"file", folder + "/" + id.ToString()}, {"batchId", id.ToString()}});
    }
    ids.push_back(id);
  }
  return ids;
}

std::string SinkLogName(BatchId batch, bool compact) {
  return batch.ToString() + std::string(compact ? kCompactSuffix : "");
}

int64_t CompactInterval(const SinkLogListing& listing, int64_t configured) {
  std::vector<int64_t> compacts;
  for (const auto& [batch, compact] : listing.batches) {
    if (compact) compacts.push_back(batch.value);
  }
  if (compacts.empty()) return configured;
  if (compacts.size() >= 2) return compacts.back() - compacts[compacts.size() - 2];
  const int64_t span = compacts.back() + 1;
  for (int64_t divisor = configured; divisor < span; ++divisor) {
    if (span % divisor == 0) return divisor;
  }
  return span;
}

Status FileSinkLog::Refresh() {
  const Location& place = folder_.location();
  SLUICE_ASSIGN(const std::vector<FileInfo> files, place.fs->List(place.path, /*recursive=*/false));
  listing_.batches.clear();
  for (const FileInfo& file : files) {
    std::string_view name = std::string_view(file.path).substr(file.path.rfind('/') + 1);
    const bool compact = name.ends_with(kCompactSuffix);
    if (compact) name.remove_suffix(kCompactSuffix.size());
    const auto batch = ParseBatchName(name);
    if (batch && !file.is_folder) listing_.batches[*batch] |= compact;
  }
  return Status::OK();
}

Result<std::string> FileSinkLog::ReadText(BatchId batch) const {
  const auto known = recent_.find(batch);
  if (known != recent_.end()) return known->second;
  return folder_.Read(SinkLogName(batch, listing_.batches.at(batch)));
}

Result<std::vector<SinkLogEntry>> FileSinkLog::ReadBatch(BatchId batch) const {
  SLUICE_ASSIGN(const std::string text, ReadText(batch));
  return ParseSinkLogEntries(text, folder_.PathOf(SinkLogName(batch, listing_.batches.at(batch))));
}

Status FileSinkLog::Check() const {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, listing_.ToRead(folder_.location().path));
  for (const BatchId batch : batches) {
    if (!listing_.batches.at(batch)) {
      SLUICE_RETURN_IF_ERROR(ReadBatch(batch).status());
      continue;
    }
    SLUICE_ASSIGN(const std::string text, ReadText(batch));
    const bool whole = text == kVersionLine || (text.starts_with("v1\n{") && text.ends_with("}"));
    if (!whole) return DamagedFile(folder_.PathOf(SinkLogName(batch, true)), "it is cut short");
  }
  return Status::OK();
}

Result<std::vector<SinkLogEntry>> FileSinkLog::AllFiles() const {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, listing_.ToRead(folder_.location().path));
  std::vector<SinkLogEntry> all;
  for (const BatchId batch : batches) {
    SLUICE_ASSIGN(std::vector<SinkLogEntry> entries, ReadBatch(batch));
    std::move(entries.begin(), entries.end(), std::back_inserter(all));
  }
  return WithoutDeleted(std::move(all));
}

Result<std::string> FileSinkLog::Compacted(BatchId batch, const std::string& own) const {
  SLUICE_ASSIGN(std::vector<BatchId> before, listing_.ToRead(folder_.location().path));
  std::string text(kVersionLine);
  bool has_deleted = false;
  const int64_t oldest = options_.retention_ms ? clock_->NowMillis() - *options_.retention_ms : 0;
  const auto append = [&](const std::string& content, BatchId id) -> Status {
    const std::string path = folder_.PathOf(SinkLogName(id, false));
    const std::vector<std::string_view> lines = EntryLines(content);
    if (lines.empty() || lines[0] != kVersionLine) return DamagedFile(path, "it is empty or of another version");
    for (size_t i = 1; i < lines.size(); ++i) {
      SLUICE_ASSIGN(const SinkLogEntry entry, ParseEntry(lines[i], path));
      has_deleted |= entry.action == kDelete;
      if (options_.retention_ms && entry.modified_ms < oldest) continue;
      text += "\n";
      text += lines[i];
    }
    return Status::OK();
  };
  for (const BatchId id : before) {
    SLUICE_ASSIGN(const std::string content, ReadText(id));
    SLUICE_RETURN_IF_ERROR(append(content, id));
  }
  SLUICE_RETURN_IF_ERROR(append(own, batch));
  if (!has_deleted) return text;
  SLUICE_ASSIGN(std::vector<SinkLogEntry> entries, ParseSinkLogEntries(text, folder_.PathOf(SinkLogName(batch, true))));
  return FormatSinkLogEntries(WithoutDeleted(std::move(entries)));
}

Status FileSinkLog::SettleExisting(BatchId batch, const std::string& name, const std::string& text) const {
  const std::string path = folder_.PathOf(name);
  SLUICE_ASSIGN(const std::string there, folder_.Read(name));
  if (there == text) return Status::OK();
  auto theirs = ParseSinkLogEntries(there, path);
  auto ours = ParseSinkLogEntries(text, path);
  if (theirs.ok() && ours.ok() && SameFiles(*theirs, *ours)) return Status::OK();
  return EnvironmentError(
      "SLUICE_CONCURRENT_WRITER",
      fmt::format("Race while writing batch {}: another writer has put other files into {}. Only one query "
                  "may write into a folder; stop one of them.",
                  batch.value, path),
      false, {{"file", path}, {"batchId", batch.ToString()}});
}

Status FileSinkLog::Add(BatchId batch, const std::vector<SinkLogEntry>& entries) {
  const int64_t interval = CompactInterval(listing_, options_.compact_interval);
  const bool compact = IsCompactionBatch(batch, interval);
  const std::string own = FormatSinkLogEntries(entries);
  std::string text = own;
  if (compact) {
    SLUICE_ASSIGN(text, Compacted(batch, own));
  }
  const std::string name = SinkLogName(batch, compact);
  const Location& place = folder_.location();
  SLUICE_ASSIGN(const CreateOutcome outcome, place.fs->CreateAtomic(folder_.PathOf(name), text));
  if (outcome == CreateOutcome::kExists) SLUICE_RETURN_IF_ERROR(SettleExisting(batch, name, text));
  listing_.batches[batch] = compact;
  if (!compact) {
    recent_[batch] = own;
    return Status::OK();
  }
  recent_.clear();
  return options_.delete_expired ? DeleteExpired(batch, interval) : Status::OK();
}

Status FileSinkLog::DeleteExpired(BatchId batch, int64_t interval) {
  const int64_t retain_from = batch.value + 1 - options_.batches_to_retain;
  const BatchId oldest_kept((retain_from + 1) / interval * interval -
                            1);  // the last compact batch not after retain_from
  if (retain_from < 0 || oldest_kept.value <= 0) return Status::OK();
  const Location& place = folder_.location();
  SLUICE_ASSIGN(const std::vector<FileInfo> files, place.fs->List(place.path, /*recursive=*/false));
  const int64_t expired = clock_->NowMillis() - options_.cleanup_delay_ms;
  std::vector<std::string> paths;
  for (const FileInfo& file : files) {
    std::string_view name = std::string_view(file.path).substr(file.path.rfind('/') + 1);
    if (name.ends_with(kCompactSuffix)) name.remove_suffix(kCompactSuffix.size());
    const auto id = ParseBatchName(name);
    if (!id || *id >= oldest_kept || file.modified_ms > expired) continue;
    paths.push_back(file.path);
    listing_.batches.erase(*id);
  }
  return paths.empty() ? Status::OK() : place.fs->Delete(paths);
}

}  // namespace sluice
