// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "expr/coercion.h"
#include "expr/function_expr.h"
#include "expr/function_registry.h"

namespace sluice {

// When a function's value can be NULL; kWithoutAnsi: as kIfAnyArgument, and always without ANSI.
enum class Nulls { kIfAnyArgument, kAlways, kNever, kWithoutAnsi };

// How a function with a kernel is called: what most rows of the table are made of.
struct Signature {
  std::vector<Arg> args;
  // The result: a type, or a rule over the coerced arguments.
  TypePtr type;
  std::function<Result<TypePtr>(const std::vector<ExprPtr>& args)> type_of;
  Kernel kernel = nullptr;
  Nulls nulls = Nulls::kIfAnyArgument;
  int required = -1;              // how many of `args` must be given; -1: all
  bool variadic = false;          // the last of `args` may be repeated, or left out
  std::vector<ExprPtr> defaults;  // for the arguments that may be left out, from the last one backwards in order
  Display display = nullptr;
  bool deterministic = true;
  bool java_text = false;  // as FunctionTraits'
  Order order = Order::kUntilNull;
};

// A row of the table of functions. `name` must outlive it (a literal).
ScalarFunction Function(const char* name, const char* signature, const char* doc, const char* example,
                        const char* since, Signature how);

// Literals for defaults.
ExprPtr IntLiteral(int32_t value);
ExprPtr StringLiteral(const char* text);

// The family files' rows; registry.cc puts them together.
using FunctionTable = std::vector<ScalarFunction>;
void AddComparisons(FunctionTable* table);
void AddLogic(FunctionTable* table);
void AddArithmetic(FunctionTable* table);
void AddConditionals(FunctionTable* table);
void AddSplit(FunctionTable* table);
void AddExtraction(FunctionTable* table);
void AddConcat(FunctionTable* table);
void AddNow(FunctionTable* table);
void AddStrings(FunctionTable* table);
void AddStringSearch(FunctionTable* table);
void AddPatterns(FunctionTable* table);
void AddMorePatterns(FunctionTable* table);
void AddTextEdits(FunctionTable* table);
void AddTextMeasures(FunctionTable* table);
void AddUrls(FunctionTable* table);
void AddNumberFormats(FunctionTable* table);
void AddEncodings(FunctionTable* table);
void AddDates(FunctionTable* table);
void AddTimestamps(FunctionTable* table);
void AddMoreDates(FunctionTable* table);
void AddMakeTimestamps(FunctionTable* table);
void AddIntervals(FunctionTable* table);
void AddMath(FunctionTable* table);
void AddRounding(FunctionTable* table);
void AddMoreMath(FunctionTable* table);
void AddBits(FunctionTable* table);
void AddRandom(FunctionTable* table);
void AddArrays(FunctionTable* table);
void AddArraySets(FunctionTable* table);
void AddArrayEdits(FunctionTable* table);
void AddSequences(FunctionTable* table);
void AddMaps(FunctionTable* table);
void AddHigherOrderArrays(FunctionTable* table);
void AddHigherOrderMaps(FunctionTable* table);
void AddConstructors(FunctionTable* table);
void AddHashes(FunctionTable* table);
void AddJson(FunctionTable* table);
void AddToJson(FunctionTable* table);
void AddFormatting(FunctionTable* table);
void AddFormatNumber(FunctionTable* table);
void AddMisc(FunctionTable* table);
void AddChecks(FunctionTable* table);
void AddEncryption(FunctionTable* table);

}  // namespace sluice
