// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace sluice::fuzz {

// Takes any bytes; a crash, a sanitizer's finding or a broken property (FUZZ_CHECK) is a bug.
struct Target {
  const char* name;  // as the folders of corpus/ and regressions/
  void (*run)(std::string_view input);
};

// A row for each target; a new one is a file <name>.cc, a line here and in targets.cc, and a folder in corpus/.
const std::vector<Target>& Targets();

void ConnectPlan(std::string_view input);
void Dotenv(std::string_view input);
void Jaas(std::string_view input);
void JsonLogs(std::string_view input);
void ParquetFile(std::string_view input);
void Patterns(std::string_view input);
void Payload(std::string_view input);
void S3Reply(std::string_view input);
void SchemaText(std::string_view input);
void SplitTwins(std::string_view input);
void SqlText(std::string_view input);

}  // namespace sluice::fuzz
