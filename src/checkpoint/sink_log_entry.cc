// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/sink_log_entry.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "checkpoint/entry_lines.h"
#include "checkpoint/json_number.h"
#include "checkpoint/json_text.h"
#include "checkpoint/log_folder.h"
#include "env/uri.h"

namespace sluice {
namespace {

bool Skip(std::string_view* rest, std::string_view expected) {
  if (!rest->starts_with(expected)) return false;
  rest->remove_prefix(expected.size());
  return true;
}

bool TakeNumber(std::string_view* rest, std::string_view before, int64_t* value) {
  if (!Skip(rest, before)) return false;
  const auto [end, error] = std::from_chars(rest->data(), rest->data() + rest->size(), *value);
  if (error != std::errc()) return false;
  rest->remove_prefix(static_cast<size_t>(end - rest->data()));
  return true;
}

bool TakeBool(std::string_view* rest, std::string_view before, bool* value) {
  if (!Skip(rest, before)) return false;
  *value = Skip(rest, "true");
  return *value || Skip(rest, "false");
}

// A string without escapes.
bool TakeText(std::string_view* rest, std::string_view before, std::string* value) {
  if (!Skip(rest, before)) return false;
  const size_t end = rest->find('"');
  if (end == std::string_view::npos) return false;
  for (const char c : rest->substr(0, end)) {
    if (c == '\\' || static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x80) return false;
  }
  *value = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  return true;
}

// The form that every writer uses, in a fraction of a JSON parser's time: tables have millions of these.
std::optional<SinkLogEntry> ParseUsualForm(std::string_view line) {
  SinkLogEntry entry;
  const bool fits = TakeText(&line, R"({"path":")", &entry.path) && TakeNumber(&line, R"(,"size":)", &entry.size) &&
                    TakeBool(&line, R"(,"isDir":)", &entry.is_folder) &&
                    TakeNumber(&line, R"(,"modificationTime":)", &entry.modified_ms) &&
                    TakeNumber(&line, R"(,"blockReplication":)", &entry.block_replication) &&
                    TakeNumber(&line, R"(,"blockSize":)", &entry.block_size) &&
                    TakeText(&line, R"(,"action":")", &entry.action) && line == "}";
  return fits ? std::optional(std::move(entry)) : std::nullopt;
}

Result<SinkLogEntry> ParseAnyForm(std::string_view line, const std::string& path) {
  SLUICE_RETURN_IF_ERROR(CheckEntryJson(line, path));
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return DamagedFile(path, "a line is not a JSON object");
  SinkLogEntry entry;
  const auto number = [&](const char* key, int64_t otherwise) {
    if (!json.contains(key)) return otherwise;
    const auto value = Int64Of(json[key]);
    if (!value) throw std::invalid_argument(fmt::format("{} is not a whole number", key));
    return *value;
  };
  try {
    entry.path = json.at("path").get<std::string>();
    entry.size = number("size", -1);
    entry.is_folder = json.value("isDir", false);
    entry.modified_ms = number("modificationTime", 0);
    entry.block_replication = number("blockReplication", 1);
    entry.block_size = number("blockSize", 0);
    entry.action = json.value("action", std::string("add"));
    if (entry.size < 0) throw std::invalid_argument("it has no size");
  } catch (const std::exception& error) {
    return DamagedFile(path, fmt::format("a line is not an entry ({})", error.what()));
  }
  return entry;
}

// Readers know a file by what stands after the scheme and the host, so that another mount or spelling of a table is
// still that table. A scheme that nobody has is a damage all the same.
bool HasKnownScheme(std::string_view path) {
  const std::string_view scheme = SchemeOf(path);
  return scheme.data() == nullptr || scheme == "file" || scheme == "s3a" || scheme == "s3" || scheme == "s3n";
}

void AppendEntry(std::string* text, const SinkLogEntry& entry) {
  *text += R"({"path":)";
  AppendJsonString(text, entry.path);
  *text += fmt::format(R"(,"size":{},"isDir":{},"modificationTime":{},"blockReplication":{},"blockSize":{},"action":)",
                       entry.size, entry.is_folder, entry.modified_ms, entry.block_replication, entry.block_size);
  AppendJsonString(text, entry.action);
  *text += "}";
}

}  // namespace

std::string_view FileNameOf(const SinkLogEntry& entry) {
  return BaseName(entry.path);
}

bool SameFile(const SinkLogEntry& a, const SinkLogEntry& b) {
  return FileNameOf(a) == FileNameOf(b) && a.size == b.size && a.is_folder == b.is_folder && a.action == b.action;
}

Result<SinkLogEntry> ParseSinkLogLine(std::string_view line, const std::string& path) {
  std::optional<SinkLogEntry> usual = ParseUsualForm(line);
  if (!usual) {
    SLUICE_ASSIGN(usual, ParseAnyForm(line, path));
  }
  if (usual->action != "add" && !usual->deletes()) {
    return DamagedFile(path, fmt::format("unknown action '{}'", usual->action));
  }
  if (!HasKnownScheme(usual->path)) {
    return DamagedFile(path, fmt::format("it names {}; there are the schemes file, s3a, s3 and s3n", usual->path));
  }
  return *std::move(usual);
}

std::string FormatSinkLogEntries(const std::vector<SinkLogEntry>& entries) {
  std::string text(kSinkLogVersion);
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
    SLUICE_ASSIGN(SinkLogEntry entry, ParseSinkLogLine(lines[i], path));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace sluice
