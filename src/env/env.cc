// SPDX-License-Identifier: Apache-2.0
#include "env/env.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/dotenv_file.h"
#include "env/percent_encoding.h"
#include "env/s3/s3_file_system.h"
#include "env/uri.h"

namespace sluice {
namespace {

std::string RandomUuid() {
  unsigned char bytes[16];
  // The kernel's generator does not fail for 16 bytes once it is seeded, which it is before any program of ours runs.
  if (::getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) std::abort();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// "file:/p", "file:///p" and plain paths, made absolute and free of "." and "..".
std::string LocalPath(const std::string& uri) {
  std::string path = uri;
  if (uri.starts_with("file:")) {
    path = uri.substr(5);
    if (path.starts_with("//")) path = path.substr(std::min(path.find('/', 2), path.size()));
    path = PercentDecode(path);
  }
  return WithoutTrailingSlashes(std::filesystem::absolute(path).lexically_normal().string());
}

// Whether the first source that may have keys is the environment, or none is used at all.
bool KeysComeFromEnvironment(const S3Config& config) {
  for (const S3CredentialSource source : config.credential_sources) {
    const bool empty = config.access_key.empty() && config.secret_key.empty();
    if (source == S3CredentialSource::kStatic && empty) continue;
    if (source == S3CredentialSource::kStatic) return config.keys_follow_environment;
    return source == S3CredentialSource::kEnvironment || source == S3CredentialSource::kAnonymous;
  }
  return true;
}

class RealEnv : public Env {
 public:
  explicit RealEnv(std::shared_ptr<DotenvFile> dotenv) : dotenv_(std::move(dotenv)) {}

  Clock& clock() override { return SystemClock(); }
  std::string NewUuid() override { return RandomUuid(); }

  std::optional<std::string> Variable(const std::string& name) override {
    const char* own = std::getenv(name.c_str());
    if (own != nullptr && !FollowsFile(name, own)) return std::string(own);
    std::optional<std::string> filed = dotenv_ == nullptr ? std::nullopt : dotenv_->Find(name);
    return filed || own == nullptr ? filed : std::string(own);
  }

  Result<Location> Locate(const std::string& uri, const Conf& conf) override {
    if (uri.empty()) return UserError("INVALID_EMPTY_LOCATION", "A path is empty.");
    const std::string scheme(SchemeOf(uri));
    if (scheme.empty() || scheme == "file") return Location{local_, LocalPath(uri)};
    if (scheme == "s3a" || scheme == "s3" || scheme == "s3n") return LocateS3(uri, scheme, conf);
    return NotSupported(
        fmt::format("No file system for the scheme '{}' of {}; there are file, s3a and s3.", scheme, uri));
  }

 private:
  // The .env file that a variable comes from; empty when it is the environment's own or is not set.
  std::string FileOfVariable(const std::string& name) {
    const char* own = std::getenv(name.c_str());
    if (dotenv_ == nullptr || (own != nullptr && !FollowsFile(name, own))) return "";
    return dotenv_->Find(name) ? dotenv_->path() : "";
  }

  // A variable of the environment that was not put there from the file.
  std::optional<std::string> OwnVariable(const std::string& name) const {
    const char* own = std::getenv(name.c_str());
    if (own == nullptr || FollowsFile(name, own)) return std::nullopt;
    return std::string(own);
  }

  bool FollowsFile(const std::string& name, const std::string& own) const {
    return dotenv_ != nullptr && dotenv_->HadAtFirst(name, own);
  }

  Result<Location> LocateS3(const std::string& uri, const std::string& scheme, const Conf& conf) {
    if (!uri.substr(scheme.size()).starts_with("://")) {
      return UserError("INVALID_EMPTY_LOCATION",
                       fmt::format("{} names no bucket: write {}://bucket/key.", uri, scheme));
    }
    const std::string path = WithoutTrailingSlashes(uri.substr(scheme.size() + 3));
    const std::string bucket = path.substr(0, path.find('/'));
    if (bucket.empty()) return UserError("INVALID_EMPTY_LOCATION", fmt::format("{} names no bucket.", uri));
    // Same settings, same connections and credentials. The key is made of the settings, which never leave this map.
    std::string key = scheme + "\n" + bucket;
    for (const auto& [name, value] : conf.values()) {
      if (name.find("fs.s3") != std::string::npos || name.find("spark.sluice.s3") == 0)
        key += "\n" + name + "=" + value;
    }
    std::lock_guard lock(mutex_);
    auto found = s3_.find(key);
    if (found == s3_.end()) {
      SLUICE_ASSIGN(S3Config config,
                    S3ConfigFromConf(conf, bucket, [this](const std::string& name) { return Variable(name); }));
      // A file that nobody named directs only requests that carry its own keys.
      if (dotenv_ != nullptr && dotenv_->found() && !KeysComeFromEnvironment(config)) {
        SLUICE_ASSIGN(config, S3ConfigFromConf(conf, bucket, [this](const std::string& name) {
                        return IsRedirectingName(name) ? OwnVariable(name) : Variable(name);
                      }));
      }
      config.file_of_variable = [this](const std::string& name) { return FileOfVariable(name); };
      config.scheme = scheme;
      SLUICE_ASSIGN(std::shared_ptr<FileSystem> made, MakeS3FileSystem(std::move(config)));
      found = s3_.emplace(key, std::move(made)).first;
    }
    return Location{found->second, path};
  }

  const std::shared_ptr<DotenvFile> dotenv_;
  const std::shared_ptr<FileSystem> local_ = MakeLocalFileSystem();
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<FileSystem>> s3_;
};

class TestEnv : public Env {
 public:
  TestEnv(std::shared_ptr<Clock> clock, std::shared_ptr<FileSystem> fs)
      : clock_(std::move(clock)), fs_(std::move(fs)) {}
  Clock& clock() override { return *clock_; }
  std::string NewUuid() override { return fmt::format("00000000-0000-4000-8000-{:012x}", ++uuids_); }
  std::optional<std::string> Variable(const std::string&) override { return std::nullopt; }
  Result<Location> Locate(const std::string& uri, const Conf&) override { return Location{fs_, LocalPath(uri)}; }

 private:
  std::shared_ptr<Clock> clock_;
  std::shared_ptr<FileSystem> fs_;
  std::atomic<int64_t> uuids_{0};
};

}  // namespace

std::shared_ptr<Env> MakeRealEnv(std::map<std::string, std::string> dotenv) {
  return MakeRealEnv(DotenvFile::Fixed(std::move(dotenv)));
}

std::shared_ptr<Env> MakeRealEnv(std::shared_ptr<DotenvFile> dotenv) {
  return std::make_shared<RealEnv>(std::move(dotenv));
}

Result<Location> LocatePrivate(Env* env, const std::string& uri, const Conf& conf) {
  SLUICE_ASSIGN(Location place, env->Locate(uri, conf));
  if (!conf.GetBool("spark.sluice.privateFiles")) return place;
  // Where files have no modes, as on S3, the bucket's policy decides.
  if (std::shared_ptr<FileSystem> with_modes = place.fs->WithPrivateModes()) place.fs = std::move(with_modes);
  return place;
}

std::shared_ptr<Env> MakeTestEnv(std::shared_ptr<Clock> clock, std::shared_ptr<FileSystem> fs) {
  return std::make_shared<TestEnv>(std::move(clock), std::move(fs));
}

}  // namespace sluice
