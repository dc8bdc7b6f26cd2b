// SPDX-License-Identifier: Apache-2.0
// The table of functions, family by family, in the order of docs/functions.md.
#include <fmt/format.h>

#include <unordered_map>

#include "expr/functions/sentences.h"
#include "expr/functions/text_arguments.h"
#include "expr/signature.h"

namespace sluice {
namespace {

std::string Lower(const std::string& name) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

const std::unordered_map<std::string, const ScalarFunction*>& ByName() {
  static const auto* index = [] {
    auto* map = new std::unordered_map<std::string, const ScalarFunction*>();
    for (const auto& function : ScalarFunctions()) map->emplace(function.name, &function);
    return map;
  }();
  return *index;
}

}  // namespace

const std::vector<ScalarFunction>& ScalarFunctions() {
  static const auto* table = [] {
    auto* rows = new FunctionTable();
    AddComparisons(rows);
    AddLogic(rows);
    AddArithmetic(rows);
    AddConditionals(rows);
    AddConcat(rows);
    AddSplit(rows);
    AddExtraction(rows);
    AddNow(rows);
    AddStrings(rows);
    AddStringSearch(rows);
    AddPatterns(rows);
    AddMorePatterns(rows);
    AddTextEdits(rows);
    AddTextMeasures(rows);
    AddUrls(rows);
    AddSentences(rows);
    AddMath(rows);
    AddRounding(rows);
    AddMoreMath(rows);
    AddBits(rows);
    AddRandom(rows);
    AddArrays(rows);
    AddArraySets(rows);
    AddArrayEdits(rows);
    AddSequences(rows);
    AddMaps(rows);
    AddHigherOrderArrays(rows);
    AddHigherOrderMaps(rows);
    AddConstructors(rows);
    AddDates(rows);
    AddTimestamps(rows);
    AddMoreDates(rows);
    AddIntervals(rows);
    AddHashes(rows);
    AddEncodings(rows);
    AddEncryption(rows);
    AddJson(rows);
    AddToJson(rows);
    AddJsonPaths(rows);
    AddCsv(rows);
    AddFormatting(rows);
    AddFormatNumber(rows);
    AddNumberFormats(rows);
    AddMisc(rows);
    AddChecks(rows);
    return rows;
  }();
  return *table;
}

const ScalarFunction* FindScalarFunction(const std::string& name) {
  const auto found = ByName().find(Lower(name));
  return found == ByName().end() ? nullptr : found->second;
}

bool IsScalarFunction(const std::string& name) {
  return FindScalarFunction(name) != nullptr;
}

Result<ExprPtr> ResolveFunction(const std::string& name, std::vector<ExprPtr> args, const ResolveOptions& options) {
  const auto found = ByName().find(Lower(name));
  if (found == ByName().end()) {
    return UserError("UNRESOLVED_ROUTINE", fmt::format("There is no function `{}`.", name),
                     {{"routineName", "`" + name + "`"}, {"searchPath", "[`system`.`builtin`, `system`.`session`]"}});
  }
  return found->second->resolve(std::move(args), options);
}

}  // namespace sluice
