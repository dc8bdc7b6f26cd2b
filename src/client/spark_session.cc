// SPDX-License-Identifier: Apache-2.0
#include "sluice/spark_session.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>

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

// What getOrCreate gets: the program's session, as long as somebody holds it and it was not stopped. A session after a
// stopped one shares its process (budget, threads), if anything still holds that. Thread-safe.
class CurrentSession {
 public:
  static CurrentSession& Get() {
    static auto* current = new CurrentSession();
    return *current;
  }

  std::shared_ptr<SessionHandle> FindOrMake(const Conf& conf) {
    std::lock_guard lock(mutex_);
    std::shared_ptr<SessionHandle> session = session_.lock();
    if (session != nullptr && !session->stopped) {
      WarnOfFixedSettings(conf);
      return session;
    }
    std::shared_ptr<ConnectService> service = service_.lock();
    // Another .env may have been loaded meanwhile: the environment of a process is made once.
    if (service == nullptr || dotenv_ != LoadedDotenv()) {
      dotenv_ = LoadedDotenv();
      service = std::make_shared<ConnectService>(std::make_shared<Process>(MakeRealEnv(dotenv_), conf));
      made_with_ = conf;
    } else {
      WarnOfFixedSettings(conf);
    }
    session = std::make_shared<SessionHandle>();
    session->session_id = service->NewSessionId();
    session->service = service;
    service_ = service;
    session_ = session;
    return session;
  }

 private:
  void WarnOfFixedSettings(const Conf& conf) const {
    for (const char* key : {"spark.sluice.memory", "spark.sluice.threads"}) {
      if (conf.values().count(key) == 0 || conf.Get(key) == made_with_.Get(key)) continue;
      Log(LogLevel::kWarn, "{}={} has no effect: the process runs with {} already.", key, conf.Get(key),
          made_with_.Get(key));
    }
  }

  std::mutex mutex_;
  std::weak_ptr<SessionHandle> session_;
  std::weak_ptr<ConnectService> service_;
  std::shared_ptr<DotenvFile> dotenv_;
  Conf made_with_;
};

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
  SparkSession session(CurrentSession::Get().FindOrMake(conf));
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
  if (handle_->stopped.exchange(true)) return;
  spark::connect::ReleaseSessionRequest request;
  request.set_session_id(handle_->session_id);
  ThrowIfError(handle_->service->ReleaseSession(request).status());
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

DataFrameReader& DataFrameReader::options(const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) options_[key] = value;
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
  std::shared_ptr<DotenvFile> file;
  if (path == ".env") {
    file = ValueOrThrow(DotenvFile::OpenFound(path));
  } else if (std::filesystem::exists(path)) {
    file = ValueOrThrow(DotenvFile::Open(path));
  }
  if (file == nullptr) return false;
  LoadedDotenv() = std::move(file);
  for (const auto& [name, value] : LoadedDotenv()->first_values()) ::setenv(name.c_str(), value.c_str(), 0);
  return true;
}

}  // namespace sluice
