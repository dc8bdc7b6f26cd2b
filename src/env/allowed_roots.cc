// SPDX-License-Identifier: Apache-2.0
#include "env/allowed_roots.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/spark_error.h"
#include "env/s3/s3_file_system.h"
#include "env/uri.h"

namespace sluice {
namespace {

constexpr char kCaBundle[] = "spark.sluice.s3.caBundle";

std::optional<std::string> WithoutLinks(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr) return std::nullopt;
  return std::string(real.get());
}

// Where a path leads, whose last parts need not be there. Nothing when that cannot be told: a folder that may not be
// entered, a link to nothing, which would be followed once there is something.
std::optional<std::string> LeadsTo(std::string path) {
  std::string missing;
  for (;;) {
    if (auto real = WithoutLinks(path)) return missing.empty() ? *real : (*real == "/" ? "" : *real) + missing;
    struct stat info;
    if (errno != ENOENT || ::lstat(path.c_str(), &info) == 0 || errno != ENOENT) return std::nullopt;
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return std::nullopt;
    missing.insert(0, path.substr(slash));
    path.resize(std::max<size_t>(slash, 1));
  }
}

class HeldPendingFile : public PendingFile {
 public:
  HeldPendingFile(std::unique_ptr<PendingFile> file, const AllowedRoots& roots)
      : file_(std::move(file)), roots_(roots) {}
  Status Write(const void* data, int64_t size) override { return file_->Write(data, size); }
  Status CopyFrom(const std::string& path, int64_t offset, int64_t length) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(path));
    return file_->CopyFrom(path, offset, length);
  }
  Result<PublishOutcome> Publish() override { return file_->Publish(); }
  Status Replace() override { return file_->Replace(); }

 private:
  const std::unique_ptr<PendingFile> file_;
  const AllowedRoots roots_;
};

// Every path is looked at when it is used, so that a link that was made in the meantime is seen.
class HeldFileSystem : public FileSystem {
 public:
  HeldFileSystem(std::shared_ptr<FileSystem> files, AllowedRoots roots)
      : files_(std::move(files)), roots_(std::move(roots)) {}

  Result<std::string> ReadFile(const std::string& path) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(path));
    return files_->ReadFile(path);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(path));
    return files_->OpenForRead(path);
  }
  Result<FileInfo> Stat(const std::string& path) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(path));
    return files_->Stat(path);
  }
  Result<std::vector<FileInfo>> List(const std::string& folder, bool recursive) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(folder));
    return files_->List(folder, recursive);
  }
  Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(path));
    return files_->CreateAtomic(path, content);
  }
  Result<std::unique_ptr<PendingFile>> OpenForWrite(const std::string& path) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(path));
    SLUICE_ASSIGN(auto file, files_->OpenForWrite(path));
    return std::make_unique<HeldPendingFile>(std::move(file), roots_);
  }
  // Below `root` no link is followed.
  Status Delete(const std::string& root, const std::vector<std::string>& paths) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(root));
    return files_->Delete(root, paths);
  }
  Status MakeDurable(const std::string& folder) override {
    SLUICE_RETURN_IF_ERROR(roots_.Check(folder));
    return files_->MakeDurable(folder);
  }
  std::string Uri(const std::string& path) const override { return files_->Uri(path); }
  std::shared_ptr<FileSystem> WithPrivateModes() override {
    std::shared_ptr<FileSystem> with_modes = files_->WithPrivateModes();
    return with_modes == nullptr ? nullptr : std::make_shared<HeldFileSystem>(std::move(with_modes), roots_);
  }

 private:
  const std::shared_ptr<FileSystem> files_;
  const AllowedRoots roots_;
};

// Says where requests go, or who is believed to answer them.
bool Redirects(std::string_view key) {
  if (key == kCaBundle) return true;
  if (key.ends_with("endpoint.region")) return false;  // Amazon's hosts all the same
  return key.find("fs.s3") != std::string_view::npos && (key.find("endpoint") != std::string_view::npos ||
                                                         key.find("connection.ssl.enabled") != std::string_view::npos);
}

class HeldEnv : public Env {
 public:
  HeldEnv(std::shared_ptr<Env> env, AllowedRoots roots, Conf own)
      : env_(std::move(env)), roots_(std::move(roots)), own_(std::move(own)) {}

  Clock& clock() override { return env_->clock(); }
  std::string NewUuid() override { return env_->NewUuid(); }
  std::optional<std::string> Variable(const std::string& name) override { return env_->Variable(name); }

  Result<Location> Locate(const std::string& uri, const Conf& conf) override {
    const std::string_view scheme = SchemeOf(uri);
    const bool local = scheme.empty() || scheme == "file";
    if (!local) SLUICE_RETURN_IF_ERROR(CheckStore(uri, conf));
    SLUICE_ASSIGN(Location place, env_->Locate(uri, conf));
    if (!local) return place;
    SLUICE_RETURN_IF_ERROR(roots_.Check(place.path));
    place.fs = Held(place.fs);
    return place;
  }

 private:
  // The same files, the same object.
  std::shared_ptr<FileSystem> Held(const std::shared_ptr<FileSystem>& files) {
    std::lock_guard lock(mutex_);
    if (files != files_) {
      files_ = files;
      held_ = std::make_shared<HeldFileSystem>(files, roots_);
    }
    return held_;
  }

  Status CheckStore(const std::string& uri, const Conf& conf) const {
    const std::string bundle = conf.Get(kCaBundle);
    if (!bundle.empty() && own_.Find(kCaBundle) != bundle) SLUICE_RETURN_IF_ERROR(roots_.Check(bundle));
    const auto redirected = std::find_if(conf.values().begin(), conf.values().end(), [&](const auto& setting) {
      return Redirects(setting.first) && own_.Find(setting.first) != setting.second;
    });
    if (redirected == conf.values().end()) return Status::OK();
    const size_t bucket = uri.find("://");
    if (bucket == std::string::npos) return Status::OK();  // refused when it is opened
    std::string name = uri.substr(bucket + 3);
    name.resize(std::min(name.size(), name.find('/')));
    SLUICE_ASSIGN(const S3Config its, S3ConfigFromConf(conf, name, nullptr));
    SLUICE_ASSIGN(const S3Config ours, S3ConfigFromConf(own_, name, nullptr));
    const std::vector<S3CredentialSource>& sources = its.credential_sources;
    const bool unsigned_ = sources == std::vector<S3CredentialSource>{S3CredentialSource::kAnonymous};
    const bool its_own = !sources.empty() && sources.front() == S3CredentialSource::kStatic &&
                         !its.access_key.empty() && !its.secret_key.empty() && its.secret_key != ours.secret_key;
    if (unsigned_ || its_own) return Status::OK();
    return UserError("SLUICE_S3.CONFIGURATION",
                     fmt::format("The session sets {}, so it has to give its own keys too (fs.s3a.access.key and "
                                 "fs.s3a.secret.key): those of the server go only where the server's settings say.",
                                 redirected->first));
  }

  const std::shared_ptr<Env> env_;
  const AllowedRoots roots_;
  const Conf own_;
  std::mutex mutex_;
  std::shared_ptr<FileSystem> files_;
  std::shared_ptr<FileSystem> held_;
};

}  // namespace

Result<AllowedRoots> AllowedRoots::Of(const std::vector<std::string>& folders) {
  AllowedRoots roots;
  for (const std::string& folder : folders) {
    const std::optional<std::string> real = WithoutLinks(folder);
    struct stat info;
    if (!real || ::stat(real->c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
      return UserError("SLUICE_USAGE", fmt::format("{} is no folder that is there (--allowed-root).", folder));
    }
    roots.roots_.push_back(*real);
  }
  return roots;
}

Status AllowedRoots::Check(const std::string& path) const {
  if (const std::optional<std::string> real = LeadsTo(path)) {
    const bool allowed = std::any_of(roots_.begin(), roots_.end(), [&](const std::string& root) {
      return *real == root || real->starts_with(root == "/" ? root : root + "/");
    });
    if (allowed) return Status::OK();
  }
  return UserError("SLUICE_PATH_NOT_ALLOWED",
                   fmt::format("Sessions of this server may not use {}. {}", path,
                               roots_.empty() ? "It was started without a folder for them (--allowed-root)."
                                              : fmt::format("They may use what is below {} (--allowed-root).",
                                                            fmt::join(roots_, ", "))),
                   {{"path", path}});
}

std::shared_ptr<Env> HoldTo(std::shared_ptr<Env> env, AllowedRoots roots, Conf own) {
  return std::make_shared<HeldEnv>(std::move(env), std::move(roots), std::move(own));
}

}  // namespace sluice
