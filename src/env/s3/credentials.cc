// SPDX-License-Identifier: Apache-2.0
#include "env/s3/credentials.h"

#include <aws/auth/credentials.h>
#include <aws/common/error.h>
#include <fmt/format.h>

#include "base/logging.h"
#include "base/process_metrics.h"
#include "base/spark_error.h"
#include "env/dotenv_file.h"

namespace sluice::s3 {
namespace {

constexpr int64_t kRenewBeforeMs = 60'000;
constexpr int64_t kRetryMs = 5'000;  // between tries to replace credentials that still hold

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

std::string CredentialStore::ProfileFile(const char* variable, const char* name) const {
  const std::string set = Variable(variable);
  return set.empty() ? Variable("HOME") + "/.aws/" + name : set;
}

std::string CredentialStore::StampOf(S3CredentialSource source) const {
  const bool environment = source == S3CredentialSource::kEnvironment ||
                           (source == S3CredentialSource::kStatic && config_.keys_follow_environment);
  if (environment) {
    return Variable("AWS_ACCESS_KEY_ID") + "\n" + Variable("AWS_SECRET_ACCESS_KEY") + "\n" +
           Variable("AWS_SESSION_TOKEN");
  }
  if (source == S3CredentialSource::kProfile) {
    return FileStamp(ProfileFile("AWS_SHARED_CREDENTIALS_FILE", "credentials")) + "\n" +
           FileStamp(ProfileFile("AWS_CONFIG_FILE", "config"));
  }
  return "";
}

Result<Credentials> CredentialStore::Get() {
  std::lock_guard lock(mutex_);
  const int64_t now = config_.clock->NowMillis();
  const bool holds = kept_.credentials != nullptr && now < ExpiresMs(kept_.credentials);
  if (holds) {
    const bool due = now >= ExpiresMs(kept_.credentials) - kRenewBeforeMs && now >= next_try_ms_;
    if (!due && StampOf(kept_.source) == kept_.stamp) return kept_.credentials;
  }
  next_try_ms_ = now + kRetryMs;
  auto fetched = FetchAny();
  if (fetched.ok()) {
    kept_ = *std::move(fetched);
    return kept_.credentials;
  }
  if (!holds) return fetched.status();
  Log(LogLevel::kWarn, "S3 credentials could not be renewed; those from before are used while they hold: {}",
      fetched.status().message());
  kept_.stamp = StampOf(kept_.source);
  return kept_.credentials;
}

Result<bool> CredentialStore::Renew(const Credentials& used) {
  std::lock_guard lock(mutex_);
  if (kept_.credentials != used) return true;  // another thread was faster
  SLUICE_ASSIGN(Kept fetched, FetchAny());
  const bool newer = !SameKeys(fetched.credentials, used);
  kept_ = std::move(fetched);
  return newer;
}

std::string CredentialStore::HowToRenew(bool certain) {
  constexpr std::string_view kRenewing =
      "A .env file, a profile in ~/.aws/credentials, credential_process, and the role of a container or an instance "
      "are asked again while a query runs.";
  constexpr std::string_view kAllThree = "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, all three)";
  const std::string_view expired = certain ? "have expired" : "may have expired";
  std::lock_guard lock(mutex_);
  const bool is_static = kept_.source == S3CredentialSource::kStatic;
  if (kept_.source == S3CredentialSource::kEnvironment || (is_static && config_.keys_follow_environment)) {
    const std::string file = config_.file_of_variable ? config_.file_of_variable("AWS_ACCESS_KEY_ID") : "";
    if (!file.empty()) {
      return fmt::format(
          "The temporary credentials {}: paste fresh ones {} into {}. A query that runs reads the file again "
          "by itself; this one goes on where it stopped when it is started again.",
          expired, kAllThree, file);
    }
    return fmt::format(
        "The temporary credentials {}. They are in the environment of this process, which cannot change "
        "while it runs: start it again with fresh ones {}. {}",
        expired, kAllThree, kRenewing);
  }
  if (is_static) {
    return fmt::format(
        "The temporary credentials {}. They are in the settings, which cannot change while a query runs: "
        "start again with a fresh fs.s3a.access.key, fs.s3a.secret.key and fs.s3a.session.token. {}",
        expired, kRenewing);
  }
  if (kept_.source == S3CredentialSource::kProfile) {
    return fmt::format(
        "The temporary credentials of the profile {}: write fresh ones into {}, or log in again "
        "where the profile says so.",
        expired, ProfileFile("AWS_SHARED_CREDENTIALS_FILE", "credentials"));
  }
  return "The temporary credentials have expired, and where they came from gave no newer ones. Is the clock of this "
         "machine right?";
}

Result<CredentialStore::Kept> CredentialStore::FetchAny() {
  for (const S3CredentialSource source : config_.credential_sources) {
    // Taken before the source is read: a change in between is then seen at the next look.
    std::string stamp = StampOf(source);
    SLUICE_ASSIGN(Credentials found, FetchFrom(source));
    if (found == nullptr) continue;
    Hide(found);
    const int64_t expires = ExpiresMs(found);
    TheProcessMetrics().credentials_fetched_ms = config_.clock->NowMillis();
    TheProcessMetrics().credentials_expire_ms = expires == INT64_MAX ? 0 : expires;
    return Kept{std::move(found), source, std::move(stamp)};
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
  if (config_.keys_follow_environment) {
    SLUICE_ASSIGN(Credentials now, FetchEnvironment());
    if (now != nullptr) return now;
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
  // Only roles need TLS here: keys in a file serve without authorities too. A context of the library's own would take
  // TLS 1.0.
  aws_tls_ctx* tls = transport_->TlsContext().ValueOr(nullptr);
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
  if (found != nullptr || tls == nullptr) return found;
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
