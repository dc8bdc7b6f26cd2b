// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace sluice {

// Checks a file's content against Hadoop's side file ".N.crc" ("crc\0", int32be block size, int32be CRC-32 a block), as
// local file systems have them. DamagedFile when they disagree; `path` names the file.
Status CheckHadoopCrc(std::string_view content, std::string_view crc_file, const std::string& path);

}  // namespace sluice
