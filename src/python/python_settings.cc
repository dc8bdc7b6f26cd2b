// SPDX-License-Identifier: Apache-2.0
#include "python/python_settings.h"

#include <fmt/format.h>

#include <map>

#include "conf/conf.h"
#include "env/env.h"

namespace sluice {
namespace {

constexpr char kExecutorEnv[] = "spark.executorEnv.";

// What finds programs, libraries, modules, zones, languages and the user's folder.
constexpr const char* kPassedOn[] = {"PATH",          "HOME",       "USER",       "LOGNAME",         "LANG",
                                     "LC_ALL",        "LC_CTYPE",   "TZ",         "TMPDIR",          "VIRTUAL_ENV",
                                     "PYTHONPATH",    "PYTHONHOME", "PYTHONUTF8", "LD_LIBRARY_PATH", "CONDA_PREFIX",
                                     "PYTHONUSERBASE"};

std::string InterpreterOf(const Conf& conf, Env* env) {
  if (const auto value = conf.Find("spark.pyspark.python"); value && !value->empty()) return *value;
  const auto value = env->Variable("PYSPARK_PYTHON");
  return value && !value->empty() ? *value : "python3";
}

}  // namespace

Result<PythonSettings> PythonSettings::Of(const Conf& conf, Env* env) {
  PythonSettings settings;
  settings.interpreter = InterpreterOf(conf, env);
  std::map<std::string, std::string> variables;
  for (const char* name : kPassedOn) {
    if (auto value = env->Variable(name)) variables[name] = std::move(*value);
  }
  for (const auto& [key, value] : conf.values()) {
    if (key.starts_with(kExecutorEnv)) variables[key.substr(sizeof kExecutorEnv - 1)] = value;
  }
  // What pyspark's worker itself reads. A worker is one of several, so its libraries have one thread.
  variables["SPARK_REUSE_WORKER"] = "1";
  variables["SPARK_SIMPLIFIED_TRACEBACK"] =
      conf.GetBool("spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled") ? "1" : "";
  variables.emplace("OMP_NUM_THREADS", "1");
  // The light client has no Spark, and some of its modules look for one.
  variables["SPARK_HOME"] = "/nonexistent";
  constexpr int64_t kMib = 1 << 20;
  const int64_t memory = conf.GetBytes("spark.executor.pyspark.memory");
  if (memory > 0) variables["PYSPARK_EXECUTOR_MEMORY_MB"] = std::to_string(std::max<int64_t>(memory / kMib, 1));
  for (const auto& [name, value] : variables) settings.environment.push_back(fmt::format("{}={}", name, value));
  if (conf.GetBool("spark.sql.execution.pyspark.udf.killOnIdleTimeout")) {
    constexpr int64_t kSecond = 1000;
    settings.idle_timeout_ms = conf.GetInt("spark.sql.execution.pyspark.udf.idleTimeoutSeconds") * kSecond;
  }
  return settings;
}

}  // namespace sluice
