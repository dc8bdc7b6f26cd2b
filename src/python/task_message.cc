// SPDX-License-Identifier: Apache-2.0
#include "python/task_message.h"

#include <nlohmann/json.hpp>

#include "python/wire.h"

namespace sluice {
namespace {

constexpr char kEpochProperty[] = "streaming.sql.batchId";

std::map<std::string, std::string> PropertiesOf(const PythonTaskSpec& spec) {
  std::map<std::string, std::string> properties;
  if (!spec.epoch.empty()) properties[kEpochProperty] = spec.epoch;
  return properties;
}

void AppendMap(const std::map<std::string, std::string>& map, WireWriter* out) {
  out->Int(static_cast<int64_t>(map.size()));
  for (const auto& [key, value] : map) out->Text(key).Text(value);
}

// Stage, partition, attempt and task as Spark's tasks have them.
void AppendContext(const PythonTaskSpec& spec, int minor, WireWriter* out) {
  if (minor >= 2) {
    const nlohmann::json context = {{"isBarrier", false},
                                    {"stageId", 0},
                                    {"partitionId", spec.partition},
                                    {"attemptNumber", 0},
                                    {"taskAttemptId", spec.partition},
                                    {"cpus", 1},
                                    {"resources", nlohmann::json::object()},
                                    {"localProperties", PropertiesOf(spec)}};
    out->Text(context.dump());
    return;
  }
  out->Bool(false);
  if (minor == 0) out->Int(0).Text("");
  out->Int(0).Int(spec.partition).Int(0).Long(spec.partition).Int(1).Int(0);
  AppendMap(PropertiesOf(spec), out);
}

void AppendConf(const PythonTaskSpec& spec, PythonEval eval, int minor, WireWriter* out) {
  if (minor < 2 && eval == PythonEval::kBatched) return;
  AppendMap(spec.conf, out);
  const bool typed = eval == PythonEval::kArrowBatched && !spec.input_type.empty();
  if (minor >= 2) {
    AppendMap(typed ? std::map<std::string, std::string>{{"input_type", spec.input_type}}
                    : std::map<std::string, std::string>(),
              out);
  } else if (minor == 1 && eval == PythonEval::kArrowBatched) {
    out->Text(spec.input_type);
  }
}

// Whether a flag stands behind each argument, which says if a keyword follows.
bool FlagsArguments(PythonEval eval, int minor) {
  if (minor >= 2) return true;
  switch (eval) {
    case PythonEval::kBatched:
    case PythonEval::kArrowBatched:
    case PythonEval::kScalarPandas:
    case PythonEval::kScalarPandasIter:
    case PythonEval::kGroupedAggPandas:
      return true;
    case PythonEval::kScalarArrow:
    case PythonEval::kScalarArrowIter:
    case PythonEval::kGroupedAggArrow:
      return minor >= 1;
    default:
      return false;
  }
}

void AppendCall(const PythonCall& call, int minor, WireWriter* out) {
  const bool flags = FlagsArguments(call.functions[0]->eval, minor);
  out->Int(static_cast<int64_t>(call.arguments.size()));
  for (const PythonCall::Argument& argument : call.arguments) {
    out->Int(argument.column);
    if (flags) out->Bool(!argument.keyword.empty());
    if (flags && !argument.keyword.empty()) out->Text(argument.keyword);
  }
  out->Int(static_cast<int64_t>(call.functions.size()));
  for (const auto& function : call.functions) out->Text(function->command);
  if (minor >= 2) out->Long(0);
}

}  // namespace

std::string TaskMessage(const PythonTaskSpec& spec, const PythonVersions& versions) {
  const int minor = versions.pyspark_minor;
  const PythonFunction& first = *spec.calls.at(0).functions.at(0);
  WireWriter out;
  out.Int(spec.partition).Text(first.python_version);
  AppendContext(spec, minor, &out);
  out.Text(spec.folder).Int(static_cast<int64_t>(spec.includes.size()));
  for (const std::string& include : spec.includes) out.Text(include);
  out.Bool(false).Int(0);  // no broadcasts
  out.Int(static_cast<int>(first.eval));
  AppendConf(spec, first.eval, minor, &out);
  if (minor < 2) out.Bool(false);
  out.Int(static_cast<int64_t>(spec.calls.size()));
  for (const PythonCall& call : spec.calls) AppendCall(call, minor, &out);
  return out.Take();
}

bool TakesGroups(PythonEval eval, int pyspark_minor) {
  switch (eval) {
    case PythonEval::kCogroupedMapPandas:
    case PythonEval::kCogroupedMapArrow:
      return true;
    case PythonEval::kGroupedMapPandas:
    case PythonEval::kGroupedAggPandas:
    case PythonEval::kGroupedMapArrow:
    case PythonEval::kGroupedMapArrowIter:
    case PythonEval::kGroupedMapPandasIter:
    case PythonEval::kGroupedAggPandasIter:
    case PythonEval::kGroupedAggArrow:
    case PythonEval::kGroupedAggArrowIter:
      return pyspark_minor >= 1;
    default:
      return false;
  }
}

int TimingLongs(int pyspark_minor) {
  return pyspark_minor >= 2 ? 4 : 3;
}

}  // namespace sluice
