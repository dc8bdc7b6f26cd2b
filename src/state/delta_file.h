// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "state/state_codec.h"

namespace sluice {

// What <v>.delta and <v>.snapshot hold once they are decompressed, all numbers big-endian:
//   int32 key size, key, int32 value size (-1: the key was removed), value ... int32 -1
// In a delta a key may come several times: the last one counts.
class StateFileWriter {
 public:
  // `take` gets the file's bytes, in pieces of some size.
  static Result<std::unique_ptr<StateFileWriter>> Make(StateCodec codec, StateBytes take);
  // No value: the key is removed.
  Status Add(std::string_view key, const std::optional<std::string_view>& value);
  // The last call.
  Status Finish();

 private:
  explicit StateFileWriter(StateBytes take) : take_(std::move(take)) {}
  Status Pack(size_t least);

  const StateBytes take_;
  std::unique_ptr<StateCompressor> compressor_;
  std::string plain_;
  std::string packed_;
};

// Called for each entry in the order of the file; the views end with the call.
using StateEntry = std::function<Status(std::string_view key, const std::optional<std::string_view>& value)>;

// Reads a file whose bytes come in pieces. SLUICE_STATE_DAMAGED when it ends early or has impossible sizes; bytes
// behind its end are ignored, as Spark does.
class StateFileReader {
 public:
  static Result<std::unique_ptr<StateFileReader>> Make(StateCodec codec, StateEntry entry);
  ~StateFileReader();
  Status Add(std::string_view bytes);
  Status Finish();

 private:
  class EntryParser;
  StateFileReader();

  std::unique_ptr<EntryParser> parser_;
  std::unique_ptr<StateDecompressor> decompressor_;
};

// The same of a file that is in memory.
Status ReadStateFile(StateCodec codec, std::string_view bytes, const StateEntry& entry);

}  // namespace sluice
