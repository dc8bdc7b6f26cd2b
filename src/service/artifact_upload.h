// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

class MemoryReservation;
class ServedSession;

// One AddArtifacts stream: whole artifacts, and such that come in chunks. One thread at a time.
class ArtifactUpload {
 public:
  ArtifactUpload();
  ~ArtifactUpload();
  std::shared_ptr<ServedSession> session;  // of the first request

  Status Add(const spark::connect::AddArtifactsRequest& request);
  // What came, and whether the checksums were right: an artifact with a wrong one is dropped.
  Result<spark::connect::AddArtifactsResponse> Finish();

 private:
  Status Begin(const spark::connect::AddArtifactsRequest::BeginChunkedArtifact& begin);
  Status AddChunk(const spark::connect::AddArtifactsRequest::ArtifactChunk& chunk);
  Status Store(const std::string& name, bool good, std::string bytes);

  Status Hold();

  spark::connect::AddArtifactsResponse response_;
  std::unique_ptr<MemoryReservation> held_;  // of bytes_
  std::string name_;                         // of the artifact in chunks; empty: none
  std::string bytes_;
  int64_t total_ = 0;
  int64_t chunks_left_ = 0;
  bool good_ = true;
};

}  // namespace sluice
