// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/hadoop_crc.h"

#include <zlib.h>

#include <algorithm>

#include "checkpoint/log_folder.h"

namespace sluice {
namespace {

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

Status CheckHadoopCrc(std::string_view content, std::string_view crc_file, const std::string& path) {
  constexpr size_t kHeader = 8;
  if (crc_file.size() < kHeader || crc_file.substr(0, 4) != std::string_view("crc\0", 4)) {
    return DamagedFile(path, "its checksum file (.crc) is not one");
  }
  const size_t block = BigEndian(crc_file.substr(4));
  const size_t blocks = block == 0 ? 0 : (content.size() + block - 1) / block;
  if (block == 0 || crc_file.size() != kHeader + 4 * blocks) {
    return DamagedFile(path, "its checksum file (.crc) is for content of another length");
  }
  for (size_t i = 0; i < blocks; ++i) {
    const std::string_view part = content.substr(i * block, block);
    const auto crc =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size())));
    if (crc != BigEndian(crc_file.substr(kHeader + 4 * i))) {
      return DamagedFile(path, "its content disagrees with its checksum file (.crc)");
    }
  }
  return Status::OK();
}

}  // namespace sluice
