// SPDX-License-Identifier: Apache-2.0
#include "channel/remote_channel.h"

#include <utility>

#include "base/spark_error.h"
#include "channel/remote_client.h"
#include "channel/remote_rows.h"
#include "env/ca_bundle.h"
#include "env/env.h"
#include "env/file_system.h"
#include "env/posix_file.h"
#include "exec/operator.h"

namespace sluice {
namespace {

namespace sc = spark::connect;

class Remote : public Channel {
 public:
  explicit Remote(std::shared_ptr<RemoteClient> client) : client_(std::move(client)) {}

  Result<Execution> ExecutePlan(sc::ExecutePlanRequest request) override {
    const bool relation = request.plan().has_root();
    auto operation = std::make_unique<RemoteOperation>(client_, std::move(request));
    Execution execution;
    if (relation) {
      SLUICE_ASSIGN(execution.rows, RemoteRows::Open(std::move(operation)));
      execution.schema = execution.rows->schema();
      return execution;
    }
    for (;;) {
      SLUICE_ASSIGN(auto response, operation->Next());
      if (!response) return execution;
      // Callers look at what a command answers, not at how it went.
      const bool answer = response->response_type_case() != sc::ExecutePlanResponse::RESPONSE_TYPE_NOT_SET;
      if (answer) execution.messages.push_back(std::move(*response));
    }
  }

  Result<sc::AnalyzePlanResponse> AnalyzePlan(sc::AnalyzePlanRequest request) override {
    return client_->Call<sc::AnalyzePlanResponse>("AnalyzePlan", std::move(request));
  }
  Result<sc::ConfigResponse> Config(sc::ConfigRequest request) override {
    return client_->Call<sc::ConfigResponse>("Config", std::move(request));
  }
  Status ReleaseSession() override {
    return client_->Call<sc::ReleaseSessionResponse>("ReleaseSession", sc::ReleaseSessionRequest()).status();
  }
  bool is_remote() const override { return true; }

 private:
  const std::shared_ptr<RemoteClient> client_;
};

Result<TransportTarget> TargetOf(const ConnectionString& connection, Env* env) {
  TransportTarget target;
  target.address = connection.address();
  target.headers = connection.headers;
  if (!connection.token.empty()) target.headers.emplace_back("authorization", "Bearer " + connection.token);
  target.tls = connection.tls();
  if (!target.tls) return target;
  SLUICE_ASSIGN(const std::string file, FindCaBundle("", "SSL_CERT_FILE", env->Variable("SSL_CERT_FILE").value_or("")));
  SLUICE_ASSIGN(target.roots, ReadPlainFile(file, kSmallFileBytes));
  return target;
}

}  // namespace

Result<std::shared_ptr<Channel>> RemoteChannel(const std::string& url, const std::shared_ptr<Env>& env,
                                               const TransportOpener& open, RetryPolicy retry) {
  SLUICE_ASSIGN(ConnectionString connection,
                ParseConnectionString(url, [&](const std::string& name) { return env->Variable(name); }));
  if (connection.session_id.empty()) connection.session_id = env->NewUuid();
  SLUICE_ASSIGN(const TransportTarget target, TargetOf(connection, env.get()));
  SLUICE_ASSIGN(auto transport, open(target));
  return std::make_shared<Remote>(std::make_shared<RemoteClient>(std::move(connection), std::move(transport),
                                                                 std::move(retry), [env] { return env->NewUuid(); }));
}

sc::ConfigRequest SilentSettings(const std::map<std::string, std::string>& conf) {
  sc::ConfigRequest request;
  auto* set = request.mutable_operation()->mutable_set();
  set->set_silent(true);
  for (const auto& [key, value] : conf) {
    auto* pair = set->add_pairs();
    pair->set_key(key);
    pair->set_value(value);
  }
  return request;
}

}  // namespace sluice
