// SPDX-License-Identifier: Apache-2.0
#include "cli/global_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <iostream>
#include <sstream>

#include "base/log_context.h"
#include "base/logging.h"
#include "base/printable.h"
#include "base/redaction.h"
#include "base/spark_error.h"
#include "base/terminal_line.h"
#include "cli/colors.h"
#include "conf/conf.h"
#include "conf/properties_file.h"
#include "env/dotenv_file.h"
#include "env/env.h"
#include "env/private_file.h"
#include "service/connect_service.h"
#include "session/session.h"

namespace sluice::cli {
namespace {

constexpr char kDefaultEnvFile[] = ".env";

Result<std::shared_ptr<DotenvFile>> OpenEnvFile(const std::string& path) {
  if (path.empty()) return DotenvFile::OpenFound(kDefaultEnvFile);
  if (::access(path.c_str(), F_OK) != 0) {
    return UserError("SLUICE_ENV_FILE", "There is no file " + path + " (--env-file).");
  }
  return DotenvFile::Open(path);
}

Status ApplyLogOptions(const GlobalOptions& options) {
  LogLevel level = LogLevel::kWarn;
  if (!ParseLogLevel(options.log_level, &level)) {
    return UserError("SLUICE_USAGE",
                     "--log-level takes trace, debug, info, warn, error or off, not '" + options.log_level + "'.");
  }
  if (options.log_format != "text" && options.log_format != "json") {
    return UserError("SLUICE_USAGE", "--log-format takes text or json, not '" + options.log_format + "'.");
  }
  SetLogLevel(level);
  SetLogJson(options.log_format == "json");
  return Status::OK();
}

Status ReadConfFile(const std::string& path, Conf* conf) {
  const auto text = ReadNamedText(path);
  if (!text.ok()) return UserError("SLUICE_USAGE", text.status().message() + " (--conf-file)");
  SLUICE_ASSIGN(const std::vector<Property> properties, ParseProperties(text->bytes, path));
  bool has_secrets = false;
  for (const Property& property : properties) {
    const Status set = conf->Set(property.key, property.value);
    if (!set.ok()) return UserError("SLUICE_USAGE", fmt::format("{}:{}: {}", path, property.line, set.message()));
    has_secrets |= IsSecretKey(property.key) && !property.value.empty();
  }
  if (has_secrets) WarnIfOthersMayRead(path, text->mode);
  return Status::OK();
}

// Secrets of the environment are known before anything can be logged.
void RegisterEnvironmentSecrets(Env* env) {
  for (const char* name : {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HWE_PASSWORD"}) {
    if (const auto value = env->Variable(name)) RegisterSecret(*value);
  }
}

}  // namespace

Result<Conf> ConfOf(const GlobalOptions& options) {
  Conf conf;
  for (const std::string& path : options.conf_files) SLUICE_RETURN_IF_ERROR(ReadConfFile(path, &conf));
  for (const std::string& entry : options.conf) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return UserError("SLUICE_USAGE", "--conf takes KEY=VALUE, not '" + NamePartOf(entry) + "...'.");
    }
    SLUICE_RETURN_IF_ERROR(conf.Set(entry.substr(0, equals), entry.substr(equals + 1)));
  }
  if (!options.memory.empty()) SLUICE_RETURN_IF_ERROR(conf.Set("spark.sluice.memory", options.memory));
  return conf;
}

void GlobalOptions::AddTo(CLI::App* command) {
  command->add_option(
      "--env-file", env_file,
      "NAME=VALUE lines; the real environment wins (default: ./.env if it is there, and nobody else may change "
      "it)");
  command
      ->add_option("--conf", conf,
                   "A setting, KEY=VALUE; may be repeated. Everybody on this machine can read it in the process list: "
                   "secrets belong into --conf-file, --env-file or the environment")
      ->allow_extra_args(false);
  command
      ->add_option("--conf-file", conf_files,
                   "A file of settings as spark-defaults.conf has them; may be repeated, --conf wins")
      ->allow_extra_args(false);
  command->add_option("--memory", memory, "Memory budget, such as 128M (spark.sluice.memory)");
  command->add_option("--log-level", log_level, "trace, debug, info, warn, error or off")->capture_default_str();
  command->add_option("--log-format", log_format, "text or json")->capture_default_str();
}

std::string NamePartOf(const std::string& argument) {
  const auto is_name = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '-'; };
  return {argument.begin(), std::find_if_not(argument.begin(), argument.end(), is_name)};
}

Result<std::shared_ptr<Env>> StartEnv(const GlobalOptions& options) {
  SLUICE_RETURN_IF_ERROR(ApplyLogOptions(options));
  SLUICE_ASSIGN(auto dotenv, OpenEnvFile(options.env_file));
  std::shared_ptr<Env> env = MakeRealEnv(std::move(dotenv));
  RegisterEnvironmentSecrets(env.get());
  return env;
}

Result<Program> StartProgram(const GlobalOptions& options) {
  Program program;
  SLUICE_ASSIGN(program.env, StartEnv(options));
  SLUICE_ASSIGN(const Conf conf, ConfOf(options));
  auto process = std::make_shared<Process>(program.env, conf);
  process->TellFailures();
  program.service = std::make_shared<ConnectService>(std::move(process));
  SLUICE_ASSIGN(program.session, program.service->SessionOf(program.env->NewUuid()));
  for (const auto& [key, value] : conf.values()) SLUICE_RETURN_IF_ERROR(program.session->SetConf(key, value));
  return program;
}

int Fail(const Status& status, int code) {
  const SparkErrorDetail* detail = FindSparkError(status);
  const std::string text = detail != nullptr ? detail->ToString() : status.ToString();
  if (LogsAreJson()) {
    LogLine(LogLevel::kError, text);
    return code;
  }
  ClearTerminalLine();
  std::cerr << Painted("sluice:", Paint::kError, STDERR_FILENO) << " " << Printable(Redact(text)) << std::endl;
  return code;
}

int FailInText(const Status& status, const std::string& text, int code) {
  Fail(status, code);
  const SparkErrorDetail* detail = FindSparkError(status);
  if (LogsAreJson() || detail == nullptr || !detail->place || detail->place->line < 1) return code;
  std::istringstream lines(text);
  std::string line;
  for (int i = 0; i < detail->place->line; ++i) {
    if (!std::getline(lines, line)) return code;
  }
  // Values of variables are not in the text, so places behind them are elsewhere; and a line may be a whole file.
  constexpr size_t kLongest = 500;
  const auto column = static_cast<size_t>(std::max(detail->place->column, 1)) - 1;
  const size_t variable = line.find("${");
  if (line.size() > kLongest || column > line.size() || (variable != std::string::npos && variable < column))
    return code;
  std::string below = line.substr(0, column);
  std::replace_if(
      below.begin(), below.end(), [](char c) { return c != '\t'; }, ' ');
  std::cerr << "  " << Printable(Redact(line)) << "\n  " << below << Painted("^", Paint::kError, STDERR_FILENO)
            << std::endl;
  return code;
}

}  // namespace sluice::cli
