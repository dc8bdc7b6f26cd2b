// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"

namespace sluice {

// A small file of settings with its permission bits as they were when it was read.
struct PrivateText {
  std::string bytes;
  unsigned mode = 0;
};

// Reads a file of at most 1 MiB. SLUICE_ENV_FILE when it is not there, no plain file, or longer.
Result<PrivateText> ReadNamedText(const std::string& path);

// The same, and an error too when others decide what it says. Looks at the very file that is read.
Result<PrivateText> ReadPrivateText(const std::string& path);

// Why a user other than this one and root decides what stands in a file: "it belongs to user 1001", "others may write
// to it", or that they may replace it in its folder; or why it cannot be read. Empty when nobody does.
std::string WhyOthersDecide(const std::string& path);

// Warns, once a file and process, when permission bits let others read a file that holds secrets.
void WarnIfOthersMayRead(const std::string& path, unsigned mode);

}  // namespace sluice
