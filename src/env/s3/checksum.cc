// SPDX-License-Identifier: Apache-2.0
#include "env/s3/checksum.h"

#include <aws/cal/hash.h>
#include <aws/checksums/crc.h>
#include <aws/common/encoding.h>

#include "env/s3/crt_runtime.h"

namespace sluice::s3 {
namespace {

std::string Base64(std::string_view bytes) {
  const aws_byte_cursor from = Cursor(bytes);
  size_t length = 0;
  aws_base64_compute_encoded_len(bytes.size(), &length);
  std::string text(length, '\0');
  aws_byte_buf to = aws_byte_buf_from_empty_array(text.data(), text.size());
  if (aws_base64_encode(&from, &to) != AWS_OP_SUCCESS) return "";
  text.resize(to.len);
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t previous) {
  return aws_checksums_crc32c_ex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), previous);
}

uint64_t Crc64(std::string_view bytes, uint64_t previous) {
  return aws_checksums_crc64nvme_ex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), previous);
}

uint64_t CombineCrc64(uint64_t first, uint64_t second, uint64_t second_size) {
  return aws_checksums_crc64nvme_combine(first, second, second_size);
}

std::string Crc32cHeader(uint32_t crc) {
  const char bytes[4] = {static_cast<char>(crc >> 24), static_cast<char>(crc >> 16), static_cast<char>(crc >> 8),
                         static_cast<char>(crc)};
  return Base64({bytes, 4});
}

std::string Md5Header(std::string_view bytes) {
  uint8_t digest[AWS_MD5_LEN];
  aws_byte_buf out = aws_byte_buf_from_empty_array(digest, sizeof(digest));
  const aws_byte_cursor in = Cursor(bytes);
  if (aws_md5_compute(aws_default_allocator(), &in, &out, 0) != AWS_OP_SUCCESS) return "";
  return Base64({reinterpret_cast<const char*>(digest), out.len});
}

}  // namespace sluice::s3
