// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/file_source_log.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/logging.h"
#include "checkpoint/entry_lines.h"
#include "checkpoint/json_number.h"
#include "checkpoint/json_text.h"
#include "checkpoint/log_line_reader.h"

namespace sluice {
namespace {

constexpr std::string_view kVersion = "v1";

Result<FileSourceEntry> ParseLine(std::string_view line, const std::string& path) {
  SLUICE_RETURN_IF_ERROR(CheckEntryJson(line, path));
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("path") || !json["path"].is_string()) {
    return DamagedFile(path, "a line names no file");
  }
  const auto number = [&](const char* key) { return json.contains(key) ? Int64Of(json[key]) : std::nullopt; };
  const auto timestamp = number("timestamp");
  const auto offset = number("batchId");
  if (!timestamp || !offset) return DamagedFile(path, "a line has no whole numbers as timestamp and batchId");
  return FileSourceEntry{json["path"].get<std::string>(), *timestamp, *offset};
}

using NextLine = std::function<Result<std::optional<std::string_view>>()>;

// The format, whatever the lines come from.
Status ReadEntries(const NextLine& next, const std::string& path, std::vector<FileSourceEntry>* entries) {
  SLUICE_ASSIGN(std::optional<std::string_view> line, next());
  if (!line) return DamagedFile(path, "it is empty");
  SLUICE_RETURN_IF_ERROR(ParseLogVersion(*line, 1, path).status());
  for (;;) {
    SLUICE_ASSIGN(line, next());
    if (!line) return Status::OK();
    SLUICE_ASSIGN(FileSourceEntry entry, ParseLine(*line, path));
    entries->push_back(std::move(entry));
  }
}

}  // namespace

std::string FormatFileSourceEntries(const std::vector<FileSourceEntry>& entries) {
  std::string text(kVersion);
  for (const FileSourceEntry& entry : entries) {
    text += "\n{\"path\":";
    AppendJsonString(&text, entry.path);
    text += fmt::format(R"(,"timestamp":{},"batchId":{}}})", entry.timestamp_ms, entry.offset);
  }
  return text;
}

Result<std::vector<FileSourceEntry>> ParseFileSourceEntries(std::string_view text, const std::string& path) {
  const std::vector<std::string_view> lines = EntryLines(text);
  std::vector<FileSourceEntry> entries;
  size_t at = 0;
  const auto next = [&]() -> Result<std::optional<std::string_view>> {
    return at < lines.size() ? std::optional(lines[at++]) : std::nullopt;
  };
  SLUICE_RETURN_IF_ERROR(ReadEntries(next, path, &entries));
  return entries;
}

Status FileSourceLog::Open() {
  SLUICE_RETURN_IF_ERROR(folder_.MakeDurable());
  SLUICE_ASSIGN(listing_, ListLog(folder_));
  interval_ = CompactInterval(listing_, options_.compact_interval);
  latest_ = -1;
  entries_.clear();
  const auto latest = listing_.Latest();
  if (!latest) return Status::OK();
  for (BatchId id = listing_.LastCompact().value_or(BatchId(0)); id <= *latest; id = id.Next()) {
    const auto file = listing_.batches.find(id);
    const std::string name = SinkLogName(id, file != listing_.batches.end() && file->second.compact);
    if (file == listing_.batches.end()) return DamagedFile(folder_.PathOf(name), "it is missing");
    SLUICE_RETURN_IF_ERROR(ReadFile(name));
  }
  latest_ = latest->value;
  return Status::OK();
}

// Line by line: the compact file of a large folder is larger than any entry.
Status FileSourceLog::ReadFile(const std::string& name) {
  SLUICE_ASSIGN(const auto lines, LogLineReader::Open(folder_, name));
  return ReadEntries([&] { return lines->Next(); }, lines->path(), &entries_);
}

Status FileSourceLog::Add(std::vector<FileSourceEntry> entries) {
  const BatchId id(latest_ + 1);
  const bool compact = IsCompactionBatch(id, interval_);
  for (FileSourceEntry& entry : entries) entry.offset = id.value;
  const size_t before = entries_.size();
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  const std::string name = SinkLogName(id, compact);
  const Status created = compact ? folder_.CreateCompact(name, FormatFileSourceEntries(entries_))
                                 : folder_.Create(name, FormatFileSourceEntries(entries));
  if (!created.ok()) {
    entries_.resize(before);
    return created;
  }
  latest_ = id.value;
  listing_.batches[id] = {compact, 0, clock_->NowMillis()};
  if (!compact || !options_.delete_expired) return Status::OK();
  if (const Status deleted = DeleteExpired(); !deleted.ok()) {
    Log(LogLevel::kWarn, "Old entries of {} could not be deleted and stay: {}", folder_.location().path,
        deleted.message());
  }
  return Status::OK();
}

// What a compaction made needless, once it is old enough for whoever still reads it.
Status FileSourceLog::DeleteExpired() {
  const int64_t expired = clock_->NowMillis() - options_.cleanup_delay_ms;
  std::vector<std::string> names;
  auto file = listing_.batches.begin();
  for (; file->first.value < latest_ && file->second.modified_ms <= expired; ++file) {
    names.push_back(SinkLogName(file->first, file->second.compact));
  }
  if (names.empty()) return Status::OK();
  SLUICE_RETURN_IF_ERROR(folder_.Delete(folder_.location().path, names));
  listing_.batches.erase(listing_.batches.begin(), file);
  return Status::OK();
}

}  // namespace sluice
