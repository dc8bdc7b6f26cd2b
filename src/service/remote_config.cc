// SPDX-License-Identifier: Apache-2.0
#include "service/remote_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/spark_error.h"
#include "session/session.h"

namespace sluice {
namespace {

using spark::connect::ConfigRequest;
using spark::connect::ConfigResponse;

struct ClientSetting {
  std::string_view key;
  std::string_view value;
};

// What Spark's clients ask for, with the answers of Spark 4.2: they decide what the client does by itself.
constexpr ClientSetting kClientSettings[] = {
    {"spark.connect.session.planCompression.defaultAlgorithm", "ZSTD"},
    {"spark.connect.session.planCompression.threshold", "10485760"},
    {"spark.python.sql.dataFrameDebugging.enabled", "true"},
    {"spark.sql.connect.serverStacktrace.enabled", "false"},
    {"spark.sql.execution.arrow.maxRecordsPerBatch", "10000"},
    {"spark.sql.execution.arrow.pyspark.enabled", "true"},
    {"spark.sql.execution.arrow.pyspark.fallback.enabled", "true"},
    {"spark.sql.execution.arrow.pyspark.selfDestruct.enabled", "false"},
    {"spark.sql.execution.arrow.useLargeVarTypes", "false"},
    {"spark.sql.execution.pandas.convertToArrowArraySafely", "true"},
    {"spark.sql.execution.pandas.inferPandasDictAsMap", "false"},
    {"spark.sql.execution.pandas.structHandlingMode", "legacy"},
    {"spark.sql.execution.pyspark.binaryAsBytes", "true"},
    {"spark.sql.execution.pythonUDF.arrow.enabled", "true"},
    {"spark.sql.execution.pythonUDTF.arrow.enabled", "true"},
    {"spark.sql.pyspark.inferNestedDictAsStruct.enabled", "false"},
    {"spark.sql.pyspark.jvmStacktrace.enabled", "false"},
    {"spark.sql.pyspark.legacy.inferArrayTypeFromFirstElement.enabled", "false"},
    {"spark.sql.pyspark.legacy.inferMapTypeFromFirstPair.enabled", "false"},
    {"spark.sql.repl.eagerEval.enabled", "false"},
    {"spark.sql.repl.eagerEval.maxNumRows", "20"},
    {"spark.sql.repl.eagerEval.truncate", "20"},
    {"spark.sql.session.localRelationBatchOfChunksSizeBytes", "1073741824"},
    {"spark.sql.session.localRelationCacheThreshold", "1048576"},
    {"spark.sql.session.localRelationChunkSizeBytes", "16777216"},
    {"spark.sql.session.localRelationChunkSizeRows", "10000"},
    {"spark.sql.session.localRelationSizeLimit", "3221225472"},
};

// Sessions share these: the server's own --conf sets them.
constexpr std::string_view kOfTheProcess[] = {
    "spark.executor.pyspark.memory", "spark.executorEnv.",    "spark.pyspark.",        "spark.sluice.log.",
    "spark.sluice.memory",           "spark.sluice.metrics.", "spark.sluice.progress", "spark.sluice.stopOnSignal",
    "spark.sluice.threads"};
constexpr std::string_view kStatic[] = {"spark.sql.warehouse.dir", "spark.sql.extensions",
                                        "spark.sql.streaming.ui.enabled"};
// Builders hand these over with all others; Spark's own catalogs are not Sluice's.
constexpr std::string_view kIgnored[] = {"spark.sql.catalog."};

template <typename List>
bool BeginsWithOne(const std::string& key, const List& prefixes) {
  return std::any_of(std::begin(prefixes), std::end(prefixes),
                     [&](std::string_view prefix) { return key.starts_with(prefix); });
}

std::optional<std::string> ValueOf(const Conf& conf, const std::string& key) {
  if (auto value = conf.Find(key)) return value;
  const auto* row = std::find_if(std::begin(kClientSettings), std::end(kClientSettings),
                                 [&](const ClientSetting& known) { return known.key == key; });
  if (row != std::end(kClientSettings)) return std::string(row->value);
  if (FindSetting(key) != nullptr) return conf.Get(key);
  return std::nullopt;
}

void AddPair(const std::string& key, const std::optional<std::string>& value, ConfigResponse* response) {
  auto* pair = response->add_pairs();
  pair->set_key(key);
  if (value) pair->set_value(*value);
}

Status SetPairs(Session* session, const ConfigRequest::Set& set, ConfigResponse* response) {
  for (const auto& pair : set.pairs()) {
    if (BeginsWithOne(pair.key(), kIgnored)) continue;
    Status done = CheckModifiable(pair.key());
    if (done.ok()) done = session->SetConf(pair.key(), pair.value());
    if (done.ok()) continue;
    if (!set.silent()) return done;
    const SparkErrorDetail* detail = FindSparkError(done);
    response->add_warnings(detail != nullptr ? detail->message : done.message());
  }
  return Status::OK();
}

Status GetKeys(const Conf& conf, const ConfigRequest::Get& get, ConfigResponse* response) {
  for (const std::string& key : get.keys()) {
    auto value = ValueOf(conf, key);
    if (!value) {
      return UserError("SQL_CONF_NOT_FOUND",
                       fmt::format("The SQL config \"{}\" cannot be found. Please verify that the config exists.", key),
                       {{"sqlConf", "\"" + key + "\""}});
    }
    AddPair(key, value, response);
  }
  return Status::OK();
}

void GetAll(const Conf& conf, const ConfigRequest::GetAll& get, ConfigResponse* response) {
  const std::string& prefix = get.prefix();
  for (const auto& [key, value] : conf.values()) {
    if (!key.starts_with(prefix)) continue;
    AddPair(key.substr(prefix.size()), IsSecretKey(key) ? "*********(redacted)" : value, response);
  }
}

}  // namespace

Status CheckModifiable(const std::string& key) {
  if (BeginsWithOne(key, kOfTheProcess)) {
    return UserError("CANNOT_MODIFY_CONFIG",
                     fmt::format("Cannot modify the value of the Spark config: \"{}\". It belongs to the whole server: "
                                 "give it by --conf when that starts.",
                                 key),
                     {{"key", "\"" + key + "\""}, {"docroot", ""}});
  }
  if (BeginsWithOne(key, kStatic)) {
    return UserError("CANNOT_MODIFY_STATIC_CONFIG",
                     fmt::format("Cannot modify the value of the static Spark config: \"{}\".", key),
                     {{"key", "\"" + key + "\""}});
  }
  return Status::OK();
}

Status GetWithDefaults(const Conf& conf, const ConfigRequest::GetWithDefault& get, ConfigResponse* response) {
  for (const auto& pair : get.pairs()) {
    auto value = conf.Find(pair.key());
    if (!value && pair.has_value()) {
      const Status fits = Conf().Set(pair.key(), pair.value());
      if (HasErrorClass(fits, "INVALID_CONF_VALUE.TYPE_MISMATCH")) return fits;
      value = pair.value();
    }
    AddPair(pair.key(), value, response);
  }
  return Status::OK();
}

Result<ConfigResponse> RemoteConfig(Session* session, const ConfigRequest& request) {
  ConfigResponse response;
  const Conf conf = session->conf();
  const auto& operation = request.operation();
  switch (operation.op_type_case()) {
    case ConfigRequest::Operation::kSet:
      SLUICE_RETURN_IF_ERROR(SetPairs(session, operation.set(), &response));
      break;
    case ConfigRequest::Operation::kGet:
      SLUICE_RETURN_IF_ERROR(GetKeys(conf, operation.get(), &response));
      break;
    case ConfigRequest::Operation::kGetWithDefault:
      SLUICE_RETURN_IF_ERROR(GetWithDefaults(conf, operation.get_with_default(), &response));
      break;
    case ConfigRequest::Operation::kGetOption:
      for (const std::string& key : operation.get_option().keys()) AddPair(key, ValueOf(conf, key), &response);
      break;
    case ConfigRequest::Operation::kGetAll:
      GetAll(conf, operation.get_all(), &response);
      break;
    case ConfigRequest::Operation::kUnset:
      for (const std::string& key : operation.unset().keys()) {
        SLUICE_RETURN_IF_ERROR(CheckModifiable(key));
        session->UnsetConf(key);
      }
      break;
    case ConfigRequest::Operation::kIsModifiable:
      for (const std::string& key : operation.is_modifiable().keys()) {
        const bool known = FindSetting(key) != nullptr || ValueOf(conf, key).has_value();
        AddPair(key, known && CheckModifiable(key).ok() ? "true" : "false", &response);
      }
      break;
    default:
      return UserError("CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET", "A Config request names no operation.",
                       {{"fullName", "spark.connect.ConfigRequest.Operation"}, {"name", "op_type"}});
  }
  return response;
}

}  // namespace sluice
