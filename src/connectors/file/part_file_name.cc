// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/part_file_name.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <regex>

namespace sluice {
namespace {

constexpr size_t kUuidLength = 36;
constexpr char kVersion = '8';
constexpr size_t kLongestName = 1024;  // of an S3 key; of a file on a disk 255

std::array<uint8_t, 32> Sha256(std::string_view text) {
  std::array<uint8_t, 32> digest{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

uint64_t BigEndian(const uint8_t* bytes, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = (value << 8) | bytes[i];
  return value;
}

uint32_t QueryMark(const std::string& query_id) {
  return static_cast<uint32_t>(BigEndian(Sha256(query_id).data(), 4));
}

std::optional<uint64_t> Hex(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string FormatPartFileName(const PartFileName& name) {
  return fmt::format("part-{:05}-{}{}c{:03}{}", name.task.value, name.uuid, name.partitioned ? "." : "-", name.counter,
                     name.extension);
}

std::optional<PartFileName> ParsePartFileName(std::string_view name) {
  // The library's expressions take stack for each character.
  if (name.size() > kLongestName) return std::nullopt;
  static const std::regex pattern(
      "part-([0-9]{5,18})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})([-.])c([0-9]{3,9})(\\..+)");
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_match(name.begin(), name.end(), match, pattern)) return std::nullopt;
  PartFileName parsed;
  parsed.task = TaskId(std::stoll(match[1].str()));
  parsed.uuid = match[2].str();
  parsed.partitioned = match[3].str() == ".";
  parsed.counter = std::stoi(match[4].str());
  parsed.extension = match[5].str();
  return parsed;
}

std::string MakePartUuid(const PartOrigin& origin) {
  const auto batch = static_cast<uint32_t>(origin.batch.value);
  // Lengths keep apart what would run together.
  const std::string rest = fmt::format("{}:{}{}:{}{}:{}", origin.identity.size(), origin.identity, origin.folder.size(),
                                       origin.folder, origin.batch.value, origin.counter);
  const uint64_t hash = BigEndian(Sha256(rest).data(), 8);
  return fmt::format("{:08x}-{:04x}-{}{:03x}-{:04x}-{:012x}", QueryMark(origin.query_id), batch >> 16, kVersion,
                     (batch >> 4) & 0xFFFU, 0x8000U | ((batch & 0xFU) << 10) | ((hash >> 48) & 0x3FFU),
                     hash & 0xFFFFFFFFFFFFULL);
}

bool IsPartUuid(std::string_view uuid) {
  return uuid.size() == kUuidLength && uuid[14] == kVersion &&
         (uuid[19] == '8' || uuid[19] == '9' || uuid[19] == 'a' || uuid[19] == 'b');
}

std::optional<BatchId> BatchOfPartUuid(std::string_view uuid, const std::string& query_id) {
  if (!IsPartUuid(uuid)) return std::nullopt;
  const auto query = Hex(uuid.substr(0, 8));
  const auto high = Hex(uuid.substr(9, 4));
  const auto middle = Hex(uuid.substr(15, 3));
  const auto low = Hex(uuid.substr(19, 4));
  if (!query || !high || !middle || !low || *query != QueryMark(query_id)) return std::nullopt;
  return BatchId(static_cast<int64_t>((*high << 16) | (*middle << 4) | ((*low >> 10) & 0xFU)));
}

}  // namespace sluice
