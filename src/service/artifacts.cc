// SPDX-License-Identifier: Apache-2.0
#include "service/artifacts.h"

#include <fmt/format.h>

#include <sstream>

#include "base/spark_error.h"

namespace sluice {
namespace {

// What one takes beside its bytes and its name.
constexpr int64_t kOfEach = 256;
constexpr size_t kLongestName = 4096;

}  // namespace

Status Artifacts::CheckName(const std::string& name) {
  bool good = !name.empty() && name.size() <= kLongestName && name[0] != '/' && name.find('\0') == std::string::npos &&
              name.find('\\') == std::string::npos;
  std::istringstream parts(name);
  for (std::string part; good && std::getline(parts, part, '/');) good = !part.empty() && part != "." && part != "..";
  if (good) return Status::OK();
  return UserError("INVALID_ARTIFACT_PATH",
                   fmt::format("Artifact with name {} is invalid. The name must be a relative path and cannot "
                               "reference parent/sibling/nephew directories.",
                               name),
                   {{"name", name}});
}

Status Artifacts::Add(const std::string& name, std::string bytes) {
  SLUICE_RETURN_IF_ERROR(CheckName(name));
  std::lock_guard lock(mutex_);
  if (closed_) return UserError("INVALID_HANDLE.SESSION_CLOSED", "The session was closed.");
  const auto found = artifacts_.find(name);
  if (found != artifacts_.end()) {
    if (*found->second == bytes) return Status::OK();
    return UserError("ARTIFACT_ALREADY_EXISTS",
                     fmt::format("The artifact {} already exists. Please choose a different name for the new "
                                 "artifact because it cannot be overwritten.",
                                 name),
                     {{"normalizedRemoteRelativePath", name}});
  }
  const auto size = static_cast<int64_t>(bytes.size() + name.size()) + kOfEach;
  if (bytes_ + size > kMostBytes) {
    return UserError("SLUICE_ARTIFACTS_TOO_LARGE",
                     fmt::format("The artifacts of a session may have {} MiB together.", kMostBytes >> 20));
  }
  SLUICE_RETURN_IF_ERROR(held_.Cover(bytes_ + size));
  bytes_ += size;
  artifacts_[name] = std::make_shared<const std::string>(std::move(bytes));
  return Status::OK();
}

std::shared_ptr<const std::string> Artifacts::Find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = artifacts_.find(name);
  return found == artifacts_.end() ? nullptr : found->second;
}

bool Artifacts::empty() const {
  std::lock_guard lock(mutex_);
  return artifacts_.empty();
}

Status Artifacts::CopyFrom(const Artifacts& other) {
  std::scoped_lock lock(mutex_, other.mutex_);
  // They share the bytes, but either may be the last to hold them.
  SLUICE_RETURN_IF_ERROR(held_.Cover(other.bytes_));
  artifacts_ = other.artifacts_;
  bytes_ = other.bytes_;
  return Status::OK();
}

void Artifacts::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  artifacts_.clear();
  bytes_ = 0;
  held_.Release();
}

}  // namespace sluice
