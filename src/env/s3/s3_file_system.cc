// SPDX-License-Identifier: Apache-2.0
#include "env/s3/s3_file_system.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/logging.h"
#include "base/spark_error.h"
#include "env/percent_encoding.h"
#include "env/plain_network.h"
#include "env/s3/s3_endpoint.h"
#include "env/s3/s3_input_file.h"
#include "env/s3/s3_listing.h"
#include "env/s3/s3_objects.h"
#include "env/s3/s3_pending_file.h"

namespace sluice {
namespace s3 {
namespace {

constexpr int64_t kMinPart = 5 << 20;  // S3's own limit for all parts but the last
constexpr int64_t kMaxPart = int64_t{5} << 30;
constexpr int kMaxRounds = 3;

// Proxies and other tools take "." and ".." between slashes for a way up.
Status CheckParts(const BucketKey& at) {
  for (std::string_view rest = at.key; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part == "." || part == "..") {
      return UserError("SLUICE_S3.CONFIGURATION",
                       fmt::format("'{}' has a part '{}'; such keys are not used.", PathOf(at), part));
    }
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  return Status::OK();
}

Status CheckKey(const BucketKey& at) {
  if (!at.bucket.empty() && !at.key.empty()) return CheckParts(at);
  return UserError("SLUICE_S3.CONFIGURATION", fmt::format("'{}' names no file in a bucket.", PathOf(at)));
}

class S3FileSystem : public FileSystem {
 public:
  explicit S3FileSystem(S3Config config) : client_(std::make_shared<S3Client>(std::move(config))), objects_(client_) {}

  Result<std::string> ReadFile(const std::string& path) override {
    const BucketKey at = SplitPath(path);
    SLUICE_RETURN_IF_ERROR(CheckKey(at));
    return objects_.Get(at, kSmallFileBytes);
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) override {
    const BucketKey at = SplitPath(path);
    SLUICE_RETURN_IF_ERROR(CheckKey(at));
    SLUICE_ASSIGN(std::shared_ptr<S3InputFile> file, S3InputFile::Open(client_, at));
    return file;
  }

  Result<FileInfo> Stat(const std::string& path) override {
    const BucketKey at = SplitPath(path);
    SLUICE_RETURN_IF_ERROR(CheckParts(at));
    if (!at.key.empty()) {
      const auto head = objects_.Head(at);
      if (head.ok()) {
        FileInfo info;
        info.path = PathOf(at);
        info.size = head->size;
        info.modified_ms = head->modified_ms;
        info.version = head->etag;
        return info;
      }
      if (!IsNotFound(head.status())) return head.status();
    }
    // A folder is what has something below it. The listing also tells a missing bucket from a missing file.
    SLUICE_ASSIGN(const bool is_folder, FolderExists(*client_, at));
    if (!is_folder && !at.key.empty()) return NotFoundError(PathOf(at));
    FileInfo folder;
    folder.path = PathOf(at);
    folder.is_folder = true;
    return folder;
  }

  Result<std::vector<FileInfo>> List(const std::string& folder, bool recursive) override {
    const BucketKey at = SplitPath(folder);
    SLUICE_RETURN_IF_ERROR(CheckParts(at));
    SLUICE_ASSIGN(std::vector<FileInfo> files, ListObjects(*client_, at, recursive));
    const std::string root = PathOf(at);
    for (const FileInfo& file : files) {
      if (file.path.starts_with(root + "/")) continue;
      return EnvironmentError("SLUICE_S3.REQUEST_FAILED",
                              fmt::format("The listing of {} names {}, which is not below it.", root, file.path));
    }
    // No Hadoop path, and none of ours, leads to a key with an empty part, "." or "..".
    std::erase_if(files, [&](const FileInfo& file) { return !IsBelow(root, file.path); });
    return files;
  }

  Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) override {
    const BucketKey at = SplitPath(path);
    SLUICE_RETURN_IF_ERROR(CheckKey(at));
    for (int round = 0; round < kMaxRounds; ++round) {
      SLUICE_ASSIGN(const WriteResult result, objects_.Put(at, content, {}));
      if (result.written) return CreateOutcome::kCreated;
      if (!result.ambiguous) return CreateOutcome::kExists;
      // What is there may be our own try whose reply was lost.
      ContentDigest digest;
      digest.Add(content);
      SLUICE_ASSIGN(const Comparison there, objects_.Compare(at, digest, content));
      if (there.sameness == Sameness::kSame) return CreateOutcome::kCreated;
      if (there.sameness == Sameness::kOther) return CreateOutcome::kExists;
    }
    return EnvironmentError("SLUICE_S3.UNAVAILABLE",
                            fmt::format("{} comes and goes while it is created.", client_->Show(at)), true);
  }

  Result<std::unique_ptr<PendingFile>> OpenForWrite(const std::string& path) override {
    BucketKey at = SplitPath(path);
    SLUICE_RETURN_IF_ERROR(CheckKey(at));
    return std::make_unique<S3PendingFile>(client_, std::move(at));
  }

  Status Delete(const std::string& root, const std::vector<std::string>& paths) override {
    SLUICE_RETURN_IF_ERROR(CheckBelow(root, paths));
    std::map<std::string, std::vector<std::string>> by_bucket;
    for (const std::string& path : paths) {
      BucketKey at = SplitPath(path);
      SLUICE_RETURN_IF_ERROR(CheckKey(at));
      by_bucket[at.bucket].push_back(std::move(at.key));
    }
    for (auto& [bucket, keys] : by_bucket) SLUICE_RETURN_IF_ERROR(DeleteObjects(*client_, bucket, std::move(keys)));
    return Status::OK();
  }

  // What a listing shows is durable already.
  Status MakeDurable(const std::string&) override { return Status::OK(); }

  std::string Uri(const std::string& path) const override {
    const BucketKey at = SplitPath(path);
    return fmt::format("{}://{}{}{}", client_->config().scheme, at.bucket, at.key.empty() ? "" : "/",
                       PercentEncodePath(at.key));
  }

  Status CheckConditions(const std::string& existing_path) {
    const BucketKey at = SplitPath(existing_path);
    SLUICE_RETURN_IF_ERROR(CheckKey(at));
    if (client_->config().allow_unconditional_writes) return Status::OK();
    SLUICE_ASSIGN(const std::string bytes, objects_.Get(at, kSmallFileBytes));
    SLUICE_ASSIGN(const WriteResult result, objects_.Put(at, bytes, {}));
    if (!result.written) return Status::OK();
    return EnvironmentError(
        "SLUICE_STORE_OVERWRITES",
        fmt::format("The store behind {} ignores If-None-Match: it wrote a file that was there already. Without it two "
                    "queries on one checkpoint can overwrite each other. Set "
                    "spark.sluice.s3.allowUnconditionalWrites=true to go on at your own risk.",
                    client_->Show(at)));
  }

  std::map<std::string, int64_t> Counts() const { return client_->Counts(); }
  const std::string& endpoint() const { return client_->config().endpoint; }

  int64_t BytesWhileWriting() const { return client_->config().part_size * (client_->config().parts_in_flight + 1); }

 private:
  const std::shared_ptr<S3Client> client_;
  S3Objects objects_;
};

bool IsSigned(const S3Config& config) {
  return config.credential_sources != std::vector<S3CredentialSource>{S3CredentialSource::kAnonymous};
}

Status CheckConfig(const S3Config& config) {
  bool tls = config.ssl_enabled;
  std::string host = "Amazon";
  if (!config.endpoint.empty()) {
    SLUICE_ASSIGN(const HttpEndpoint endpoint, ParseEndpoint(config.endpoint, config.ssl_enabled));
    tls = endpoint.tls;
    host = endpoint.host;
  }
  if (!tls && !IsLoopbackHost(host) && IsSigned(config)) {
    WarnOnce(
        fmt::format("Requests to S3 at {} go over the network without TLS: others can read what is stored and the "
                    "session token, and change it on the way. https:// in fs.s3a.endpoint protects it",
                    host));
  }
  if (!config.region.empty() && !IsRegionName(config.region)) {
    return UserError("SLUICE_S3.CONFIGURATION",
                     fmt::format("'{}' is no name of a region (fs.s3a.endpoint.region, AWS_REGION).", config.region));
  }
  if (config.part_size < kMinPart || config.part_size > kMaxPart) {
    return UserError("SLUICE_S3.CONFIGURATION", fmt::format("fs.s3a.multipart.size is {} bytes; S3 takes {} to {}.",
                                                            config.part_size, kMinPart, kMaxPart));
  }
  if (config.credential_sources.empty()) {
    return UserError("SLUICE_S3.CONFIGURATION", "fs.s3a.aws.credentials.provider names no provider.");
  }
  return Status::OK();
}

}  // namespace
}  // namespace s3

Result<std::shared_ptr<FileSystem>> MakeS3FileSystem(S3Config config) {
  SLUICE_RETURN_IF_ERROR(s3::CheckConfig(config));
  RegisterSecret(config.secret_key);
  RegisterSecret(config.session_token);
  return std::make_shared<s3::S3FileSystem>(std::move(config));
}

Status CheckConditionalWrites(FileSystem& fs, const std::string& existing_path) {
  auto* s3 = dynamic_cast<s3::S3FileSystem*>(&fs);
  return s3 == nullptr ? Status::OK() : s3->CheckConditions(existing_path);
}

std::string S3EndpointOf(const FileSystem& fs) {
  const auto* s3 = dynamic_cast<const s3::S3FileSystem*>(&fs);
  return s3 == nullptr ? "" : s3->endpoint();
}

int64_t S3BytesWhileWriting(const FileSystem& fs) {
  const auto* s3 = dynamic_cast<const s3::S3FileSystem*>(&fs);
  return s3 == nullptr ? 0 : s3->BytesWhileWriting();
}

std::map<std::string, int64_t> S3RequestCounts(const FileSystem& fs) {
  const auto* s3 = dynamic_cast<const s3::S3FileSystem*>(&fs);
  return s3 == nullptr ? std::map<std::string, int64_t>() : s3->Counts();
}

}  // namespace sluice
