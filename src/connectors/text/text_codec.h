// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace sluice {

// A compression of whole files of text, by Spark's name for it and by the end of the files' names.
struct TextCodec {
  const char* name;       // "gzip"
  const char* extension;  // ".gz"; empty for none
  arrow::Compression::type compression;
  bool zlib = false;  // deflate: zlib's frame instead of gzip's

  Result<std::unique_ptr<arrow::util::Codec>> Make() const;
};

// By the option compression, without regard to case; CODEC_NOT_AVAILABLE lists the names there are.
Result<TextCodec> FindTextCodec(const std::string& name);
// By the end of a file's name, as Hadoop tells it. Compressions that Sluice lacks are refused by name.
Result<TextCodec> TextCodecOfFile(std::string_view path);
// Whether a file of this name may be read from any place in it.
bool IsPlainText(std::string_view path);

}  // namespace sluice
