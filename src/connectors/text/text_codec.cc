// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/text_codec.h"

#include <arrow/util/compression.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr std::array<TextCodec, 6> kCodecs = {{
    {"none", "", arrow::Compression::UNCOMPRESSED},
    {"uncompressed", "", arrow::Compression::UNCOMPRESSED},
    {"gzip", ".gz", arrow::Compression::GZIP},
    {"deflate", ".deflate", arrow::Compression::GZIP, /*zlib=*/true},
    {"bzip2", ".bz2", arrow::Compression::BZ2},
    {"zstd", ".zst", arrow::Compression::ZSTD},
}};

// Hadoop's frames around these are its own.
constexpr std::array<std::string_view, 3> kLacking = {".snappy", ".lz4", ".passthrough"};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

Result<std::unique_ptr<arrow::util::Codec>> TextCodec::Make() const {
  if (zlib) {
    arrow::util::GZipCodecOptions options;
    options.gzip_format = arrow::util::GZipFormat::ZLIB;
    return arrow::util::Codec::Create(compression, options);
  }
  return arrow::util::Codec::Create(compression);
}

Result<TextCodec> FindTextCodec(const std::string& name) {
  const std::string lower = Lower(name);
  for (const TextCodec& codec : kCodecs) {
    if (lower == codec.name) return codec;
  }
  if (lower == "lz4" || lower == "snappy") {
    return NotSupported(
        fmt::format("The compression {} of text files (Hadoop frames it in its own way); there are "
                    "none, gzip, deflate, bzip2 and zstd.",
                    name));
  }
  return UserError(
      "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
      fmt::format("The codec {} is not available. Available codecs are none, uncompressed, gzip, deflate, bzip2, zstd.",
                  name),
      {{"codecName", name}, {"availableCodecs", "bzip2, deflate, uncompressed, none, gzip, zstd"}});
}

Result<TextCodec> TextCodecOfFile(std::string_view path) {
  for (const TextCodec& codec : kCodecs) {
    if (*codec.extension != '\0' && path.ends_with(codec.extension)) return codec;
  }
  for (const std::string_view ending : kLacking) {
    if (path.ends_with(ending)) {
      return NotSupported(
          fmt::format("Reading {}: files of text that end in {} (Hadoop frames them in its own way)", path, ending));
    }
  }
  return kCodecs[0];
}

bool IsPlainText(std::string_view path) {
  const Result<TextCodec> codec = TextCodecOfFile(path);
  return codec.ok() && codec->compression == arrow::Compression::UNCOMPRESSED;
}

}  // namespace sluice
