// SPDX-License-Identifier: Apache-2.0
#include "sluice/spark_session.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/logging.h"
#include "base/redaction.h"
#include "base/spark_error.h"
#include "channel/remote_channel.h"
#include "client/errors.h"
#include "client/handles.h"
#include "client/transport_module.h"
#include "env/dotenv_file.h"
#include "env/env.h"
#include "service/connect_service.h"
#include "session/process.h"

namespace sluice {
namespace {

using spark::connect::ConfigRequest;

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

// Where sessions are to be: a connection string, or empty for this process. SPARK_REMOTE serves where the program says
// nothing, as with Spark's own clients.
std::string RemoteOf(const std::map<std::string, std::string>& conf) {
  const auto master = conf.find("spark.master");
  const auto remote = conf.find("spark.remote");
  if (remote != conf.end()) {
    if (master != conf.end()) {
      ThrowIfError(UserError("CANNOT_CONFIGURE_SPARK_CONNECT_MASTER",
                             "Spark Connect server and Spark master cannot be configured together: Spark master [" +
                                 master->second + "], Spark Connect [" + remote->second + "]."));
    }
    return remote->second;
  }
  const char* variable = std::getenv("SPARK_REMOTE");
  if (variable == nullptr || *variable == '\0') return "";
  if (master != conf.end()) {
    Log(LogLevel::kWarn, "The program's master {} has no effect: SPARK_REMOTE names a server.", master->second);
  }
  return variable;
}

// The settings that a server gets: all but those that say where it is.
std::map<std::string, std::string> SessionSettings(std::map<std::string, std::string> conf) {
  conf.erase("spark.master");
  conf.erase("spark.remote");
  return conf;
}

// What getOrCreate gets: the program's session, as long as somebody holds it and it was not stopped. A session after a
// stopped one shares its process (budget, threads), if anything still holds that. Thread-safe.
class CurrentSession {
 public:
  static CurrentSession& Get() {
    static auto* current = new CurrentSession();
    return *current;
  }

  // `remote`: a connection string; empty: in process, or the session that there is.
  std::shared_ptr<SessionHandle> FindOrMake(const Conf& conf, const std::string& remote) {
    std::lock_guard lock(mutex_);
    std::shared_ptr<SessionHandle> session = session_.lock();
    if (session != nullptr && !session->stopped) {
      RefuseOtherPlace(*session, remote);
      if (session->remote.empty()) WarnOfFixedSettings(conf);
      return session;
    }
    session = std::make_shared<SessionHandle>();
    session->remote = remote;
    session->channel = remote.empty() ? MakeLocal(conf) : MakeRemote(remote);
    session_ = session;
    return session;
  }

 private:
  static void RefuseOtherPlace(const SessionHandle& session, const std::string& remote) {
    if (remote.empty() || remote == session.remote) return;
    ThrowIfError(UserError("CANNOT_CONFIGURE_SPARK_CONNECT",
                           "Spark Connect server cannot be configured: Existing [" +
                               (session.remote.empty() ? "in process" : session.remote) + "], New [" + remote + "]."));
  }

  std::shared_ptr<Channel> MakeLocal(const Conf& conf) {
    std::shared_ptr<ConnectService> service = service_.lock();
    // Another .env may have been loaded meanwhile: the environment of a process is made once.
    if (service == nullptr || dotenv_ != LoadedDotenv()) {
      dotenv_ = LoadedDotenv();
      service = std::make_shared<ConnectService>(std::make_shared<Process>(MakeRealEnv(dotenv_), conf));
      made_with_ = conf;
    } else {
      WarnOfFixedSettings(conf);
    }
    service_ = service;
    return InProcessChannel(service, service->NewSessionId());
  }

  static std::shared_ptr<Channel> MakeRemote(const std::string& remote) {
    return ValueOrThrow(RemoteChannel(remote, MakeRealEnv(LoadedDotenv()), LoadTransport));
  }

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

// A server keeps some settings to itself; it says so, and the session goes on, as with Spark's own clients.
void SetAtServer(const SessionHandle& session, const std::map<std::string, std::string>& conf) {
  const auto response = session.Config(SilentSettings(conf));
  for (const std::string& warning : response.warnings()) Log(LogLevel::kWarn, "{}", Redact(warning));
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

SparkSession::Builder& SparkSession::Builder::remote(const std::string& url) {
  return config("spark.remote", url);
}

SparkSession SparkSession::Builder::getOrCreate() const {
  const std::string remote = RemoteOf(conf_);
  const std::map<std::string, std::string> settings = SessionSettings(conf_);
  if (!remote.empty()) {
    const auto handle = CurrentSession::Get().FindOrMake(Conf(), remote);
    // Also without settings: whether there is a server is known now, and not in the middle of the program.
    SetAtServer(*handle, settings);
    return SparkSession(handle);
  }
  Conf conf;
  for (const auto& [key, value] : conf_) ThrowIfError(conf.Set(key, value));
  const auto handle = CurrentSession::Get().FindOrMake(conf, remote);
  if (!handle->remote.empty()) {
    SetAtServer(*handle, settings);
    return SparkSession(handle);
  }
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
  request.mutable_spark_version();
  return handle_->Analyze(std::move(request)).spark_version().version();
}

void SparkSession::stop() {
  handle_->Stop();
}

void RuntimeConfig::set(const std::string& key, const std::string& value) {
  ConfigRequest request;
  auto* pair = request.mutable_operation()->mutable_set()->add_pairs();
  pair->set_key(key);
  pair->set_value(value);
  session_->Config(std::move(request));
}

std::string RuntimeConfig::get(const std::string& key) const {
  ConfigRequest request;
  request.mutable_operation()->mutable_get()->add_keys(key);
  return session_->Config(std::move(request)).pairs(0).value();
}

std::string RuntimeConfig::get(const std::string& key, const std::string& fallback) const {
  ConfigRequest request;
  auto* pair = request.mutable_operation()->mutable_get_with_default()->add_pairs();
  pair->set_key(key);
  pair->set_value(fallback);
  return session_->Config(std::move(request)).pairs(0).value();
}

void RuntimeConfig::unset(const std::string& key) {
  ConfigRequest request;
  request.mutable_operation()->mutable_unset()->add_keys(key);
  session_->Config(std::move(request));
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
