// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::fuzz {

// What one input may cost; more is a bug, as a crash is.
struct Budget {
  int64_t cpu_ms = 10'000;      // of the thread that runs it, with sanitizers
  int64_t bytes = 512LL << 20;  // taken by operator new at once
};

// Takes any bytes; a crash, a sanitizer's finding, a broken property (FUZZ_CHECK) or a budget that is passed is a bug.
struct Target {
  const char* name;  // as the folders of corpus/ and regressions/
  void (*run)(std::string_view input);
  Budget budget = {};
  bool takes_bombs = false;  // the replay gives it inputs of a megabyte: deep, wide, long, repeating
};

// Runs a target, and aborts when it passes its budget.
void RunWithinBudget(const Target& target, std::string_view input);

// A row for each target; a new one is a file <name>.cc, a line here and in targets.cc, and a folder in corpus/.
const std::vector<Target>& Targets();

void BadRecords(std::string_view input);
void ConnectPlan(std::string_view input);
void ConnectRequest(std::string_view input);
void Dotenv(std::string_view input);
void Jaas(std::string_view input);
void JsonLogs(std::string_view input);
void ParquetFile(std::string_view input);
void ParquetShape(std::string_view input);
void Patterns(std::string_view input);
void Payload(std::string_view input);
void S3Reply(std::string_view input);
void SchemaText(std::string_view input);
void SplitTwins(std::string_view input);
void SqlText(std::string_view input);
void TextFiles(std::string_view input);
void StateFile(std::string_view input);
void TextRecords(std::string_view input);

}  // namespace sluice::fuzz
