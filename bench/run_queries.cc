// SPDX-License-Identifier: Apache-2.0
// run_queries MEMORY   Runs each line of its input as SQL in one session and prints a JSON line: seconds, CPU seconds,
// bytes read, rows.
#include <sluice/sluice.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + t.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// What this process has read by system calls so far.
int64_t BytesRead() {
  std::ifstream io("/proc/self/io");
  std::string name;
  int64_t bytes = 0;
  io >> name >> bytes;
  return bytes;
}

nlohmann::json RowsOf(const std::vector<sluice::Row>& rows) {
  auto all = nlohmann::json::array();
  for (const sluice::Row& row : rows) {
    auto cells = nlohmann::json::array();
    for (const auto& cell : row) cells.push_back(cell ? nlohmann::json(*cell) : nlohmann::json());
    all.push_back(std::move(cells));
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  auto spark = sluice::SparkSession::builder()
                   .config("spark.sql.session.timeZone", "UTC")
                   .config("spark.sluice.memory", argc > 1 ? argv[1] : "128m")
                   .getOrCreate();
  for (std::string line; std::getline(std::cin, line);) {
    const double cpu = CpuSeconds();
    const int64_t bytes = BytesRead();
    const auto start = std::chrono::steady_clock::now();
    const auto rows = spark.sql(line).collect();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const nlohmann::json reply = {
        {"s", seconds.count()}, {"cpu_s", CpuSeconds() - cpu}, {"read", BytesRead() - bytes}, {"rows", RowsOf(rows)}};
    std::cout << reply.dump() << std::endl;
  }
}
