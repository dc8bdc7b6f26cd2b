// SPDX-License-Identifier: Apache-2.0
#include "channel/channel.h"
#include "exec/operator.h"

namespace sluice {
namespace {

class InProcess : public Channel {
 public:
  InProcess(std::shared_ptr<ConnectService> service, std::string session_id)
      : service_(std::move(service)), session_id_(std::move(session_id)) {}

  Result<Execution> ExecutePlan(spark::connect::ExecutePlanRequest request) override {
    request.set_session_id(session_id_);
    return service_->ExecutePlan(request);
  }
  Result<spark::connect::AnalyzePlanResponse> AnalyzePlan(spark::connect::AnalyzePlanRequest request) override {
    request.set_session_id(session_id_);
    return service_->AnalyzePlan(request);
  }
  Result<spark::connect::ConfigResponse> Config(spark::connect::ConfigRequest request) override {
    request.set_session_id(session_id_);
    return service_->Config(request);
  }
  Status ReleaseSession() override {
    spark::connect::ReleaseSessionRequest request;
    request.set_session_id(session_id_);
    return service_->ReleaseSession(request).status();
  }
  bool is_remote() const override { return false; }

 private:
  const std::shared_ptr<ConnectService> service_;
  const std::string session_id_;
};

}  // namespace

std::shared_ptr<Channel> InProcessChannel(std::shared_ptr<ConnectService> service, std::string session_id) {
  return std::make_shared<InProcess>(std::move(service), std::move(session_id));
}

}  // namespace sluice
