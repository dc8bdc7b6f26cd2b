// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/offset_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/spark_error.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/entry_lines.h"
#include "checkpoint/json_number.h"
#include "checkpoint/json_text.h"

namespace sluice {
namespace {

constexpr int kMaxVersion = 2;
constexpr size_t kDigits = 8;
constexpr std::string_view kNoOffset = "-";
using Json = nlohmann::ordered_json;

std::string ConfField(std::string_view key) {
  return fmt::format("\"{}\":\"", key);
}

std::string Digits(std::string_view text, size_t at) {
  std::string zeroed(text);
  zeroed.replace(at, kDigits, kDigits, '0');
  return fmt::format("{:08x}", Crc32c(zeroed));
}

// Looks for the field in the text itself, so that damage around it cannot hide it. Entries of other writers have none.
Status CheckDigits(std::string_view text, const std::string& path) {
  const std::string field = ConfField(kChecksumKey);
  const size_t found = text.find(field);
  if (found == std::string_view::npos) {
    if (text.find(kWriterKey) == std::string_view::npos && text.find(kChecksumKey) == std::string_view::npos) {
      return Status::OK();
    }
    return DamagedFile(path, "its checksum is missing");
  }
  const size_t at = found + field.size();
  const std::string_view stored = text.substr(at, kDigits);
  const bool ends = text.substr(at + stored.size(), 1) == "\"";
  const std::string actual = stored.size() == kDigits ? Digits(text, at) : "another";
  if (ends && actual == stored) return Status::OK();
  return DamagedFile(path, fmt::format("its checksum is '{}', its content has {}", stored, actual));
}

Status ReadInteger(const Json& object, const char* field, int64_t* value, const std::string& path) {
  const auto found = object.find(field);
  if (found == object.end()) return Status::OK();
  const auto number = Int64Of(*found);
  if (!number) return DamagedFile(path, fmt::format("{} is not a whole number", field));
  *value = *number;
  return Status::OK();
}

Status ParseMetadata(std::string_view line, OffsetEntry* entry, const std::string& path) {
  SLUICE_RETURN_IF_ERROR(CheckEntryJson(line, path));
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return DamagedFile(path, "its second line is not a JSON object");
  SLUICE_RETURN_IF_ERROR(ReadInteger(json, "batchWatermarkMs", &entry->batch_watermark_ms, path));
  SLUICE_RETURN_IF_ERROR(ReadInteger(json, "batchTimestampMs", &entry->batch_timestamp_ms, path));
  for (const auto& [key, value] : json.items()) {
    if (key == "batchWatermarkMs" || key == "batchTimestampMs" || key == "conf") continue;
    entry->more += ",";
    AppendJsonString(&entry->more, key);
    entry->more += ":" + value.dump();
  }
  const auto conf = json.find("conf");
  if (conf == json.end()) return Status::OK();
  if (!conf->is_object()) return DamagedFile(path, "conf is not a JSON object");
  for (const auto& [key, value] : conf->items()) {
    if (!value.is_string()) return DamagedFile(path, fmt::format("the setting {} is not a string", key));
    entry->conf.Set(key, value.get<std::string>());
  }
  return Status::OK();
}

Status ParseOffset(std::string_view line, OffsetEntry* entry, const std::string& path) {
  if (entry->version == 2) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return DamagedFile(path, "a source line has no colon");
    entry->source_ids.emplace_back(line.substr(0, colon));
    line.remove_prefix(colon + 1);
  }
  if (line == kNoOffset) {
    entry->offsets.emplace_back();
    return Status::OK();
  }
  if (!nlohmann::json::accept(line)) {
    return DamagedFile(path, fmt::format("the offset of source {} is not JSON", entry->offsets.size()));
  }
  entry->offsets.emplace_back(line);
  return Status::OK();
}

}  // namespace

std::optional<std::string> EntryConf::Find(std::string_view key) const {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const auto& pair) { return pair.first == key; });
  return found == values_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

void EntryConf::Set(const std::string& key, const std::string& value) {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const auto& pair) { return pair.first == key; });
  if (found == values_.end()) {
    values_.emplace_back(key, value);
  } else {
    found->second = value;
  }
}

void EntryConf::Remove(std::string_view key) {
  std::erase_if(values_, [&](const auto& pair) { return pair.first == key; });
}

std::string FormatOffsetEntry(const OffsetEntry& entry) {
  std::string text = fmt::format("v{}\n", entry.version);
  size_t digits_at = std::string::npos;
  if (entry.has_metadata) {
    text += fmt::format(R"({{"batchWatermarkMs":{},"batchTimestampMs":{},"conf":{{)", entry.batch_watermark_ms,
                        entry.batch_timestamp_ms);
    bool first = true;
    for (const auto& [key, value] : entry.conf.values()) {
      if (!first) text += ",";
      first = false;
      AppendJsonString(&text, key);
      text += ":";
      const bool is_checksum = key == kChecksumKey;
      if (is_checksum) digits_at = text.size() + 1;
      AppendJsonString(&text, is_checksum ? std::string(kDigits, '0') : value);
    }
    text += "}" + entry.more + "}";
  }
  for (size_t i = 0; i < entry.offsets.size(); ++i) {
    text += "\n";
    if (entry.version == 2) text += entry.source_ids[i] + ":";
    text += entry.offsets[i] ? std::string_view(*entry.offsets[i]) : kNoOffset;
  }
  if (digits_at != std::string::npos) text.replace(digits_at, kDigits, Digits(text, digits_at));
  return text;
}

Result<OffsetEntry> ParseOffsetEntry(const std::string& text, const std::string& path) {
  const std::vector<std::string_view> lines = EntryLines(text);
  if (lines.empty()) return DamagedFile(path, "it is empty");
  OffsetEntry entry;
  SLUICE_ASSIGN(entry.version, ParseLogVersion(lines[0], kMaxVersion, path));
  if (lines.size() < 2) return DamagedFile(path, "it ends after its version line");
  entry.has_metadata = !lines[1].empty();
  if (entry.has_metadata) SLUICE_RETURN_IF_ERROR(ParseMetadata(lines[1], &entry, path));
  for (size_t i = 2; i < lines.size(); ++i) SLUICE_RETURN_IF_ERROR(ParseOffset(lines[i], &entry, path));
  if (entry.offsets.empty()) return DamagedFile(path, "it has no offset of any source");
  SLUICE_RETURN_IF_ERROR(CheckDigits(text, path));
  return entry;
}

Result<std::optional<BatchId>> OffsetLog::Latest() const {
  SLUICE_ASSIGN(const std::vector<BatchId> batches, folder_.List());
  return batches.empty() ? std::nullopt : std::optional<BatchId>(batches.back());
}

Result<OffsetEntry> OffsetLog::Read(BatchId batch) const {
  const std::string path = folder_.PathOf(batch.ToString());
  Result<std::string> text = folder_.Read(batch.ToString());
  if (!text.ok()) {
    if (!IsNotFound(text.status())) return text.status();
    return EnvironmentError(
        "SLUICE_CHECKPOINT_DAMAGED",
        fmt::format("The file {} is missing: batch {} cannot be told from the checkpoint.", path, batch.value), false,
        {{"file", path}, {"batchId", batch.ToString()}});
  }
  Result<OffsetEntry> entry = ParseOffsetEntry(*text, path);
  if (!entry.ok()) return WithContext(entry.status(), fmt::format("offsets of batch {}", batch.value));
  return entry;
}

Status OffsetLog::Write(BatchId batch, OffsetEntry entry) const {
  entry.conf.Set(kChecksumKey, std::string(kDigits, '0'));
  return folder_.Create(batch.ToString(), FormatOffsetEntry(entry));
}

}  // namespace sluice
