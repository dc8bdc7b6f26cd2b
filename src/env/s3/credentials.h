// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "env/s3/http_transport.h"
#include "env/s3/s3_file_system.h"

struct aws_credentials;
struct aws_credentials_provider;

namespace sluice::s3 {

using Credentials = std::shared_ptr<const aws_credentials>;

// Keeps the credentials of a file system. Fetches new ones a minute before they expire, where their source tells, and
// when the file they come from (.env, the AWS profile's files) has changed. Every secret seen is registered for
// redaction. Thread-safe; a fetch makes the other callers wait.
class CredentialStore {
 public:
  // `transport` gives the library and TLS; it must outlive the store.
  CredentialStore(const S3Config& config, HttpTransport* transport);

  Result<Credentials> Get();
  // After the store called `used` expired: asks the sources again. False when they have nothing newer.
  Result<bool> Renew(const Credentials& used);
  // What a person can do about credentials that have expired, by where they came from. `certain`: the store said that
  // they have; another may just not know them any more.
  std::string HowToRenew(bool certain);

 private:
  struct Kept {
    Credentials credentials;
    S3CredentialSource source = S3CredentialSource::kStatic;
    std::string stamp;  // of the source; only ever compared
  };
  Result<Kept> FetchAny();
  Result<Credentials> FetchFrom(S3CredentialSource source);
  Result<Credentials> FetchStatic();
  Result<Credentials> FetchEnvironment();
  Result<Credentials> FetchProfile();
  Result<Credentials> FetchWebIdentity();
  Result<Credentials> FetchContainer();
  Result<Credentials> FetchInstance();
  std::string Variable(const std::string& name) const;
  // Changes when a source that cannot tell an expiry has something new.
  std::string StampOf(S3CredentialSource source) const;
  std::string ProfileFile(const char* variable, const char* name) const;

  const S3Config& config_;
  HttpTransport* const transport_;
  std::mutex mutex_;
  Kept kept_;
  int64_t next_try_ms_ = 0;  // of credentials that are about to expire
};

}  // namespace sluice::s3
