// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/query_watch.h"
#include "cli/served_process.h"
#include "conf/conf.h"
#include "env/env.h"

extern char** environ;

namespace sluice::cli {
namespace {

// The text of submit_runner.py, put here by the build.
constexpr char kRunner[] = {
#include "submit_runner.inc"
};

struct SubmitOptions {
  GlobalOptions global;
  std::string remote;
  std::vector<std::string> program;  // and its arguments
};

// As spark-submit looks for it.
std::string PythonOf(const Conf& conf, Env* env) {
  for (const char* key : {"spark.pyspark.driver.python", "spark.pyspark.python"}) {
    if (const auto value = conf.Find(key)) return *value;
  }
  for (const char* name : {"PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON"}) {
    const auto value = env->Variable(name);
    if (value && !value->empty()) return *value;
  }
  return "python3";
}

// Workers of Python functions are of the program's Python, and find the modules that stand beside the program.
std::map<std::string, std::string> ForWorkers(const Conf& conf, Env* env, const std::string& program) {
  std::error_code ignored;
  std::string path = std::filesystem::absolute(program, ignored).parent_path().string();
  if (const auto more = env->Variable("PYTHONPATH"); more && !more->empty()) path += ":" + *more;
  return {{"spark.pyspark.python", PythonOf(conf, env)}, {"spark.executorEnv.PYTHONPATH", path}};
}

// A file without a name that Python reads the runner from; the child inherits it.
Result<int> RunnerFile() {
  const int file = ::memfd_create("sluice-submit", 0);
  if (file < 0) return EnvironmentError("SLUICE_IO", fmt::format("no memory file: {}", std::strerror(errno)));
  size_t written = 0;
  while (written < sizeof kRunner) {
    const ssize_t step = ::write(file, kRunner + written, sizeof kRunner - written);
    if (step <= 0) return EnvironmentError("SLUICE_IO", fmt::format("no memory file: {}", std::strerror(errno)));
    written += static_cast<size_t>(step);
  }
  return file;
}

Result<pid_t> StartPython(const std::string& python, const std::string& remote,
                          const std::vector<std::string>& program) {
  SLUICE_ASSIGN(const int runner, RunnerFile());
  std::vector<std::string> words = {python, fmt::format("/dev/fd/{}", runner)};
  words.insert(words.end(), program.begin(), program.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string variable = "SPARK_REMOTE=" + remote;
  std::vector<char*> environment = {variable.data()};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, "SPARK_REMOTE=", std::strlen("SPARK_REMOTE=")) != 0) environment.push_back(*entry);
  }
  environment.push_back(nullptr);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, python.c_str(), nullptr, nullptr, arguments.data(), environment.data());
  ::close(runner);
  if (failed == 0) return child;
  return UserError("SLUICE_USAGE", fmt::format("{} cannot be started: {}. Name a Python by PYSPARK_PYTHON.", python,
                                               std::strerror(failed)));
}

// A terminal sends Ctrl-C to the program too; any other signal is passed on.
bool ProgramHasIt(int signal) {
  return signal == SIGINT && ::isatty(STDIN_FILENO) != 0 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

int AwaitPython(pid_t child) {
  int status = 0;
  bool told = false;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) return kQueryFailed;
    if (StopSignals() > 0 && !told) {
      told = true;
      if (!ProgramHasIt(LastStopSignal())) ::kill(child, LastStopSignal());
    }
    ::usleep(10'000);
  }
  constexpr int kSignalled = 128;  // as shells say it
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

int RunOn(const std::string& remote, const Conf& conf, Env* env, const SubmitOptions& options) {
  const Result<pid_t> child = StartPython(PythonOf(conf, env), remote, options.program);
  if (!child.ok()) return Fail(child.status(), kBadUsage);
  return AwaitPython(*child);
}

int RunSubmit(const SubmitOptions& options) {
  if (options.program.empty()) {
    return Fail(UserError("SLUICE_USAGE", "Give a program, as in sluice submit program.py."), kBadUsage);
  }
  CatchStopSignals();
  const Result<Conf> conf = ConfOf(options.global);
  if (!conf.ok()) return Fail(conf.status(), kBadUsage);
  if (!options.remote.empty()) {
    if (!conf->values().empty()) {
      return Fail(UserError("SLUICE_USAGE",
                            "--conf sets the server inside; with --remote, set what belongs to the "
                            "session in the program."),
                  kBadUsage);
    }
    const auto env = StartEnv(options.global);
    if (!env.ok()) return Fail(env.status(), kBadUsage);
    return RunOn(options.remote, *conf, env->get(), options);
  }
  const auto env = StartEnv(options.global);
  if (!env.ok()) return Fail(env.status(), kBadUsage);
  ConnectServerOptions listen;
  listen.host = "127.0.0.1";
  Result<ServedProcess> served = ServedProcess::Start(
      options.global, {listen, /*with_token=*/true, {}, ForWorkers(*conf, env->get(), options.program[0])});
  if (!served.ok()) return Fail(served.status(), kBadUsage);
  // Clients send what they do not know of an address as a header.
  const std::string remote = fmt::format("sc://127.0.0.1:{}/;x-sluice-token={}", served->server->port(), served->token);
  const int code = RunOn(remote, *conf, served->env.get(), options);
  const int stopped = served->Stop();
  return code != 0 ? code : stopped;
}

}  // namespace

void AddSubmitCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<SubmitOptions>();
  CLI::App* command = app->add_subcommand("submit", "Run a PySpark program");
  options->global.AddTo(command);
  command->add_option("--remote", options->remote, "A Spark Connect server to run it on, sc://host:port; none: inside");
  command->prefix_command();
  command->footer(
      "The program is run by the Python of PYSPARK_PYTHON, or python3; it needs pyspark-client or pyspark[connect].\n"
      "Examples:\n"
      "  sluice submit program.py --day 2026-11-27\n"
      "  sluice submit --memory 512M --conf spark.sql.session.timeZone=UTC program.py");
  command->callback([options, command, chosen] {
    options->program = command->remaining();
    *chosen = [options] { return RunSubmit(*options); };
  });
}

}  // namespace sluice::cli
