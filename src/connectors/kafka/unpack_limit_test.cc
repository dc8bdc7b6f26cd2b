// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/unpack_limit.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <zlib.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace sluice {
namespace {

std::string Zeros(size_t size) {
  return std::string(size, '\0');
}

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = packed.size();
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Lz4(const std::string& text, bool with_size = false) {
  LZ4F_preferences_t preferences = {};
  preferences.frameInfo.blockSizeID = LZ4F_max4MB;
  if (with_size) preferences.frameInfo.contentSize = text.size();
  std::string packed(LZ4F_compressFrameBound(text.size(), &preferences), '\0');
  packed.resize(LZ4F_compressFrame(packed.data(), packed.size(), text.data(), text.size(), &preferences));
  return packed;
}

bool GzipIs(const std::string& packed, size_t limit, const std::string& text) {
  size_t size = 0;
  const std::unique_ptr<char, decltype(&std::free)> out(UnpackGzip(packed, limit, &size), &std::free);
  return out != nullptr && std::string(out.get(), size) == text && out.get()[size] == '\0';
}

TEST(UnpackLimit, GzipEndsAtTheLimit) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4096}, size_t{1'000'000}}) {
    const std::string text = Zeros(size);
    const std::string packed = Gzip(text);
    EXPECT_TRUE(GzipIs(packed, size, text)) << size;
    EXPECT_TRUE(GzipIs(packed, size + 1, text)) << size;
    if (size > 0) {
      EXPECT_FALSE(GzipIs(packed, size - 1, text)) << size;
    }
    EXPECT_FALSE(GzipIs(packed.substr(0, packed.size() - 9), 2'000'000, text)) << "cut short";
    EXPECT_FALSE(GzipIs("x" + packed, 2'000'000, text)) << "damaged";
  }
}

TEST(UnpackLimit, Lz4IsCountedWhereItsBlocksMayHaveMore) {
  const std::string text = Zeros(1'000'000);
  const std::string packed = Lz4(text);
  EXPECT_GE(*UnpackedLz4Size(packed, true, 5'000'000), text.size()) << "the bound of its block is enough";
  EXPECT_EQ(UnpackedLz4Size(packed, true, 1'000'000), 1'000'000U);
  EXPECT_FALSE(UnpackedLz4Size(packed, true, 999'999));
  EXPECT_FALSE(UnpackedLz4Size(packed, false, 1'000'000)) << "with a wrong checksum only the bound counts";
  EXPECT_TRUE(UnpackedLz4Size(packed, false, 5'000'000));
  std::string flipped = packed;
  flipped[6] ^= 1;
  EXPECT_FALSE(UnpackedLz4Size(flipped, true, 1'000'000)) << "a damaged header";
  EXPECT_FALSE(UnpackedLz4Size(packed.substr(0, 20), true, 1'000'000)) << "a block that is cut";
  EXPECT_FALSE(UnpackedLz4Size("", true, 1'000'000));
}

TEST(UnpackLimit, Lz4MayNotClaimMore) {
  std::string packed = Lz4(Zeros(1000), /*with_size=*/true);
  EXPECT_TRUE(UnpackedLz4Size(packed, true, 1'000'000));
  packed[6 + 3] = 1;  // the claim is 16 MiB and 1,000 bytes now
  EXPECT_FALSE(UnpackedLz4Size(packed, false, 1'000'000));
  EXPECT_TRUE(UnpackedLz4Size(packed, false, 17 << 20));
}

TEST(UnpackLimit, SnappyClaimsAreSummed) {
  const std::string three_hundred("\xAC\x02", 2);
  EXPECT_EQ(UnpackedSnappySize(three_hundred, false, 300), 300U);
  EXPECT_FALSE(UnpackedSnappySize(three_hundred, false, 299));
  EXPECT_FALSE(UnpackedSnappySize("\xFF\xFF\xFF\xFF\x0F", false, 1 << 30)) << "4 GiB in five bytes";
  EXPECT_FALSE(UnpackedSnappySize("\xFF\xFF\xFF\xFF\xFF\xFF", false, 1 << 30)) << "no number";
  EXPECT_FALSE(UnpackedSnappySize("", false, 1 << 30));
  const std::string chunk = std::string("\0\0\0\x02", 4) + three_hundred;
  EXPECT_EQ(UnpackedSnappySize(chunk + chunk, true, 600), 600U);
  EXPECT_FALSE(UnpackedSnappySize(chunk + chunk, true, 599));
  EXPECT_FALSE(UnpackedSnappySize(std::string("\0\0\0\x09", 4) + three_hundred, true, 600)) << "longer than it is";
}

TEST(UnpackLimit, OnlyRises) {
  RaiseUnpackLimit(1000);
  const int64_t before = UnpackLimit();
  RaiseUnpackLimit(before - 1);
  EXPECT_EQ(UnpackLimit(), before);
  RaiseUnpackLimit(before + 1);
  EXPECT_EQ(UnpackLimit(), before + 1);
}

}  // namespace
}  // namespace sluice
