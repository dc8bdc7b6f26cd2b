// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/clock.h"
#include "env/file_system.h"

namespace sluice {

class Conf;

// Where credentials come from; the first source of a list that has some wins.
enum class S3CredentialSource {
  kStatic,       // access_key, secret_key, session_token of the config
  kEnvironment,  // AWS_ACCESS_KEY_ID and its kin, through `variable`
  kProfile,      // ~/.aws/config and credentials: keys, roles, credential_process, SSO
  kWebIdentity,  // a token file exchanged at STS (EKS)
  kContainer,    // ECS and EKS pod identity
  kInstance,     // EC2 instance metadata
  kAnonymous,    // unsigned requests
};

struct S3Config {
  std::string scheme = "s3a";      // of the URIs that the user sees: s3a or s3
  std::string endpoint;            // "http://127.0.0.1:9000", "minio:9000"; empty: Amazon's for the region
  std::string region;              // empty: discovered
  std::optional<bool> path_style;  // unset: only where the host name cannot carry the bucket (IP address, localhost)
  bool ssl_enabled = true;         // for an endpoint without a scheme
  std::string ca_bundle;           // PEM file; empty: `cert_file`, else the system's usual places
  std::string cert_file;           // SSL_CERT_FILE
  std::string endpoint_named_by;   // the setting or variable that `endpoint` is from, for messages

  std::vector<S3CredentialSource> credential_sources = {
      S3CredentialSource::kStatic,  S3CredentialSource::kEnvironment, S3CredentialSource::kWebIdentity,
      S3CredentialSource::kProfile, S3CredentialSource::kContainer,   S3CredentialSource::kInstance};
  std::string access_key;
  std::string secret_key;
  std::string session_token;
  // A variable of the environment. Must stay callable as long as the file system lives.
  std::function<std::optional<std::string>(const std::string&)> variable;
  // The file that such a variable is read from, for messages; empty when there is none.
  std::function<std::string(const std::string&)> file_of_variable;
  // The keys above are the environment's too: programs copy them from a .env file into the settings. They follow it.
  bool keys_follow_environment = false;

  int64_t connect_timeout_ms = 10'000;
  int64_t request_timeout_ms = 120'000;    // one try of one request, beginning to end
  int64_t operation_timeout_ms = 300'000;  // one call with all its tries; no try begins after it
  int max_attempts = 6;
  int64_t retry_base_ms = 100;  // doubles with each try up to retry_cap_ms; the wait is random below it
  int64_t retry_cap_ms = 10'000;
  int max_connections = 32;  // to one host
  int64_t idle_connection_ms = 20'000;

  int64_t part_size = 8 << 20;    // content up to it is one PUT, more is a multipart upload; at least 5 MiB
  int parts_in_flight = 1;        // a file holds at most this many full parts and the one being filled
  int64_t tail_bytes = 64 << 10;  // fetched by opening a file: a Parquet footer costs no second request
  int64_t readahead_bytes = 128 << 10;
  bool allow_unconditional_writes = false;
  std::string encryption;  // x-amz-server-side-encryption: "", "AES256" or "aws:kms"
  std::string kms_key_id;

  Clock* clock = nullptr;  // SystemClock() when null; not owned
};

// Reads spark.hadoop.fs.s3a.* and fs.s3a.* (which wins), both with the overrides fs.s3a.bucket.NAME.* of `bucket`, then
// AWS's variables. A key that would change results and is not there yet is refused; tuning keys without meaning here
// give one note a process.
Result<S3Config> S3ConfigFromConf(const Conf& conf, const std::string& bucket,
                                  std::function<std::optional<std::string>(const std::string&)> variable);

// Checks the config; no request is made before the first call. Paths are "bucket/key". Starts AWS's library when it is
// the first S3 file system of the process; the last one that goes takes its threads along.
Result<std::shared_ptr<FileSystem>> MakeS3FileSystem(S3Config config);

// The endpoint that requests go to, "" for Amazon's own and for other file systems.
std::string S3EndpointOf(const FileSystem& fs);

// The most bytes that one file being written keeps in memory; 0 for file systems other than S3.
int64_t S3BytesWhileWriting(const FileSystem& fs);

// Finds out whether the store honours If-None-Match: puts a file that is there again with its own bytes and expects to
// be refused. An error (SLUICE_STORE_OVERWRITES) otherwise, unless
// spark.sluice.s3.allowUnconditionalWrites is set. OK without a request for file systems other than S3.
Status CheckConditionalWrites(FileSystem& fs, const std::string& existing_path);

// Requests sent so far by call ("PutObject", "GetObject", ..., retries included, and "Retries"); empty for other file
// systems.
std::map<std::string, int64_t> S3RequestCounts(const FileSystem& fs);

}  // namespace sluice
