// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "state/state_codec.h"

namespace sluice {

// What <v>.delta and <v>.snapshot hold once they are decompressed, all numbers big-endian:
//   int32 key size, key, int32 value size (-1: the key was removed), value ... int32 -1
// In a delta a key may come several times: the last one counts.
class StateFileWriter {
 public:
  // No value: the key is removed.
  void Add(std::string_view key, const std::optional<std::string_view>& value);
  // The file's bytes. The last call.
  Result<std::string> Finish(StateCodec codec);

 private:
  std::string plain_;
};

// Called for each entry in the order of the file; the views end with the call.
using StateEntry = std::function<Status(std::string_view key, const std::optional<std::string_view>& value)>;

// Reads a file's bytes. SLUICE_STATE_DAMAGED when it ends early or has impossible sizes; bytes behind its end are
// ignored, as Spark does.
Status ReadStateFile(StateCodec codec, std::string_view bytes, const StateEntry& entry);

}  // namespace sluice
