// SPDX-License-Identifier: Apache-2.0
#include "env/s3/credentials.h"

#include <aws/auth/credentials.h>
#include <aws/common/error.h>
#include <fmt/format.h>

#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice::s3 {
namespace {

constexpr int64_t kRenewBeforeMs = 60'000;

// Null credentials: the source has none, which is no error for a list of sources.
const Credentials kNone;

Credentials Own(aws_credentials* credentials) {
  return {credentials, [](const aws_credentials* c) { aws_credentials_release(c); }};
}

struct Answer {
  Latch latch;
  Credentials credentials;
  int error = 0;
};

void OnCredentials(aws_credentials* credentials, int error_code, void* user_data) {
  auto* answer = static_cast<Answer*>(user_data);
  if (credentials != nullptr) {
    aws_credentials_acquire(credentials);
    answer->credentials = Own(credentials);
  }
  answer->error = error_code;
  answer->latch.Open();
}

// Asks one of the library's providers once and lets it go. `make` gets the shutdown options to set.
template <typename Make>
Credentials AskOnce(std::string_view what, Make make) {
  Latch gone;
  aws_credentials_provider_shutdown_options shutdown{};
  shutdown.shutdown_callback = OpenLatch;
  shutdown.shutdown_user_data = &gone;
  aws_credentials_provider* provider = make(shutdown);
  if (provider == nullptr) {
    Log(LogLevel::kDebug, "S3 credentials: {}: {}", what, CrtErrorText(aws_last_error()));
    return kNone;
  }
  Answer answer;
  if (aws_credentials_provider_get_credentials(provider, OnCredentials, &answer) == AWS_OP_SUCCESS) {
    answer.latch.Wait();
    if (answer.credentials == nullptr)
      Log(LogLevel::kDebug, "S3 credentials: {}: {}", what, CrtErrorText(answer.error));
  }
  aws_credentials_provider_release(provider);
  gone.Wait();
  return answer.credentials;
}

bool SameKeys(const Credentials& a, const Credentials& b) {
  const auto same = [](const aws_byte_cursor& x, const aws_byte_cursor& y) { return View(x) == View(y); };
  return same(aws_credentials_get_access_key_id(a.get()), aws_credentials_get_access_key_id(b.get())) &&
         same(aws_credentials_get_secret_access_key(a.get()), aws_credentials_get_secret_access_key(b.get())) &&
         same(aws_credentials_get_session_token(a.get()), aws_credentials_get_session_token(b.get()));
}

void Hide(const Credentials& credentials) {
  RegisterSecret(View(aws_credentials_get_secret_access_key(credentials.get())));
  RegisterSecret(View(aws_credentials_get_session_token(credentials.get())));
}

int64_t ExpiresMs(const Credentials& credentials) {
  const uint64_t seconds = aws_credentials_get_expiration_timepoint_seconds(credentials.get());
  return seconds > static_cast<uint64_t>(INT64_MAX / 1000) ? INT64_MAX : static_cast<int64_t>(seconds) * 1000;
}

}  // namespace

CredentialStore::CredentialStore(const S3Config& config, HttpTransport* transport)
    : config_(config), transport_(transport) {}

std::string CredentialStore::Variable(const std::string& name) const {
  return config_.variable ? config_.variable(name).value_or("") : "";
}

Result<Credentials> CredentialStore::Get() {
  std::lock_guard lock(mutex_);
  const int64_t now = config_.clock->NowMillis();
  if (current_ != nullptr && now < ExpiresMs(current_) - kRenewBeforeMs) return current_;
  auto fetched = Fetch();
  if (fetched.ok()) return current_ = *fetched;
  if (current_ != nullptr && now < ExpiresMs(current_)) {
    Log(LogLevel::kWarn, "S3 credentials expire within a minute and could not be renewed: {}",
        fetched.status().message());
    return current_;
  }
  return fetched.status();
}

Result<bool> CredentialStore::Renew(const Credentials& used) {
  std::lock_guard lock(mutex_);
  if (current_ != used) return true;  // another thread was faster
  SLUICE_ASSIGN(Credentials fetched, Fetch());
  const bool newer = !SameKeys(fetched, used);
  current_ = std::move(fetched);
  return newer;
}

Result<Credentials> CredentialStore::Fetch() {
  for (const S3CredentialSource source : config_.credential_sources) {
    SLUICE_ASSIGN(Credentials found, FetchFrom(source));
    if (found == nullptr) continue;
    Hide(found);
    return found;
  }
  return EnvironmentError("SLUICE_S3.NO_CREDENTIALS",
                          "No credentials for S3: none in the settings (fs.s3a.access.key, fs.s3a.secret.key, "
                          "fs.s3a.session.token), the environment or .env file (AWS_ACCESS_KEY_ID, "
                          "AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), or the other sources that "
                          "fs.s3a.aws.credentials.provider allows.");
}

Result<Credentials> CredentialStore::FetchFrom(S3CredentialSource source) {
  switch (source) {
    case S3CredentialSource::kStatic:
      return FetchStatic();
    case S3CredentialSource::kEnvironment:
      return FetchEnvironment();
    case S3CredentialSource::kProfile:
      return FetchProfile();
    case S3CredentialSource::kWebIdentity:
      return FetchWebIdentity();
    case S3CredentialSource::kContainer:
      return FetchContainer();
    case S3CredentialSource::kInstance:
      return FetchInstance();
    case S3CredentialSource::kAnonymous:
      return Own(aws_credentials_new_anonymous(transport_->runtime().allocator()));
  }
  return kNone;
}

Result<Credentials> CredentialStore::FetchStatic() {
  if (config_.access_key.empty() && config_.secret_key.empty()) return kNone;
  if (config_.access_key.empty() || config_.secret_key.empty()) {
    return UserError("SLUICE_S3.CONFIGURATION",
                     "fs.s3a.access.key and fs.s3a.secret.key belong together: one of them is not set.");
  }
  return Own(aws_credentials_new(transport_->runtime().allocator(), Cursor(config_.access_key),
                                 Cursor(config_.secret_key), Cursor(config_.session_token), UINT64_MAX));
}

Result<Credentials> CredentialStore::FetchEnvironment() {
  const std::string access = Variable("AWS_ACCESS_KEY_ID");
  const std::string secret = Variable("AWS_SECRET_ACCESS_KEY");
  if (access.empty() && secret.empty()) return kNone;
  if (access.empty() || secret.empty()) {
    return UserError(
        "SLUICE_S3.CONFIGURATION",
        fmt::format("{} is set, but {} is not.", access.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                    access.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"));
  }
  return Own(aws_credentials_new(transport_->runtime().allocator(), Cursor(access), Cursor(secret),
                                 Cursor(Variable("AWS_SESSION_TOKEN")), UINT64_MAX));
}

Result<Credentials> CredentialStore::FetchProfile() {
  const CrtRuntime& runtime = transport_->runtime();
  const std::string profile = Variable("AWS_PROFILE");
  const std::string config_file = Variable("AWS_CONFIG_FILE");
  const std::string credentials_file = Variable("AWS_SHARED_CREDENTIALS_FILE");
  // Only roles need TLS here; without a bundle of the user's the library makes its own context when it comes to that.
  aws_tls_ctx* tls = config_.ca_bundle.empty() ? nullptr : transport_->TlsContext().ValueOr(nullptr);
  const Credentials found = AskOnce("profile", [&](const auto& shutdown) {
    aws_credentials_provider_profile_options options{};
    options.shutdown_options = shutdown;
    options.profile_name_override = Cursor(profile);
    options.config_file_name_override = Cursor(config_file);
    options.credentials_file_name_override = Cursor(credentials_file);
    options.bootstrap = runtime.bootstrap();
    options.tls_ctx = tls;
    return aws_credentials_provider_new_profile(runtime.allocator(), &options);
  });
  if (found != nullptr) return found;
  if (found != nullptr) return found;
  tls = transport_->TlsContext().ValueOr(nullptr);
  if (tls == nullptr) return kNone;
  return AskOnce("SSO", [&](const auto& shutdown) {
    aws_credentials_provider_sso_options options{};
    options.shutdown_options = shutdown;
    options.profile_name_override = Cursor(profile);
    options.bootstrap = runtime.bootstrap();
    options.tls_ctx = tls;
    return aws_credentials_provider_new_sso(runtime.allocator(), &options);
  });
}

Result<Credentials> CredentialStore::FetchWebIdentity() {
  const std::string token_file = Variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  const std::string role = Variable("AWS_ROLE_ARN");
  if (token_file.empty() || role.empty()) return kNone;
  const std::string session = Variable("AWS_ROLE_SESSION_NAME");
  const CrtRuntime& runtime = transport_->runtime();
  SLUICE_ASSIGN(aws_tls_ctx * tls, transport_->TlsContext());
  return AskOnce("web identity", [&](const auto& shutdown) {
    aws_credentials_provider_sts_web_identity_options options{};
    options.shutdown_options = shutdown;
    options.bootstrap = runtime.bootstrap();
    options.tls_ctx = tls;
    options.region = Cursor(config_.region);
    options.role_arn = Cursor(role);
    options.role_session_name = Cursor(session);
    options.token_file_path = Cursor(token_file);
    return aws_credentials_provider_new_sts_web_identity(runtime.allocator(), &options);
  });
}

Result<Credentials> CredentialStore::FetchContainer() {
  if (Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() &&
      Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty()) {
    return kNone;
  }
  const CrtRuntime& runtime = transport_->runtime();
  aws_tls_ctx* tls = transport_->TlsContext().ValueOr(nullptr);
  return AskOnce("container", [&](const auto& shutdown) {
    aws_credentials_provider_ecs_environment_options options{};
    options.shutdown_options = shutdown;
    options.bootstrap = runtime.bootstrap();
    options.tls_ctx = tls;
    return aws_credentials_provider_new_ecs_from_environment(runtime.allocator(), &options);
  });
}

Result<Credentials> CredentialStore::FetchInstance() {
  const std::string disabled = Variable("AWS_EC2_METADATA_DISABLED");
  if (disabled == "true" || disabled == "TRUE" || disabled == "True") return kNone;
  const CrtRuntime& runtime = transport_->runtime();
  const std::string endpoint = Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  return AskOnce("instance metadata", [&](const auto& shutdown) {
    aws_credentials_provider_imds_options options{};
    options.shutdown_options = shutdown;
    options.bootstrap = runtime.bootstrap();
    options.imds_endpoint = Cursor(endpoint);
    return aws_credentials_provider_new_imds(runtime.allocator(), &options);
  });
}

}  // namespace sluice::s3
