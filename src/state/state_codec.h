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

// lz4: Spark's LZ4BlockOutputStream (blocks of 32 KiB, each with an xxHash32); zstd: a frame; snappy: xerial's stream.
Result<std::string> CompressState(StateCodec codec, std::string_view plain);

// Gives the plain bytes of a compressed file to `take`, piece by piece. SLUICE_STATE_DAMAGED, with what is wrong, when
// the bytes do not fit their checksums or lengths; nothing larger than a block is made of them at once.
Status DecompressState(StateCodec codec, std::string_view compressed,
                       const std::function<Status(std::string_view piece)>& take);

// "The file .. is damaged: ..", SLUICE_STATE_DAMAGED; without a path until the reader of the file knows it.
Status DamagedState(const std::string& what);

}  // namespace sluice
