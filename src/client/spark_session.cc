// SPDX-License-Identifier: Apache-2.0
#include "sluice/spark_session.h"

#include <unistd.h>

#include <cstdlib>

#include "base/logging.h"
#include "base/spark_error.h"
#include "client/errors.h"
#include "client/handles.h"
#include "env/dotenv_file.h"
#include "env/env.h"
#include "session/process.h"

namespace sluice {
namespace {

using spark::connect::ConfigRequest;

ConfigRequest NewConfig(const SessionHandle& session) {
  ConfigRequest request;
  request.set_session_id(session.session_id);
  return request;
}

spark::connect::Relation ReadOf(const std::string& format, const std::string& schema,
                                const std::map<std::string, std::string>& options, const std::string& path) {
  spark::connect::Relation relation;
  auto* source = relation.mutable_read()->mutable_data_source();
  if (!format.empty()) source->set_format(format);
  if (!schema.empty()) source->set_schema(schema);
  for (const auto& [key, value] : options) (*source->mutable_options())[key] = value;
  if (!path.empty()) source->add_paths(path);
  return relation;
}

// The last file of loadDotenv: sessions made after it see its changes.
std::shared_ptr<DotenvFile>& LoadedDotenv() {
  static auto* loaded = new std::shared_ptr<DotenvFile>();
  return *loaded;
}

}  // namespace

SparkSession::Builder& SparkSession::Builder::appName(const std::string& name) {
  return config("spark.app.name", name);
}
SparkSession::Builder& SparkSession::Builder::master(const std::string& master) {
  return config("spark.master", master);
}

SparkSession::Builder& SparkSession::Builder::config(const std::string& key, const std::string& value) {
  conf_[key] = value;
  return *this;
}

SparkSession SparkSession::Builder::getOrCreate() const {
  Conf conf;
  for (const auto& [key, value] : conf_) ThrowIfError(conf.Set(key, value));
  auto process = std::make_shared<Process>(MakeRealEnv(LoadedDotenv()), conf);
  auto handle = std::make_shared<SessionHandle>();
  handle->session_id = process->env()->NewUuid();
  handle->service = std::make_shared<ConnectService>(std::move(process));
  SparkSession session(handle);
  for (const auto& [key, value] : conf_) session.conf().set(key, value);
  return session;
}

DataFrame SparkSession::sql(const std::string& query) const {
  spark::connect::Command command;
  command.mutable_sql_command()->mutable_input()->mutable_sql()->set_query(query);
  auto response = handle_->Command(std::move(command));
  return MakeDataFrame(handle_, std::move(*response.mutable_sql_command_result()->mutable_relation()));
}

DataFrame SparkSession::range(int64_t start, int64_t end, int64_t step) const {
  spark::connect::Relation relation;
  relation.mutable_range()->set_start(start);
  relation.mutable_range()->set_end(end);
  relation.mutable_range()->set_step(step);
  return MakeDataFrame(handle_, std::move(relation));
}

std::string SparkSession::version() const {
  spark::connect::AnalyzePlanRequest request;
  request.set_session_id(handle_->session_id);
  request.mutable_spark_version();
  return handle_->Analyze(request).spark_version().version();
}

void SparkSession::stop() {
  if (handle_->stopped) return;
  spark::connect::ReleaseSessionRequest request;
  request.set_session_id(handle_->session_id);
  ThrowIfError(handle_->service->ReleaseSession(request).status());
  handle_->stopped = true;
}

void RuntimeConfig::set(const std::string& key, const std::string& value) {
  auto request = NewConfig(*session_);
  auto* pair = request.mutable_operation()->mutable_set()->add_pairs();
  pair->set_key(key);
  pair->set_value(value);
  session_->Config(request);
}

std::string RuntimeConfig::get(const std::string& key) const {
  auto request = NewConfig(*session_);
  request.mutable_operation()->mutable_get()->add_keys(key);
  return session_->Config(request).pairs(0).value();
}

std::string RuntimeConfig::get(const std::string& key, const std::string& fallback) const {
  auto request = NewConfig(*session_);
  auto* pair = request.mutable_operation()->mutable_get_with_default()->add_pairs();
  pair->set_key(key);
  pair->set_value(fallback);
  return session_->Config(request).pairs(0).value();
}

void RuntimeConfig::unset(const std::string& key) {
  auto request = NewConfig(*session_);
  request.mutable_operation()->mutable_unset()->add_keys(key);
  session_->Config(request);
}

DataFrameReader& DataFrameReader::format(const std::string& source) {
  format_ = source;
  return *this;
}

DataFrameReader& DataFrameReader::option(const std::string& key, const std::string& value) {
  options_[key] = value;
  return *this;
}

DataFrameReader& DataFrameReader::schema(const std::string& ddl) {
  schema_ = ddl;
  return *this;
}

DataFrame DataFrameReader::load() const {
  return load("");
}

DataFrame DataFrameReader::load(const std::string& path) const {
  return MakeDataFrame(session_, ReadOf(format_, schema_, options_, path));
}

DataFrame DataFrameReader::parquet(const std::string& path) {
  return format("parquet").load(path);
}

DataFrame DataFrameReader::table(const std::string& name) const {
  spark::connect::Relation relation;
  relation.mutable_read()->mutable_named_table()->set_unparsed_identifier(name);
  return MakeDataFrame(session_, std::move(relation));
}

bool loadDotenv(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return false;
  LoadedDotenv() = ValueOrThrow(DotenvFile::Open(path));
  for (const auto& [name, value] : LoadedDotenv()->first_values()) ::setenv(name.c_str(), value.c_str(), 0);
  return true;
}

}  // namespace sluice
