// SPDX-License-Identifier: Apache-2.0
#include "service/artifact_upload.h"

#include <fmt/format.h>
#include <zlib.h>

#include <utility>

#include "base/spark_error.h"
#include "exec/memory_reservation.h"
#include "service/sessions.h"
#include "session/process.h"

namespace sluice {
namespace {

using spark::connect::AddArtifactsRequest;

// In one stream; each is answered for.
constexpr int kMostArtifacts = 10'000;

bool IsRight(const AddArtifactsRequest::ArtifactChunk& chunk) {
  const auto crc =
      ::crc32(0, reinterpret_cast<const Bytef*>(chunk.data().data()), static_cast<uInt>(chunk.data().size()));
  return static_cast<int64_t>(crc) == chunk.crc();
}

Status Broken(const std::string& why) {
  return UserError("", "The stream of artifacts is broken: " + why);
}

}  // namespace

ArtifactUpload::ArtifactUpload() = default;
ArtifactUpload::~ArtifactUpload() = default;

// The bytes that have come of an artifact count while the rest is awaited.
Status ArtifactUpload::Hold() {
  if (held_ == nullptr) {
    held_ = std::make_unique<MemoryReservation>(&session->process().budget(), "An artifact that is being sent");
  }
  return held_->Cover(static_cast<int64_t>(bytes_.size()));
}

Status ArtifactUpload::Store(const std::string& name, bool good, std::string bytes) {
  if (response_.artifacts_size() >= kMostArtifacts) {
    return Broken(fmt::format("it has more than {} artifacts.", kMostArtifacts));
  }
  SLUICE_RETURN_IF_ERROR(Artifacts::CheckName(name));
  if (held_ != nullptr) held_->Release();
  auto* summary = response_.add_artifacts();
  summary->set_name(name);
  summary->set_is_crc_successful(good);
  if (!good) return Status::OK();
  if (name.starts_with("forward_to_fs/")) {
    return NotSupported("Sluice does not copy a client's files into its file systems (copyFromLocalToFs).");
  }
  return session->artifacts().Add(name, std::move(bytes));
}

Status ArtifactUpload::Begin(const AddArtifactsRequest::BeginChunkedArtifact& begin) {
  SLUICE_RETURN_IF_ERROR(Artifacts::CheckName(begin.name()));
  if (begin.total_bytes() < 0 || begin.total_bytes() > Artifacts::kMostBytes) {
    return UserError("SLUICE_ARTIFACTS_TOO_LARGE",
                     fmt::format("The artifacts of a session may have {} MiB together.", Artifacts::kMostBytes >> 20));
  }
  name_ = begin.name();
  bytes_.clear();
  total_ = begin.total_bytes();
  chunks_left_ = begin.num_chunks();
  good_ = true;
  return AddChunk(begin.initial_chunk());
}

Status ArtifactUpload::AddChunk(const AddArtifactsRequest::ArtifactChunk& chunk) {
  if (name_.empty() || chunks_left_ <= 0) return Broken("a chunk belongs to no artifact.");
  good_ = good_ && IsRight(chunk);
  bytes_ += chunk.data();
  if (static_cast<int64_t>(bytes_.size()) > total_) return Broken("an artifact is longer than was said.");
  SLUICE_RETURN_IF_ERROR(Hold());
  if (--chunks_left_ > 0) return Status::OK();
  if (static_cast<int64_t>(bytes_.size()) != total_) return Broken("an artifact is shorter than was said.");
  return Store(std::exchange(name_, ""), good_, std::exchange(bytes_, ""));
}

Status ArtifactUpload::Add(const AddArtifactsRequest& request) {
  switch (request.payload_case()) {
    case AddArtifactsRequest::kBatch:
      if (!name_.empty()) return Broken("a batch comes between the chunks of an artifact.");
      for (const auto& artifact : request.batch().artifacts()) {
        SLUICE_RETURN_IF_ERROR(Store(artifact.name(), IsRight(artifact.data()), artifact.data().data()));
      }
      return Status::OK();
    case AddArtifactsRequest::kBeginChunk:
      if (!name_.empty()) return Broken("an artifact begins between the chunks of another.");
      return Begin(request.begin_chunk());
    case AddArtifactsRequest::kChunk:
      return AddChunk(request.chunk());
    default:
      return Broken("a request has no payload.");
  }
}

Result<spark::connect::AddArtifactsResponse> ArtifactUpload::Finish() {
  if (!name_.empty()) return Broken("the last artifact is not complete.");
  return response_;
}

}  // namespace sluice
