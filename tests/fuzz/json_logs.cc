// SPDX-License-Identifier: Apache-2.0
// The files of a checkpoint and of a sink log, and the offsets in them. The first byte chooses the format.
#include "check.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/file_sink_log.h"
#include "checkpoint/file_source_log.h"
#include "checkpoint/offset_log.h"
#include "checkpoint/query_metadata.h"
#include "checkpoint/source_log.h"
#include "connectors/file/table_paths.h"
#include "connectors/kafka/offset_json.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

constexpr char kPath[] = "/ck/offsets/7";

// What was read can be written and read again, the same; an error names the file.
template <typename Parse, typename Format>
void RoundTrip(const std::string& text, Parse parse, Format format) {
  const auto first = parse(text, kPath);
  if (!first.ok()) {
    FUZZ_CHECK(first.status().ToString().find(kPath) != std::string::npos, first.status().ToString());
    return;
  }
  const std::string written = format(*first);
  const auto second = parse(written, kPath);
  FUZZ_CHECK(second.ok(), second.status().ToString() + "\n" + written);
  FUZZ_CHECK(format(*second) == written, written);
}

// Whatever an entry names is a file below the table's folder, or refused.
void PathsStayInside(const std::string& text) {
  const auto entries = ParseSinkLogEntries(text, kPath);
  if (!entries.ok()) return;
  TablePaths paths({MakeMemoryFileSystem(), "/t"});
  for (const SinkLogEntry& entry : *entries) {
    const auto path = paths.PathOf(entry.path);
    FUZZ_CHECK(!path.ok() || IsBelow("/t", *path), *path);
  }
}

// A query id becomes the name of a folder.
void IdsAreNames(const std::string& text) {
  const auto metadata = ParseQueryMetadata(text, kPath);
  if (!metadata.ok()) return;
  FUZZ_CHECK(
      metadata->id.size() == 36 && metadata->id.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos,
      metadata->id);
}

}  // namespace

void JsonLogs(std::string_view input) {
  if (input.empty()) return;
  const std::string text(input.substr(1));
  switch (input[0]) {
    case 'o':
      return RoundTrip(text, ParseOffsetEntry, FormatOffsetEntry);
    case 'c':
      return RoundTrip(text, ParseCommitEntry, FormatCommitEntry);
    case 's':
      PathsStayInside(text);
      return RoundTrip(text, ParseSinkLogEntries, FormatSinkLogEntries);
    case 'm':
      IdsAreNames(text);
      return RoundTrip(text, ParseQueryMetadata, FormatQueryMetadata);
    case 'i':
      return RoundTrip(text, ParseInitialOffset, FormatInitialOffset);
    case 'f':
      return RoundTrip(text, ParseFileSourceEntries, FormatFileSourceEntries);
    case 'k':
      return RoundTrip(text, ParseOffsets, FormatOffsets);
    default:
      (void)ParseAssignment(text, kPath);
  }
}

}  // namespace sluice::fuzz
