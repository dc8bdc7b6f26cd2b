// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/spark_error.h"
#include "checkpoint/file_sink_log.h"
#include "connectors/file/table_check.h"
#include "connectors/file/table_paths.h"
#include "streaming/stream_script.h"

namespace sluice {

// For tests that damage the files of a query: path -> content, in memory.
using DamageFiles = std::map<std::string, std::string>;

inline DamageFiles Snapshot(FileSystem& fs) {
  DamageFiles files;
  for (const FileInfo& file : fs.List("", true).ValueOrDie()) files[file.path] = fs.ReadFile(file.path).ValueOrDie();
  return files;
}

inline std::shared_ptr<FileSystem> Restore(const DamageFiles& files) {
  auto fs = MakeMemoryFileSystem();
  for (const auto& [path, content] : files) EXPECT_TRUE(fs->CreateAtomic(path, content).ok());
  return fs;
}

// A damaged file, and how.
struct Damage {
  enum class Kind { kTruncated, kChanged, kMissing, kNewer } kind = Kind::kMissing;
  std::string path;
  size_t at = 0;
  char becomes = 0;

  DamageFiles Apply(DamageFiles files) const {
    std::string& content = files.at(path);
    if (kind == Kind::kTruncated) content.resize(at);
    if (kind == Kind::kChanged) content[at] = becomes;
    if (kind == Kind::kNewer) content = "v99" + content.substr(std::min(content.find('\n'), content.size()));
    if (kind == Kind::kMissing) files.erase(path);
    return files;
  }
  // "offsets/4 changed at 17 in \"offset\""
  std::string Describe(const std::string& content) const {
    const char* kinds[] = {"truncated", "changed", "missing", "newer"};
    return path + " " + kinds[static_cast<int>(kind)] + " at " + std::to_string(at) + " in " + Field(content);
  }
  // The JSON key before the place.
  std::string Field(const std::string& content) const {
    const size_t colon = content.rfind("\":", at);
    if (kind == Kind::kMissing || kind == Kind::kNewer || colon == std::string::npos) return "the beginning";
    const size_t quote = content.rfind('"', colon - 1);
    return content.substr(quote + 1, colon - quote - 1);
  }
  // A digit of a number in the last line, where the offsets of sources are, becomes another digit: a format without a
  // checksum cannot show it.
  bool ChangesAnOffset(const std::string& content) const {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const size_t line = content.rfind('\n');
    if (kind != Kind::kChanged || line == std::string::npos || at < line || !is_digit(content[at]) ||
        !is_digit(becomes)) {
      return false;
    }
    size_t first = at;
    while (is_digit(content[first - 1])) --first;
    return content[first - 1] == ':';
  }
  // Cut just where a line ends: the lines before are a whole file, also with a line's end behind the last, as editors
  // leave it and Spark reads it.
  bool CutsWholeLines(const std::string& content) const {
    return kind == Kind::kTruncated && (content[at] == '\n' || (at > 0 && content[at - 1] == '\n'));
  }
  std::string FileKind() const {
    const size_t slash = path.rfind('/');
    const size_t before = path.rfind('/', slash - 1);
    return path.ends_with("metadata") ? "metadata" : path.substr(before + 1, slash - before - 1);
  }
};

// Calls `visit` with every damage of a file, or with a sample: SLUICE_DAMAGE=all, SLUICE_SEED=n.
inline void ForEachDamage(const std::string& path, const std::string& content, int one_in,
                          const std::function<void(const Damage&)>& visit) {
  const char* all = std::getenv("SLUICE_DAMAGE");
  const char* seed = std::getenv("SLUICE_SEED");
  const bool whole = all != nullptr && std::string(all) == "all";
  uint64_t state = (seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10)) * 0x9E3779B97F4A7C15U + content.size();
  const auto next = [&] { return (state = state * 6364136223846793005U + 1442695040888963407U) >> 33; };
  visit({Damage::Kind::kMissing, path});
  visit({Damage::Kind::kTruncated, path, 0});
  if (content.starts_with("v")) visit({Damage::Kind::kNewer, path});
  for (size_t at = 0; at < content.size(); ++at) {
    const auto taken = [&] { return whole || next() % static_cast<uint64_t>(one_in) == 0; };
    if (at > 0 && taken()) visit({Damage::Kind::kTruncated, path, at});
    if (taken()) visit({Damage::Kind::kChanged, path, at, static_cast<char>(content[at] ^ 1)});
    // Another one that may well be valid: digits stay digits, letters letters.
    const char like = content[at] == '9' ? '0' : content[at] == 'f' ? 'a' : static_cast<char>(content[at] + 1);
    if (taken()) visit({Damage::Kind::kChanged, path, at, like});
  }
}

// What a restart came to.
struct Restarted {
  Status status;
  DamageFiles named;  // by the sink log; "missing" for files that are not there
  DamageFiles parts;  // by a plain listing
  bool operator==(const Restarted& other) const { return named == other.named && parts == other.parts; }
};

// Starts the query on the files and runs what was planned and one batch more.
inline Status RunOnce(const std::shared_ptr<FileSystem>& fs, int rows_per_batch) {
  StreamScript script(fs);
  QuerySpec spec = script.Spec(QueryTrigger{TriggerKind::kAvailableNow, 0}, rows_per_batch);
  SLUICE_RETURN_IF_ERROR(spec.conf.Set("spark.sql.streaming.fileSink.log.compactInterval", "3"));
  SLUICE_ASSIGN(const auto query, script.Start(std::move(spec)));
  return query->AwaitTermination(std::nullopt).status();
}

// Runs the query until the table has batch `last`, and reads the table's log.
inline Restarted RestartOn(const DamageFiles& files, int rows_per_batch, int64_t last) {
  Restarted restarted;
  const auto fs = Restore(files);
  FileSinkLog table({fs, "/table/_spark_metadata"}, {}, &SystemClock());
  for (int runs = 0; runs < 2 && restarted.status.ok() && table.Latest().value_or(BatchId(-1)).value < last; ++runs) {
    restarted.status = RunOnce(fs, rows_per_batch);
    if (restarted.status.ok()) restarted.status = table.Refresh();
  }
  if (!restarted.status.ok()) return restarted;
  const auto visited = table.VisitFiles([&](const SinkLogEntry& entry) {
    const auto content = fs->ReadFile(PathOfUri(entry.path));
    restarted.named[entry.path] = content.ok() ? *content : "missing";
    return Status::OK();
  });
  restarted.status = visited.status();
  for (const FileInfo& file : fs->List("/table", false).ValueOrDie()) {
    if (!file.is_folder) restarted.parts[file.path] = fs->ReadFile(file.path).ValueOrDie();
  }
  return restarted;
}

}  // namespace sluice
