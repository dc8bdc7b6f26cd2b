// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <mutex>
#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/s3/s3_endpoint.h"
#include "env/s3/s3_file_system.h"

namespace sluice {
namespace s3 {
namespace {

using Variable = std::function<std::optional<std::string>(const std::string&)>;
using Source = S3CredentialSource;

// What Sluice does with a key below fs.s3a.
enum class KeyUse {
  kHonoured,
  kMeaningless,  // tuning or Hadoop's own business: one note
  kRefused,      // would change what is written or who writes it
};

struct KeyRow {
  std::string_view key;  // a trailing '*' stands for every key below
  KeyUse use;
};

constexpr KeyRow kKeys[] = {
    {"access.key", KeyUse::kHonoured},
    {"accesspoint.arn", KeyUse::kRefused},
    {"acl.default", KeyUse::kRefused},
    {"assumed.role.*", KeyUse::kMeaningless},
    {"attempts.maximum", KeyUse::kHonoured},
    {"audit.*", KeyUse::kMeaningless},
    {"aws.credentials.provider", KeyUse::kHonoured},
    {"block.size", KeyUse::kMeaningless},
    {"bucket.*", KeyUse::kHonoured},
    {"buffer.dir", KeyUse::kMeaningless},
    {"change.detection.*", KeyUse::kMeaningless},
    {"checksum.*", KeyUse::kMeaningless},
    {"committer.*", KeyUse::kMeaningless},
    {"connection.establish.timeout", KeyUse::kHonoured},
    {"connection.idle.time", KeyUse::kHonoured},
    {"connection.maximum", KeyUse::kHonoured},
    {"connection.request.timeout", KeyUse::kHonoured},
    {"connection.ssl.enabled", KeyUse::kHonoured},
    {"connection.timeout", KeyUse::kHonoured},
    {"create.*", KeyUse::kMeaningless},
    {"cross.region.access.enabled", KeyUse::kMeaningless},
    {"directory.marker.*", KeyUse::kMeaningless},
    {"downgrade.syncable.exceptions", KeyUse::kMeaningless},
    {"encryption.algorithm", KeyUse::kHonoured},
    {"encryption.context", KeyUse::kRefused},
    {"encryption.cse.*", KeyUse::kRefused},
    {"encryption.key", KeyUse::kHonoured},
    {"endpoint", KeyUse::kHonoured},
    {"endpoint.fips", KeyUse::kRefused},
    {"endpoint.region", KeyUse::kHonoured},
    {"etag.checksum.enabled", KeyUse::kMeaningless},
    {"executor.capacity", KeyUse::kMeaningless},
    {"experimental.*", KeyUse::kMeaningless},
    {"fast.upload", KeyUse::kMeaningless},
    {"fast.upload.*", KeyUse::kMeaningless},
    {"impl", KeyUse::kMeaningless},
    {"impl.disable.cache", KeyUse::kMeaningless},
    {"input.*", KeyUse::kMeaningless},
    {"list.version", KeyUse::kMeaningless},
    {"max.total.tasks", KeyUse::kMeaningless},
    {"multiobjectdelete.enable", KeyUse::kMeaningless},
    {"multipart.purge", KeyUse::kMeaningless},
    {"multipart.purge.age", KeyUse::kMeaningless},
    {"multipart.size", KeyUse::kHonoured},
    {"multipart.threshold", KeyUse::kMeaningless},
    {"multipart.uploads.enabled", KeyUse::kMeaningless},
    {"optimized.copy.from.local.enabled", KeyUse::kMeaningless},
    {"paging.maximum", KeyUse::kMeaningless},
    {"path.style.access", KeyUse::kHonoured},
    {"performance.flags", KeyUse::kMeaningless},
    {"prefetch.*", KeyUse::kMeaningless},
    {"proxy.*", KeyUse::kRefused},
    {"readahead.range", KeyUse::kHonoured},
    {"requester.pays.enabled", KeyUse::kRefused},
    {"retry.*", KeyUse::kMeaningless},
    {"secret.key", KeyUse::kHonoured},
    {"security.credential.provider.path", KeyUse::kRefused},
    {"server-side-encryption-algorithm", KeyUse::kHonoured},
    {"server-side-encryption.key", KeyUse::kHonoured},
    {"session.token", KeyUse::kHonoured},
    {"socket.*", KeyUse::kMeaningless},
    {"ssl.channel.mode", KeyUse::kMeaningless},
    {"threads.*", KeyUse::kMeaningless},
    {"user.agent.prefix", KeyUse::kMeaningless},
    {"vectored.*", KeyUse::kMeaningless},
};

struct ProviderRow {
  std::string_view class_name;  // without its package
  std::vector<Source> sources;
};

const std::vector<ProviderRow>& Providers() {
  static const auto* rows = new std::vector<ProviderRow>{
      {"TemporaryAWSCredentialsProvider", {Source::kStatic}},
      {"SimpleAWSCredentialsProvider", {Source::kStatic}},
      {"AnonymousAWSCredentialsProvider", {Source::kAnonymous}},
      {"AnonymousCredentialsProvider", {Source::kAnonymous}},
      {"EnvironmentVariableCredentialsProvider", {Source::kEnvironment}},
      {"ProfileCredentialsProvider", {Source::kProfile}},
      {"ProfileAWSCredentialsProvider", {Source::kProfile}},
      {"ProcessCredentialsProvider", {Source::kProfile}},
      {"WebIdentityTokenCredentialsProvider", {Source::kWebIdentity}},
      {"WebIdentityTokenFileCredentialsProvider", {Source::kWebIdentity}},
      {"ContainerCredentialsProvider", {Source::kContainer}},
      {"EC2ContainerCredentialsProviderWrapper", {Source::kContainer, Source::kInstance}},
      {"IAMInstanceCredentialsProvider", {Source::kContainer, Source::kInstance}},
      {"InstanceProfileCredentialsProvider", {Source::kInstance}},
      {"DefaultCredentialsProvider",
       {Source::kEnvironment, Source::kWebIdentity, Source::kProfile, Source::kContainer, Source::kInstance}},
      {"DefaultAWSCredentialsProviderChain",
       {Source::kEnvironment, Source::kWebIdentity, Source::kProfile, Source::kContainer, Source::kInstance}},
  };
  return *rows;
}

Status Misconfigured(std::string message) {
  return UserError("SLUICE_S3.CONFIGURATION", std::move(message));
}

// The effective keys for a bucket, without "fs.s3a.": spark.hadoop.* first, plain ones over them, the bucket's own
// last.
std::map<std::string, std::string> EffectiveKeys(const Conf& conf, const std::string& bucket) {
  std::map<std::string, std::string> keys;
  const std::string own = "bucket." + bucket + ".";
  for (const bool per_bucket : {false, true}) {
    for (const std::string_view prefix : {"spark.hadoop.fs.s3a.", "fs.s3a."}) {
      for (const auto& [name, value] : conf.values()) {
        if (!name.starts_with(prefix)) continue;
        const std::string key = name.substr(prefix.size());
        if (per_bucket ? key.starts_with(own) : !key.starts_with("bucket.")) {
          keys[per_bucket ? key.substr(own.size()) : key] = value;
        }
      }
    }
  }
  return keys;
}

const KeyRow* FindKey(const std::string& key) {
  const auto* row = std::find_if(std::begin(kKeys), std::end(kKeys), [&](const KeyRow& r) {
    return r.key.ends_with('*') ? key.starts_with(r.key.substr(0, r.key.size() - 1)) : key == r.key;
  });
  return row == std::end(kKeys) ? nullptr : row;
}

void NoteOnce(const std::string& key, std::string_view what) {
  static auto* mutex = new std::mutex();
  static auto* noted = new std::set<std::string>();
  std::lock_guard lock(*mutex);
  if (noted->insert(key).second) Log(LogLevel::kInfo, "fs.s3a.{} {}", key, what);
}

Status CheckKeys(const std::map<std::string, std::string>& keys) {
  for (const auto& [key, value] : keys) {
    const KeyRow* row = FindKey(key);
    if (row == nullptr) {
      NoteOnce(key, "is not known and ignored");
    } else if (row->use == KeyUse::kMeaningless) {
      NoteOnce(key, "has no meaning in Sluice and is ignored");
    } else if (row->use == KeyUse::kRefused && !value.empty() && value != "false") {
      return NotSupported(fmt::format("The setting fs.s3a.{} is not supported by Sluice.", key));
    }
  }
  return Status::OK();
}

Result<std::vector<Source>> ParseProviders(const std::string& list) {
  std::vector<Source> sources;
  size_t begin = 0;
  while (begin <= list.size()) {
    size_t end = list.find(',', begin);
    if (end == std::string::npos) end = list.size();
    std::string name = list.substr(begin, end - begin);
    begin = end + 1;
    std::erase_if(name, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
    if (name.empty()) continue;
    const std::string short_name = name.substr(name.rfind('.') + 1);
    const auto row = std::find_if(Providers().begin(), Providers().end(),
                                  [&](const ProviderRow& r) { return r.class_name == short_name; });
    if (row == Providers().end()) {
      return NotSupported(fmt::format(
          "The credentials provider {} (fs.s3a.aws.credentials.provider) is not supported by Sluice.", name));
    }
    sources.insert(sources.end(), row->sources.begin(), row->sources.end());
  }
  return sources;
}

// Reads typed values out of the effective keys; the first error is kept.
class KeyReader {
 public:
  explicit KeyReader(const std::map<std::string, std::string>& keys) : keys_(keys) {}
  void Text(const char* key, std::string* out) const {
    if (const auto found = keys_.find(key); found != keys_.end()) *out = found->second;
  }
  template <typename Parse, typename T>
  void Parsed(const char* key, Parse parse, T* out) {
    const auto found = keys_.find(key);
    if (found == keys_.end() || !status_.ok()) return;
    const auto value = parse(found->second);
    if (value.ok()) {
      *out = static_cast<T>(*value);
    } else {
      status_ = Misconfigured(fmt::format("fs.s3a.{} is '{}': {}", key, found->second, value.status().message()));
    }
  }
  const Status& status() const { return status_; }

 private:
  const std::map<std::string, std::string>& keys_;
  Status status_;
};

Result<bool> ParseFlag(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Status::Invalid("neither true nor false");
}

Result<int64_t> ParseCount(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value > 0 && value <= 1'000'000) return value;
  return Status::Invalid("not a number above 0");
}

Status ReadEncryption(const KeyReader& keys, S3Config* config) {
  std::string algorithm;
  keys.Text("server-side-encryption-algorithm", &algorithm);
  keys.Text("server-side-encryption.key", &config->kms_key_id);
  keys.Text("encryption.algorithm", &algorithm);
  keys.Text("encryption.key", &config->kms_key_id);
  if (algorithm.empty()) return Status::OK();
  if (algorithm == "SSE-KMS" || algorithm == "aws:kms") {
    config->encryption = "aws:kms";
  } else if (algorithm == "AES256" || algorithm == "SSE-S3") {
    config->encryption = "AES256";
  } else {
    return NotSupported(
        fmt::format("The encryption '{}' (fs.s3a.encryption.algorithm) is not supported by Sluice; "
                    "there are AES256 and SSE-KMS.",
                    algorithm));
  }
  return Status::OK();
}

Status ReadKeys(const std::map<std::string, std::string>& all, S3Config* config) {
  KeyReader keys(all);
  keys.Text("access.key", &config->access_key);
  keys.Text("secret.key", &config->secret_key);
  keys.Text("session.token", &config->session_token);
  keys.Text("endpoint", &config->endpoint);
  keys.Text("endpoint.region", &config->region);
  keys.Parsed("path.style.access", ParseFlag, &config->path_style);
  keys.Parsed("connection.ssl.enabled", ParseFlag, &config->ssl_enabled);
  keys.Parsed("connection.establish.timeout", ParseDurationMs, &config->connect_timeout_ms);
  keys.Parsed("connection.timeout", ParseDurationMs, &config->request_timeout_ms);
  int64_t request_timeout = 0;  // 0 is Hadoop's "none"
  keys.Parsed("connection.request.timeout", ParseDurationMs, &request_timeout);
  if (request_timeout > 0) config->request_timeout_ms = request_timeout;
  keys.Parsed("connection.idle.time", ParseDurationMs, &config->idle_connection_ms);
  keys.Parsed("connection.maximum", ParseCount, &config->max_connections);
  keys.Parsed("attempts.maximum", ParseCount, &config->max_attempts);
  keys.Parsed("multipart.size", ParseBytes, &config->part_size);
  keys.Parsed("readahead.range", ParseBytes, &config->readahead_bytes);
  SLUICE_RETURN_IF_ERROR(keys.status());
  if (const auto found = all.find("aws.credentials.provider"); found != all.end() && !found->second.empty()) {
    SLUICE_ASSIGN(config->credential_sources, ParseProviders(found->second));
  }
  if (config->connect_timeout_ms <= 0 || config->request_timeout_ms <= 0) {
    return Misconfigured("The timeouts below fs.s3a.connection have to be above 0.");
  }
  return ReadEncryption(keys, config);
}

std::string FirstSet(const Variable& variable, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::optional<std::string> value = variable(name); value && !value->empty()) return *value;
  }
  return "";
}

}  // namespace
}  // namespace s3

Result<S3Config> S3ConfigFromConf(const Conf& conf, const std::string& bucket,
                                  std::function<std::optional<std::string>(const std::string&)> variable) {
  if (!variable) variable = [](const std::string&) { return std::optional<std::string>(); };
  S3Config config;
  const std::map<std::string, std::string> keys = s3::EffectiveKeys(conf, bucket);
  SLUICE_RETURN_IF_ERROR(s3::CheckKeys(keys));
  SLUICE_RETURN_IF_ERROR(s3::ReadKeys(keys, &config));
  config.endpoint_named_by = "fs.s3a.endpoint";
  for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    if (!config.endpoint.empty()) break;
    config.endpoint = s3::FirstSet(variable, {name});
    config.endpoint_named_by = name;
  }
  if (config.endpoint == "s3.amazonaws.com") config.endpoint.clear();  // the same for every region
  if (config.region.empty() && !config.endpoint.empty()) {
    SLUICE_ASSIGN(const s3::HttpEndpoint endpoint, s3::ParseEndpoint(config.endpoint, config.ssl_enabled));
    config.region = s3::RegionOfHost(endpoint.host);
  }
  if (config.region.empty()) config.region = s3::FirstSet(variable, {"AWS_REGION", "AWS_DEFAULT_REGION"});
  config.ca_bundle = conf.Find("spark.sluice.s3.caBundle").value_or("");
  if (config.ca_bundle.empty()) config.ca_bundle = s3::FirstSet(variable, {"AWS_CA_BUNDLE"});
  config.cert_file = s3::FirstSet(variable, {"SSL_CERT_FILE"});
  config.allow_unconditional_writes = conf.Find("spark.sluice.s3.allowUnconditionalWrites").value_or("") == "true";
  const auto is = [&](const char* name, const std::string& value) { return variable(name).value_or("") == value; };
  config.keys_follow_environment = !config.access_key.empty() && is("AWS_ACCESS_KEY_ID", config.access_key) &&
                                   is("AWS_SECRET_ACCESS_KEY", config.secret_key) &&
                                   is("AWS_SESSION_TOKEN", config.session_token);
  config.variable = std::move(variable);
  RegisterSecret(config.secret_key);
  RegisterSecret(config.session_token);
  return config;
}

}  // namespace sluice
