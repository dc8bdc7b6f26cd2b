// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "checkpoint/offset_log.h"
#include "conf/conf.h"

namespace sluice {

// A setting that a query keeps for life: recorded in every offsets entry, and from there stronger than the session's.
struct RecordedSetting {
  const char* key;
  const char* value;    // what is written when neither the previous entry nor the session says otherwise
  const char* missing;  // what an old entry without the key means; null: the session's value
};

// Spark 4.2.0's keys in its order, then Sluice's own limits that decide where files and row groups end.
const std::vector<RecordedSetting>& RecordedSettings();

// The conf of the next entry: recorded values first, then the session's, then the table's; keys of `previous` that
// nobody here knows are carried on. `writer` is this process's nonce.
EntryConf NextEntryConf(const Conf& session, const EntryConf* previous, const std::string& writer);

// The session's settings with the recorded ones over them; one warning for each that differs from what the session set.
Conf WithRecordedSettings(const Conf& session, const EntryConf& recorded);

}  // namespace sluice
