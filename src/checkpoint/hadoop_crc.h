// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace sluice {

// Checks a file's content against Hadoop's side file ".N.crc" ("crc\0", int32be block size, int32be CRC-32 a block), as
// local file systems have them. DamagedFile when they disagree; `path` names the file.
Status CheckHadoopCrc(std::string_view content, std::string_view crc_file, const std::string& path);

// The same piece by piece.
class HadoopCrcCheck {
 public:
  static Result<HadoopCrcCheck> Begin(std::string crc_file, std::string path);
  Status Add(std::string_view piece);
  // After the last piece.
  Status Finish();

 private:
  HadoopCrcCheck(std::string crc_file, std::string path) : crc_file_(std::move(crc_file)), path_(std::move(path)) {}
  Status EndBlock();

  std::string crc_file_;
  std::string path_;
  size_t block_ = 0;     // bytes a checksum
  size_t at_ = 0;        // of the next checksum in crc_file_
  size_t in_block_ = 0;  // bytes since the last checksum
  uint32_t crc_ = 0;     // of those
};

}  // namespace sluice
