// SPDX-License-Identifier: Apache-2.0
// ready_columns OUT_FOLDER RECORDS   Arrow's Parquet writer alone, fed from columns that are there: prints its own CPU
// and wall seconds, the columns' making left out.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "review_lines.h"
#include "review_table.h"

namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + t.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Require(argc == 3, "ready_columns OUT_FOLDER RECORDS");
  const int64_t records = std::atoll(argv[2]);
  std::vector<std::shared_ptr<arrow::Table>> tables;
  for (int part = 0; part < 2; ++part) {
    bench::ReviewTable table;
    std::string line;
    for (int64_t number = part; number < records; number += 2) {
      line.clear();
      bench::AppendReview(number, &line);
      table.Append(line.data(), line.size());
    }
    tables.push_back(table.Finish());
  }
  const double cpu = CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int part = 0; part < 2; ++part) {
    threads.emplace_back([&, part] {
      bench::WriteParquet(*tables[part], std::string(argv[1]) + "/part-" + std::to_string(part) + ".snappy.parquet");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::printf("{\"cpu_s\": %.3f, \"wall_s\": %.3f}\n", CpuSeconds() - cpu, wall.count());
}
