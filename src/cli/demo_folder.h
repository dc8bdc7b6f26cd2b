// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/status.h"

namespace sluice::cli {

// Where the demo writes, and how it knows its own: a marker file beside what it made.
class DemoFolder {
 public:
  explicit DemoFolder(std::filesystem::path root) : root_(std::move(root)) {}
  std::filesystem::path table() const { return root_ / "bronze" / "reviews"; }
  std::filesystem::path checkpoint() const { return root_ / "bronze" / "reviews-checkpoint"; }
  // Removes what an earlier demo made and leaves a marker. Refuses when there is something here that no demo made.
  Status Prepare() const;

 private:
  std::filesystem::path marker() const { return root_ / ".sluice-demo"; }
  std::filesystem::path root_;
};

}  // namespace sluice::cli
