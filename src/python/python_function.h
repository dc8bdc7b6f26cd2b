// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

class PythonWorkers;

// How pyspark's worker calls a function; its own numbers.
enum class PythonEval : int {
  kBatched = 100,
  kArrowBatched = 101,
  kScalarPandas = 200,
  kGroupedMapPandas = 201,
  kGroupedAggPandas = 202,
  kScalarPandasIter = 204,
  kMapPandas = 205,
  kCogroupedMapPandas = 206,
  kMapArrow = 207,
  kGroupedMapArrow = 209,
  kCogroupedMapArrow = 210,
  kGroupedMapArrowIter = 215,
  kGroupedMapPandasIter = 216,
  kGroupedAggPandasIter = 217,
  kScalarArrow = 250,
  kScalarArrowIter = 251,
  kGroupedAggArrow = 252,
  kGroupedAggArrowIter = 254,
};

// A function that a client sent. Immutable, shared.
struct PythonFunction {
  std::string name;
  PythonEval eval = PythonEval::kArrowBatched;
  std::string command;         // pickled: the function and the type of its result
  std::string python_version;  // that pickled it, "3.11"
  std::shared_ptr<arrow::DataType> type;
  bool deterministic = true;
  std::map<std::string, std::string> conf;  // settings of the session that workers look at
  std::shared_ptr<PythonWorkers> workers;   // where it runs
};

// Functions over the same rows, one in the other: what the first gives is the one argument of the next.
struct PythonCall {
  struct Argument {
    int column = 0;       // of the rows that the worker gets
    std::string keyword;  // empty: by position
  };
  std::vector<std::shared_ptr<const PythonFunction>> functions;  // innermost first, at least one, all of one eval
  std::vector<Argument> arguments;                               // of the first
};

}  // namespace sluice
