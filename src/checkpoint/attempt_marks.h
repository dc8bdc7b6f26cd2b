// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "checkpoint/log_folder.h"

namespace sluice {

// How a batch was begun before: offsets/N names the setup (a checksum) of the first attempt. Each further attempt under
// another one first leaves a mark beside it, so that a last attempt, under whatever setup, knows that files of other
// names may be there:
//   <ck>/offsets/.N.attempt-<setup>      content: the folder of the attempt's bad records, or nothing
// Spark takes hidden names for nothing. Ours alone; thread-compatible.
class AttemptMarks {
 public:
  // `checkpoint`: the folder of the checkpoint itself.
  AttemptMarks(LogFolder offsets, std::string checkpoint) : folder_(std::move(offsets)), root_(std::move(checkpoint)) {}

  // Bad-record folders ("" for none) of the marked attempts of a batch, one a mark.
  Result<std::vector<std::string>> Of(BatchId batch) const;
  // Durable before it returns; a mark that is there already is fine.
  Status Add(BatchId batch, const std::string& setup, const std::string& bad_records) const;
  // After commits/N.
  Status Remove(BatchId batch) const;

 private:
  Result<std::vector<std::string>> Paths(BatchId batch) const;

  LogFolder folder_;
  std::string root_;
};

}  // namespace sluice
