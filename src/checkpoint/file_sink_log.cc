// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/file_sink_log.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/logging.h"
#include "base/spark_error.h"
#include "checkpoint/entry_lines.h"

namespace sluice {
namespace {

constexpr std::string_view kCompactSuffix = ".compact";

Status RaceError(BatchId batch, const std::string& path) {
  return EnvironmentError(
      "SLUICE_CONCURRENT_WRITER",
      fmt::format("Race while writing batch {}: another writer has put other files into {}. Only one query "
                  "may write into a folder; stop one of them.",
                  batch.value, path),
      false, {{"file", path}, {"batchId", batch.ToString()}});
}

}  // namespace

std::optional<BatchId> SinkLogListing::Latest() const {
  return batches.empty() ? std::nullopt : std::optional<BatchId>(batches.rbegin()->first);
}

std::optional<BatchId> SinkLogListing::LastCompact() const {
  for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
    if (batch->second.compact) return batch->first;
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
  for (const auto& [batch, file] : listing.batches) {
    if (file.compact) compacts.push_back(batch.value);
  }
  if (compacts.empty()) return configured;
  if (compacts.size() >= 2) return compacts.back() - compacts[compacts.size() - 2];
  const int64_t span = compacts.back() + 1;
  int64_t smallest = span;
  for (int64_t divisor = 1; divisor * divisor <= span; ++divisor) {
    if (span % divisor != 0) continue;
    if (divisor >= configured) return std::min(divisor, smallest);
    if (span / divisor >= configured) smallest = std::min(smallest, span / divisor);
  }
  return smallest;
}

Result<SinkLogListing> ListLog(const LogFolder& folder) {
  const Location& place = folder.location();
  SLUICE_ASSIGN(const std::vector<FileInfo> files, place.fs->List(place.path, /*recursive=*/false));
  SinkLogListing listing;
  for (const FileInfo& file : files) {
    std::string_view name = BaseName(file.path);
    const bool compact = name.ends_with(kCompactSuffix);
    if (compact) name.remove_suffix(kCompactSuffix.size());
    const auto batch = ParseBatchName(name);
    if (!batch || file.is_folder) continue;
    SinkLogListing::File& known = listing.batches[*batch];
    if (!known.compact) known = {compact, file.size, file.modified_ms};
  }
  return listing;
}

Status FileSinkLog::Refresh() {
  recent_.clear();
  ahead_.reset();
  own_compact_.reset();
  SLUICE_ASSIGN(listing_, ListLog(folder_));
  interval_ = CompactInterval(listing_, options_.compact_interval);
  return Status::OK();
}

Result<std::string> FileSinkLog::ReadText(BatchId batch) const {
  const auto known = recent_.find(batch);
  if (known != recent_.end()) return known->second;
  return folder_.Read(NameOf(batch));
}

Result<std::vector<SinkLogEntry>> FileSinkLog::ReadBatch(BatchId batch) const {
  SLUICE_ASSIGN(const std::string text, ReadText(batch));
  return ParseSinkLogEntries(text, folder_.PathOf(NameOf(batch)));
}

Status FileSinkLog::CheckCompact(BatchId batch) const {
  const std::string path = folder_.PathOf(NameOf(batch));
  const int64_t size = listing_.batches.at(batch).size;
  if (size <= options_.prepare_from_bytes) return ReadBatch(batch).status();
  SLUICE_ASSIGN(const auto file, folder_.location().fs->OpenForRead(path));
  SLUICE_ASSIGN(const auto begin, file->ReadAt(0, 4));
  SLUICE_ASSIGN(const auto end, file->ReadAt(size - 1, 1));
  const bool whole = begin->ToString() == "v1\n{" && end->ToString() == "}";
  return whole ? Status::OK() : DamagedFile(path, "it is cut short");
}

Status FileSinkLog::Check() {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, listing_.ToRead(folder_.location().path));
  for (const BatchId batch : batches) {
    if (listing_.batches.at(batch).compact) {
      SLUICE_RETURN_IF_ERROR(CheckCompact(batch));
      continue;
    }
    SLUICE_ASSIGN(std::string text, ReadText(batch));
    SLUICE_RETURN_IF_ERROR(ParseSinkLogEntries(text, folder_.PathOf(NameOf(batch))).status());
    recent_[batch] = std::move(text);
  }
  return Status::OK();
}

Result<std::set<std::string>> FileSinkLog::VisitFiles(const std::function<Status(SinkLogEntry)>& visit) const {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, listing_.ToRead(folder_.location().path));
  std::set<std::string> deleted;
  for (const BatchId batch : batches) {
    SLUICE_ASSIGN(const auto lines, LogLineReader::Open(folder_, NameOf(batch)));
    SLUICE_ASSIGN(std::optional<std::string_view> line, lines->Next());
    if (!line) return DamagedFile(lines->path(), "it is empty");
    SLUICE_RETURN_IF_ERROR(ParseLogVersion(*line, 1, lines->path()).status());
    while (true) {
      SLUICE_ASSIGN(line, lines->Next());
      if (!line) break;
      SLUICE_ASSIGN(SinkLogEntry entry, ParseSinkLogLine(*line, lines->path()));
      if (entry.deletes()) {
        deleted.insert(std::move(entry.path));
      } else {
        SLUICE_RETURN_IF_ERROR(visit(std::move(entry)));
      }
    }
  }
  return deleted;
}

Status FileSinkLog::SettleExisting(BatchId batch, const std::string& name, const std::string& text) const {
  const std::string path = folder_.PathOf(name);
  SLUICE_ASSIGN(const std::string there, folder_.Read(name));
  if (there == text) return Status::OK();
  auto theirs = ParseSinkLogEntries(there, path);
  auto ours = ParseSinkLogEntries(text, path);
  const bool same =
      theirs.ok() && ours.ok() && std::equal(theirs->begin(), theirs->end(), ours->begin(), ours->end(), SameFile);
  return same ? Status::OK() : RaceError(batch, path);
}

Status FileSinkLog::Add(BatchId batch, const std::vector<SinkLogEntry>& entries) {
  std::string own = FormatSinkLogEntries(entries);
  const auto size = static_cast<int64_t>(own.size());
  // Nobody could read it.
  if (size > kSmallFileBytes) return TooLargeError(folder_.PathOf(batch.ToString()), kSmallFileBytes, size);
  if (IsCompactionBatch(batch, interval_)) return Compact(batch, own);
  const std::string name = SinkLogName(batch, false);
  SLUICE_ASSIGN(const CreateOutcome outcome, folder_.location().fs->CreateAtomic(folder_.PathOf(name), own));
  if (outcome == CreateOutcome::kExists) SLUICE_RETURN_IF_ERROR(SettleExisting(batch, name, own));
  listing_.batches[batch] = {false, static_cast<int64_t>(own.size()), clock_->NowMillis()};
  recent_[batch] = std::move(own);
  PrepareCompaction(batch);
  return Status::OK();
}

// The lines since the last compact file that stay; what they delete goes into the filter.
Result<std::string> FileSinkLog::Tail(BatchId batch, const std::string& own, SinkLogFilter* filter) const {
  SLUICE_ASSIGN(const std::vector<BatchId> before, listing_.ToRead(folder_.location().path));
  std::vector<std::pair<std::string, SinkLogEntry>> lines;
  const auto add = [&](const std::string& text, BatchId id) -> Status {
    const std::string path = folder_.PathOf(SinkLogName(id, false));
    SLUICE_ASSIGN(std::vector<SinkLogEntry> entries, ParseSinkLogEntries(text, path));
    const std::vector<std::string_view> texts = EntryLines(text);
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].deletes()) filter->deleted.insert(entries[i].path);
      lines.emplace_back(texts[i + 1], std::move(entries[i]));
    }
    return Status::OK();
  };
  for (const BatchId id : before) {
    if (listing_.batches.at(id).compact) continue;
    SLUICE_ASSIGN(const std::string text, ReadText(id));
    SLUICE_RETURN_IF_ERROR(add(text, id));
  }
  SLUICE_RETURN_IF_ERROR(add(own, batch));
  std::string tail;
  for (const auto& [line, entry] : lines) {
    if (!filter->Drops(entry)) tail += "\n" + line;
  }
  return tail;
}

std::unique_ptr<SinkLogCompaction> FileSinkLog::MakeCompaction(BatchId batch, SinkLogFilter filter) const {
  std::optional<SinkLogCompaction::Source> source;
  if (const auto last = listing_.LastCompact()) {
    const int64_t size = listing_.batches.at(*last).size;
    // What was found when the log was opened is read once, line by line, before it is taken over.
    source = {NameOf(*last), size, size > options_.prepare_from_bytes || own_compact_ == *last};
  }
  return std::make_unique<SinkLogCompaction>(folder_, batch, std::move(source), std::move(filter));
}

Status FileSinkLog::Compact(BatchId batch, const std::string& own) {
  SinkLogFilter filter;
  if (options_.retention_ms) filter.oldest_ms = clock_->NowMillis() - *options_.retention_ms;
  SLUICE_ASSIGN(const std::string tail, Tail(batch, own, &filter));
  const bool prepared = ahead_ != nullptr && ahead_->target() == batch && filter.deleted.empty();
  const auto compaction = prepared ? std::move(ahead_) : MakeCompaction(batch, std::move(filter));
  ahead_.reset();
  SLUICE_ASSIGN(const PublishOutcome outcome, compaction->Finish(tail));
  if (outcome == PublishOutcome::kExistsOther) {
    SLUICE_ASSIGN(const bool same, compaction->NamesTheSame(tail));
    if (!same) return RaceError(batch, folder_.PathOf(SinkLogName(batch, true)));
  }
  listing_.batches[batch] = {true, compaction->written(), clock_->NowMillis()};
  if (outcome == PublishOutcome::kPublished) own_compact_ = batch;
  recent_.clear();
  PrepareCompaction(batch);
  // The batch is committed: what cannot be deleted now is tried again at the next compaction.
  if (const Status deleted = options_.delete_expired ? DeleteExpired(batch) : Status::OK(); !deleted.ok()) {
    Log(LogLevel::kWarn, "Old entries of {} cannot be deleted: {}", folder_.location().path, deleted.message());
  }
  return Status::OK();
}

// A share of a large last compact file between one batch and the next, so that none waits for all of it.
void FileSinkLog::PrepareCompaction(BatchId batch) {
  const auto last = listing_.LastCompact();
  if (!last || listing_.batches.at(*last).size <= options_.prepare_from_bytes) return;
  const int64_t batches_left = interval_ - (batch.value + 1) % interval_;
  if (ahead_ != nullptr) {
    if (const Status status = ahead_->Await(); !status.ok()) {
      Log(LogLevel::kWarn, "The next compact file of {} could not be prepared and is begun anew: {}",
          folder_.location().path, status.message());
      ahead_.reset();
    }
  }
  if (ahead_ == nullptr) {
    SinkLogFilter filter;
    if (options_.retention_ms) filter.oldest_ms = clock_->NowMillis() - *options_.retention_ms;
    ahead_ = MakeCompaction(BatchId(batch.value + batches_left), std::move(filter));
  }
  if (ahead_->left() > 0) ahead_->Advance((ahead_->left() + batches_left - 1) / batches_left);
}

// Goes through what is known, from the oldest on, and never lists the folder: the cost is that of what is deleted.
Status FileSinkLog::DeleteExpired(BatchId batch) {
  const int64_t retain_from = batch.value + 1 - options_.batches_to_retain;
  // The last compact batch not after retain_from.
  const BatchId oldest_kept((retain_from + 1) / interval_ * interval_ - 1);
  if (retain_from < 0 || oldest_kept.value <= 0) return Status::OK();
  const int64_t expired = clock_->NowMillis() - options_.cleanup_delay_ms;
  std::vector<std::string> names;
  auto file = listing_.batches.begin();
  for (; file != listing_.batches.end() && file->first < oldest_kept && file->second.modified_ms <= expired; ++file) {
    names.push_back(SinkLogName(file->first, file->second.compact));
  }
  if (names.empty()) return Status::OK();
  const std::string& own = folder_.location().path;
  SLUICE_RETURN_IF_ERROR(folder_.Delete(own.substr(0, own.rfind('/')), names));
  listing_.batches.erase(listing_.batches.begin(), file);
  return Status::OK();
}

}  // namespace sluice
