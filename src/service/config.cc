// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/spark_error.h"
#include "service/handlers.h"
#include "service/remote_config.h"
#include "session/session.h"

namespace sluice::service {
namespace {

using spark::connect::ConfigRequest;
using spark::connect::ConfigResponse;

void AddPair(const std::string& key, const std::optional<std::string>& value, ConfigResponse* response) {
  auto* pair = response->add_pairs();
  pair->set_key(key);
  if (value) pair->set_value(*value);
}

bool IsKnown(const Conf& conf, const std::string& key) {
  return conf.Find(key) || FindSetting(key) != nullptr;
}

Status GetKeys(const Conf& conf, const ConfigRequest::Get& get, ConfigResponse* response) {
  for (const std::string& key : get.keys()) {
    if (!IsKnown(conf, key)) {
      return UserError("SQL_CONF_NOT_FOUND", fmt::format("The setting {} is not set and has no default.", key));
    }
    AddPair(key, conf.Get(key), response);
  }
  return Status::OK();
}

void GetAll(const Conf& conf, const ConfigRequest::GetAll& get, ConfigResponse* response) {
  for (const auto& [key, value] : conf.values()) {
    if (key.starts_with(get.prefix())) AddPair(key, value, response);
  }
}

}  // namespace

Result<ConfigResponse> Config(Session* session, const ConfigRequest& request) {
  ConfigResponse response;
  response.set_session_id(request.session_id());
  const Conf conf = session->conf();
  switch (request.operation().op_type_case()) {
    case ConfigRequest::Operation::kSet:
      for (const auto& pair : request.operation().set().pairs()) {
        SLUICE_RETURN_IF_ERROR(session->SetConf(pair.key(), pair.value()));
      }
      break;
    case ConfigRequest::Operation::kGet:
      SLUICE_RETURN_IF_ERROR(GetKeys(conf, request.operation().get(), &response));
      break;
    case ConfigRequest::Operation::kGetWithDefault:
      SLUICE_RETURN_IF_ERROR(GetWithDefaults(conf, request.operation().get_with_default(), &response));
      break;
    case ConfigRequest::Operation::kGetOption:
      for (const std::string& key : request.operation().get_option().keys()) {
        AddPair(key, IsKnown(conf, key) ? std::optional(conf.Get(key)) : std::nullopt, &response);
      }
      break;
    case ConfigRequest::Operation::kGetAll:
      GetAll(conf, request.operation().get_all(), &response);
      break;
    case ConfigRequest::Operation::kUnset:
      for (const std::string& key : request.operation().unset().keys()) session->UnsetConf(key);
      break;
    case ConfigRequest::Operation::kIsModifiable:
      for (const std::string& key : request.operation().is_modifiable().keys()) AddPair(key, "true", &response);
      break;
    default:
      return NotSupported("This operation on settings is not supported.");
  }
  return response;
}

}  // namespace sluice::service
