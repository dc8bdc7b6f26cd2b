// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace sluice {

// How state files are compressed, by spark.sql.streaming.stateStore.compression.codec of the batch's entry. A file does
// not say how it was compressed.
enum class StateCodec { kLz4, kZstd, kSnappy };

// NotSupported, by its name, for Spark's other codec (lzf).
Result<StateCodec> StateCodecOf(const std::string& name);

// Takes bytes of a file, which end with the call.
using StateBytes = std::function<Status(std::string_view bytes)>;

// Compresses a file piece by piece. The same plain bytes make the same file, however they are cut into pieces.
// lz4: Spark's LZ4BlockOutputStream (blocks of 32 KiB, each with an xxHash32); zstd: a frame with a checksum; snappy:
// xerial's stream.
class StateCompressor {
 public:
  // `take` gets the file's bytes.
  static Result<std::unique_ptr<StateCompressor>> Make(StateCodec codec, StateBytes take);
  virtual ~StateCompressor() = default;
  virtual Status Add(std::string_view plain) = 0;
  // The last call.
  virtual Status Finish() = 0;
};

// Gives the plain bytes of a file to `take`, piece by piece. SLUICE_STATE_DAMAGED, with what is wrong, when the bytes
// do not fit their checksums or lengths; nothing larger than a block is made of them at once.
class StateDecompressor {
 public:
  static Result<std::unique_ptr<StateDecompressor>> Make(StateCodec codec, StateBytes take);
  virtual ~StateDecompressor() = default;
  virtual Status Add(std::string_view compressed) = 0;
  // Whether the file ended where it may.
  virtual Status Finish() = 0;
};

// "The file .. is damaged: ..", SLUICE_STATE_DAMAGED; without a path until the reader of the file knows it.
Status DamagedState(const std::string& what);

}  // namespace sluice
