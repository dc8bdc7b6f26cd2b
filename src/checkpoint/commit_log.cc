// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/commit_log.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/spark_error.h"
#include "checkpoint/entry_lines.h"
#include "checkpoint/json_number.h"
#include "checkpoint/json_text.h"

namespace sluice {
namespace {

constexpr int kMaxVersion = 3;
constexpr char kWatermark[] = "nextBatchWatermarkMs";

}  // namespace

std::string FormatCommitEntry(const CommitEntry& entry) {
  std::string text = fmt::format("v{}\n", entry.version);
  if (entry.has_metadata)
    text += fmt::format(R"({{"{}":{}{}}})", kWatermark, entry.next_batch_watermark_ms, entry.more);
  return text;
}

Result<CommitEntry> ParseCommitEntry(const std::string& text, const std::string& path) {
  const std::vector<std::string_view> lines = EntryLines(text);
  if (lines.empty()) return DamagedFile(path, "it is empty");
  CommitEntry entry;
  SLUICE_ASSIGN(entry.version, ParseLogVersion(lines[0], kMaxVersion, path));
  // Every writer ends the version line; without its end the file was cut short.
  if (text.size() == lines[0].size()) return DamagedFile(path, "it ends inside its version line");
  entry.has_metadata = lines.size() > 1 && !lines[1].empty();
  if (!entry.has_metadata) return entry;
  SLUICE_RETURN_IF_ERROR(CheckEntryJson(lines[1], path));
  const auto json = nlohmann::ordered_json::parse(lines[1], nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return DamagedFile(path, "its second line is not a JSON object");
  for (const auto& [key, value] : json.items()) {
    if (key != kWatermark) {
      entry.more += ",";
      AppendJsonString(&entry.more, key);
      entry.more += ":" + value.dump();
      continue;
    }
    const auto watermark = Int64Of(value);
    if (!watermark) return DamagedFile(path, fmt::format("{} is not a whole number", kWatermark));
    entry.next_batch_watermark_ms = *watermark;
  }
  return entry;
}

Result<std::optional<BatchId>> CommitLog::Latest() const {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, folder_.List());
  return batches.empty() ? std::nullopt : std::optional<BatchId>(batches.back());
}

Result<CommitEntry> CommitLog::Read(BatchId batch) const {
  SLUICE_ASSIGN(const std::string text, folder_.Read(batch.ToString()));
  Result<CommitEntry> entry = ParseCommitEntry(text, folder_.PathOf(batch.ToString()));
  if (!entry.ok()) return WithContext(entry.status(), fmt::format("commit of batch {}", batch.value));
  return entry;
}

Status CommitLog::Write(BatchId batch, const CommitEntry& entry) const {
  return folder_.Create(batch.ToString(), FormatCommitEntry(entry));
}

}  // namespace sluice
