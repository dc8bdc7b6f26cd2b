// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_folder.h"

#include <fstream>

#include "base/spark_error.h"

namespace sluice::cli {

Status DemoFolder::Prepare() const {
  std::error_code error;
  // Whoever made the folder that the demo runs in may have made these, and what they lead to is nobody's demo.
  for (const auto& path : {root_, table().parent_path(), marker()}) {
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(path, error))) {
      return UserError("SLUICE_DEMO_FOLDER",
                       path.string() + " is a symbolic link; remove it, or run the demo in another folder.");
    }
  }
  if (std::filesystem::exists(marker(), error)) {
    std::filesystem::remove_all(table(), error);
    if (!error) std::filesystem::remove_all(checkpoint(), error);
    if (error) return EnvironmentError("SLUICE_IO", "The earlier demo cannot be removed: " + error.message());
  }
  for (const auto& path : {table(), checkpoint()}) {
    if (std::filesystem::exists(path, error)) {
      return UserError(
          "SLUICE_DEMO_FOLDER",
          path.string() + " is there and was not made by a demo; move it, or run the demo in another folder.");
    }
  }
  std::filesystem::create_directories(root_, error);
  std::ofstream file(marker());
  file << "Made by 'sluice demo', which removes bronze/reviews and bronze/reviews-checkpoint when it runs again.\n";
  file.close();
  if (!file) return EnvironmentError("SLUICE_IO", marker().string() + " cannot be written.");
  return Status::OK();
}

}  // namespace sluice::cli
