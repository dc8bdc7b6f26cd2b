// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

class Conf;
class Env;

// How the workers of a session are run. A value; read from the settings that the process gives to all its sessions.
struct PythonSettings {
  std::string interpreter;               // spark.pyspark.python, else PYSPARK_PYTHON, else python3
  std::vector<std::string> environment;  // "NAME=value": what a worker may see, which is little
  int64_t idle_timeout_ms = 0;           // without a byte from a worker for so long it is killed; 0: never

  // Of the environment only the names are passed on that a Python needs to run: no credentials. spark.executorEnv.NAME
  // adds others. `conf`: the settings of a session.
  static Result<PythonSettings> Of(const Conf& conf, Env* env);
};

}  // namespace sluice
