// SPDX-License-Identifier: Apache-2.0
// A Parquet file of someone else's, whole: footer, schema, row groups. What is wrong with it is an error that names it.
#include <arrow/api.h>

#include <chrono>

#include "base/memory_budget.h"
#include "check.h"
#include "connectors/file/file_table.h"
#include "connectors/parquet/parquet_format.h"
#include "connectors/registry.h"
#include "parquet_read.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

constexpr char kFile[] = "/t/part-0.parquet";
constexpr int64_t kBudget = 16 << 20;
constexpr int64_t kBeside = 80 << 20;  // what a process may take besides its budget
constexpr auto kLongest = std::chrono::seconds(10);
constexpr int kMostSlices = 500;  // a few bytes may well be a million rows

void MustName(const Status& status) {
  FUZZ_CHECK(status.ok() || status.ToString().find(kFile) != std::string::npos, status.ToString());
}

Status ReadColumns(BatchSource* source, const std::vector<int>& columns) {
  SLUICE_ASSIGN(const auto tasks, source->PlanTasks());
  for (const InputPartition& task : tasks) {
    SLUICE_ASSIGN(const auto reader, source->OpenReader(task, columns));
    for (int i = 0; i < kMostSlices; ++i) {
      SLUICE_ASSIGN(const auto slice, reader->Next());
      if (slice == nullptr) break;
      const auto valid = slice->ValidateFull();
      FUZZ_CHECK(valid.ok() || valid.message().find("UTF8") != std::string::npos, valid.ToString());
    }
  }
  return Status::OK();
}

void ReadTable(const SourceContext& context) {
  const auto schema = FileTableSchema(kParquetFormat, context);
  MustName(schema.status());
  if (!schema.ok()) return;
  const auto source = OpenFileTable(kParquetFormat, context);
  MustName(source.status());
  if (!source.ok()) return;
  std::vector<int> all;
  for (int i = 0; i < (*schema)->num_fields(); ++i) all.push_back(i);
  MustName(ReadColumns(source->get(), all));
  for (size_t i = 0; i < all.size() && i < 8; ++i) MustName(ReadColumns(source->get(), {all[i]}));
}

}  // namespace

void ReadParquet(std::string_view file) {
  const auto fs = MakeMemoryFileSystem();
  FUZZ_CHECK(fs->CreateAtomic(kFile, file).ok(), "");
  MemoryBudget budget(kBudget);
  SourceContext context;
  context.env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  context.paths = {kFile};
  context.budget = &budget;
  const auto begin = std::chrono::steady_clock::now();
  ReadTable(context);
  FUZZ_CHECK(std::chrono::steady_clock::now() - begin < kLongest, "it took too long");
  FUZZ_CHECK(budget.used() == 0, "memory is counted that nobody holds");
  FUZZ_CHECK(budget.peak() <= kBudget + kBudget / 4, "more than the budget was taken");
  FUZZ_CHECK(arrow::default_memory_pool()->max_memory() <= kBudget + kBeside, "more memory was taken than counted");
}

void ParquetFile(std::string_view input) {
  ReadParquet(input);
}

}  // namespace sluice::fuzz
