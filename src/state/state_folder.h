// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "env/env.h"
#include "state/delta_file.h"
#include "state/state_codec.h"
#include "state/state_map.h"

namespace sluice {

// The files of one store of one partition, as Spark's HDFSBackedStateStoreProvider keeps them:
//   state/<op>/<partition>/[<store>/]<version>.delta     what changed since the version before
//   state/<op>/<partition>/[<store>/]<version>.snapshot  everything
// Version 0 is empty and has no file. Batch N reads version N and writes N + 1. Thread-compatible.
class StateFolder {
 public:
  // Called as the map grows, with the bytes of buffers besides: takes memory for it, or spills it. An error when there
  // is no room.
  using Cover = std::function<Status(StateMap* map, int64_t buffers)>;

  StateFolder(Location folder, StateCodec codec) : folder_(std::move(folder)), codec_(codec) {}
  const Location& location() const { return folder_; }

  // Fills an empty map, piece by piece, with a version: the latest snapshot that can be read, and the deltas behind it.
  // The result is the snapshot's version, 0 when there is none. CANNOT_LOAD_STATE_STORE, with Spark's subclasses, when
  // a file that is needed is missing or damaged; `fits` answers for each row whether it has the form of the schema.
  using RowCheck = std::function<Status(std::string_view key, const std::optional<std::string_view>& value)>;
  Result<int64_t> Load(int64_t version, StateMap* map, const Cover& cover, const RowCheck& fits) const;

  // Writes <version>.delta with the changes of the map, durably. The same bytes may be there already; other bytes of an
  // earlier attempt at the batch are replaced.
  Status WriteDelta(int64_t version, const StateMap& map) const;
  // Writes <version>.snapshot unless it is there.
  Status WriteSnapshot(int64_t version, const StateMap& map) const;
  // Deletes the files that no version from `oldest` on needs. `root`: the checkpoint's folder.
  Status Clean(const std::string& root, int64_t oldest) const;

 private:
  struct Files;
  Result<Files> List() const;
  std::string PathOf(int64_t version, const char* kind) const;
  Status LoadFile(int64_t version, const char* kind, int64_t size, StateMap* map, const Cover& cover,
                  const RowCheck& fits) const;
  // Writes a file with the entries that `visit` gives, whatever their size.
  using Entries = std::function<Status(const StateEntry& entry)>;
  Status Write(const std::string& path, const Entries& visit) const;

  Location folder_;
  StateCodec codec_;
};

}  // namespace sluice
