// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "conf/conf.h"
#include "env/env.h"

namespace sluice {

// The folders of this machine's disk that sessions may use, with all that is below them. Symbolic links count as what
// they lead to.
class AllowedRoots {
 public:
  // Of folders that are there; none: nothing of the disk may be used.
  static Result<AllowedRoots> Of(const std::vector<std::string>& folders);
  // SLUICE_PATH_NOT_ALLOWED unless the absolute path, which need not be there yet, leads below one of the folders.
  // Whether anything is at a path outside is not told.
  Status Check(const std::string& path) const;

 private:
  std::vector<std::string> roots_;  // without links
};

// An Env whose local files are those that the roots allow. What else a session's settings may do to S3 is held too:
// keys of this process's own (environment, profile, role) are not sent where only a session says that they go.
// `own`: the settings of the process.
std::shared_ptr<Env> HoldTo(std::shared_ptr<Env> env, AllowedRoots roots, Conf own);

}  // namespace sluice
