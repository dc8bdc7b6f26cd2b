// SPDX-License-Identifier: Apache-2.0
// The files of a checkpoint and of a sink log, and the offsets in them. The first byte chooses the format.
#include "check.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/file_sink_log.h"
#include "checkpoint/offset_log.h"
#include "checkpoint/query_metadata.h"
#include "checkpoint/source_log.h"
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
      return RoundTrip(text, ParseSinkLogEntries, FormatSinkLogEntries);
    case 'm':
      return RoundTrip(text, ParseQueryMetadata, FormatQueryMetadata);
    case 'i':
      return RoundTrip(text, ParseInitialOffset, FormatInitialOffset);
    case 'k':
      return RoundTrip(text, ParseOffsets, FormatOffsets);
    default:
      (void)ParseAssignment(text, kPath);
  }
}

}  // namespace sluice::fuzz
