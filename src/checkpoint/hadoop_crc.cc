// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/hadoop_crc.h"

#include <zlib.h>

#include <algorithm>

#include "checkpoint/log_folder.h"

namespace sluice {
namespace {

constexpr size_t kHeader = 8;

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return value;
}

Status OtherLength(const std::string& path) {
  return DamagedFile(path, "its checksum file (.crc) is for content of another length");
}

}  // namespace

Result<HadoopCrcCheck> HadoopCrcCheck::Begin(std::string crc_file, std::string path) {
  if (crc_file.size() < kHeader || std::string_view(crc_file).substr(0, 4) != std::string_view("crc\0", 4)) {
    return DamagedFile(path, "its checksum file (.crc) is not one");
  }
  HadoopCrcCheck check(std::move(crc_file), std::move(path));
  check.block_ = BigEndian(std::string_view(check.crc_file_).substr(4));
  check.at_ = kHeader;
  if (check.block_ == 0) return OtherLength(check.path_);
  return check;
}

Status HadoopCrcCheck::Add(std::string_view piece) {
  while (!piece.empty()) {
    const std::string_view part = piece.substr(0, block_ - in_block_);
    crc_ =
        static_cast<uint32_t>(crc32(crc_, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size())));
    in_block_ += part.size();
    piece.remove_prefix(part.size());
    if (in_block_ == block_) SLUICE_RETURN_IF_ERROR(EndBlock());
  }
  return Status::OK();
}

Status HadoopCrcCheck::EndBlock() {
  if (at_ + 4 > crc_file_.size()) return OtherLength(path_);
  if (crc_ != BigEndian(std::string_view(crc_file_).substr(at_))) {
    return DamagedFile(path_, "its content disagrees with its checksum file (.crc)");
  }
  at_ += 4;
  in_block_ = 0;
  crc_ = 0;
  return Status::OK();
}

Status HadoopCrcCheck::Finish() {
  if (in_block_ > 0) SLUICE_RETURN_IF_ERROR(EndBlock());
  return at_ == crc_file_.size() ? Status::OK() : OtherLength(path_);
}

Status CheckHadoopCrc(std::string_view content, std::string_view crc_file, const std::string& path) {
  SLUICE_ASSIGN(HadoopCrcCheck check, HadoopCrcCheck::Begin(std::string(crc_file), path));
  SLUICE_RETURN_IF_ERROR(check.Add(content));
  return check.Finish();
}

}  // namespace sluice
