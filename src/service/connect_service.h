// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <spark/connect/base.pb.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

class Operator;
class Process;
class Session;

// What ExecutePlan gives: the rows of a relation, pulled by the caller, or the messages of a command.
struct Execution {
  Execution();
  Execution(Execution&&) noexcept;
  Execution& operator=(Execution&&) noexcept;
  ~Execution();
  std::shared_ptr<arrow::Schema> schema;  // null for a command
  std::unique_ptr<Operator> rows;         // null for a command
  std::vector<spark::connect::ExecutePlanResponse> messages;
  std::shared_ptr<Session> session;  // lives as long as its rows
};

// Spark Connect's service without a transport: every door (C++ API, SQL file, gRPC) hands its messages to this.
// Thread-safe. A session begins with the first request that names it.
class ConnectService {
 public:
  explicit ConnectService(std::shared_ptr<Process> process) : process_(std::move(process)) {}
  ~ConnectService();

  Result<Execution> ExecutePlan(const spark::connect::ExecutePlanRequest& request);
  Result<spark::connect::AnalyzePlanResponse> AnalyzePlan(const spark::connect::AnalyzePlanRequest& request);
  Result<spark::connect::ConfigResponse> Config(const spark::connect::ConfigRequest& request);
  Result<spark::connect::ReleaseSessionResponse> ReleaseSession(const spark::connect::ReleaseSessionRequest& request);

  Result<std::shared_ptr<Session>> SessionOf(const std::string& session_id);
  std::string NewSessionId() const;

 private:
  const std::shared_ptr<Process> process_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Session>> sessions_;
};

}  // namespace sluice
