// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/temporary_file.h"

namespace sluice::cli {

// Rows of text that are printed once all of them are known: a MiB of them in memory, the rest in the temporary folder.
class WaitingRows {
 public:
  Status Add(const std::vector<std::string>& cells);
  // Calls with each row, in order, until `take` gives false.
  Status ForEach(const std::function<bool(const std::vector<std::string>& cells)>& take) const;

 private:
  Status Spill();

  std::string kept_;  // each row: the number of its cells, their lengths, their bytes
  std::unique_ptr<TemporaryFile> file_;
};

}  // namespace sluice::cli
