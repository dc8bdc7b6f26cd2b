// SPDX-License-Identifier: Apache-2.0
#include "channel/remote_error.h"

#include <fmt/format.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/spark_error.h"

namespace sluice {
namespace {

using spark::connect::FetchErrorDetailsResponse;

constexpr int kUnimplemented = 12;
constexpr int kUnauthenticated = 16;
constexpr int kPermissionDenied = 7;

// An error as the server wrote it: its text has class, SQLSTATE and place already.
class RemoteErrorDetail : public SparkErrorDetail {
 public:
  std::string whole;
  std::string ToString() const override { return whole; }
};

template <typename Message>
std::optional<Message> FindDetail(const CallEnd& end) {
  google::rpc::Status status;
  if (end.details.empty() || !status.ParseFromString(end.details)) return std::nullopt;
  for (const auto& detail : status.details()) {
    Message message;
    if (detail.UnpackTo(&message)) return message;
  }
  return std::nullopt;
}

std::string MetadataOf(const google::rpc::ErrorInfo& info, const std::string& key) {
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "" : found->second;
}

ErrorParameters ParametersOf(const google::rpc::ErrorInfo& info) {
  ErrorParameters parameters;
  const auto json = nlohmann::json::parse(MetadataOf(info, "messageParameters"), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return parameters;
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) parameters[name] = value.get<std::string>();
  }
  return parameters;
}

void AddInfo(const google::rpc::ErrorInfo& info, RemoteErrorDetail* detail) {
  detail->error_class = MetadataOf(info, "errorClass");
  detail->sqlstate = MetadataOf(info, "sqlState");
  detail->parameters = ParametersOf(info);
}

void AddDetails(const FetchErrorDetailsResponse& details, RemoteErrorDetail* detail) {
  const int root = details.root_error_idx();
  if (root < 0 || root >= details.errors_size()) return;
  const auto& error = details.errors(root);
  if (!error.message().empty()) detail->whole = error.message();
  if (!error.has_spark_throwable()) return;
  const auto& throwable = error.spark_throwable();
  if (!throwable.error_class().empty()) detail->error_class = throwable.error_class();
  if (!throwable.sql_state().empty()) detail->sqlstate = throwable.sql_state();
  for (const auto& [name, value] : throwable.message_parameters()) detail->parameters[name] = value;
}

Status WithoutClass(const CallEnd& end, const std::string& address) {
  switch (end.code) {
    case CallEnd::kUnavailable:
      return EnvironmentError("SLUICE_REMOTE.UNAVAILABLE",
                              fmt::format("The Spark Connect server {} cannot be reached: {}.", address, end.message),
                              /*retryable=*/true);
    case kUnauthenticated:
    case kPermissionDenied:
      return EnvironmentError("SLUICE_REMOTE.UNAUTHENTICATED",
                              fmt::format("The Spark Connect server {} refuses the caller: {} A token is given as "
                                          "sc://host:port/;token=...",
                                          address, end.message));
    case kUnimplemented:
      return EnvironmentError("SLUICE_REMOTE.UNIMPLEMENTED",
                              fmt::format("{} is no Spark Connect server, or an older one: {}", address, end.message));
    default:
      return EnvironmentError("SLUICE_REMOTE.FAILED",
                              fmt::format("A call to the Spark Connect server {} failed with gRPC's code {}: {}",
                                          address, end.code, end.message));
  }
}

}  // namespace

std::string ErrorIdOf(const CallEnd& end) {
  const auto info = FindDetail<google::rpc::ErrorInfo>(end);
  return info ? MetadataOf(*info, "errorId") : "";
}

Status ErrorOf(const CallEnd& end, const FetchErrorDetailsResponse* details, const std::string& address) {
  const auto info = FindDetail<google::rpc::ErrorInfo>(end);
  if (!info) return WithoutClass(end, address);
  auto detail = std::make_shared<RemoteErrorDetail>();
  detail->whole = end.message;
  AddInfo(*info, detail.get());
  if (details != nullptr) AddDetails(*details, detail.get());
  detail->message = detail->whole;
  const std::string text = detail->whole;
  return Status(arrow::StatusCode::Invalid, text, std::move(detail));
}

bool IsWorthARetry(const CallEnd& end) {
  if (end.ok()) return false;
  if (end.code == CallEnd::kUnavailable || FindDetail<google::rpc::RetryInfo>(end)) return true;
  return end.code == CallEnd::kInternal && end.message.find("INVALID_CURSOR.DISCONNECTED") != std::string::npos;
}

}  // namespace sluice
