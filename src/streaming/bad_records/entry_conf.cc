// SPDX-License-Identifier: Apache-2.0
#include "streaming/bad_records/entry_conf.h"

#include <cstdlib>

namespace sluice {

void RecordBadRecords(const std::string& path, std::optional<BatchId> replay_through, EntryConf* conf) {
  conf->Remove(kBadRecordsPath);
  conf->Remove(kReplayThrough);
  if (!path.empty()) conf->Set(kBadRecordsPath, path);
  if (replay_through) conf->Set(kReplayThrough, replay_through->ToString());
}

std::optional<BatchId> ReplayOf(const OffsetEntry& entry) {
  const std::optional<std::string> through = entry.conf.Find(kReplayThrough);
  if (!through) return std::nullopt;
  return BatchId(std::atoll(through->c_str()));
}

}  // namespace sluice
