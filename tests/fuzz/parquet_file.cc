// SPDX-License-Identifier: Apache-2.0
// A Parquet file of someone else's, whole: footer, schema, row groups. What is wrong with it is an error that names it.
#include <arrow/api.h>

#include "check.h"
#include "connectors/parquet/parquet_source.h"
#include "connectors/registry.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

constexpr char kFile[] = "/t/part-0.parquet";

void MustName(const Status& status) {
  FUZZ_CHECK(status.ok() || status.ToString().find(kFile) != std::string::npos, status.ToString());
}

Status ReadAll(BatchSource* source, const arrow::Schema& schema) {
  std::vector<int> columns;
  for (int i = 0; i < schema.num_fields(); ++i) columns.push_back(i);
  SLUICE_ASSIGN(const auto tasks, source->PlanTasks());
  for (const InputPartition& task : tasks) {
    SLUICE_ASSIGN(const auto reader, source->OpenReader(task, columns));
    for (;;) {
      SLUICE_ASSIGN(const auto slice, reader->Next());
      if (slice == nullptr) break;
      const auto valid = slice->ValidateFull();
      FUZZ_CHECK(valid.ok() || valid.message().find("UTF8") != std::string::npos, valid.ToString());
    }
  }
  return Status::OK();
}

}  // namespace

void ParquetFile(std::string_view input) {
  const auto fs = MakeMemoryFileSystem();
  FUZZ_CHECK(fs->CreateAtomic(kFile, input).ok(), "");
  SourceContext context;
  context.env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  context.paths = {kFile};
  const auto schema = ParquetTableSchema(context, false);
  MustName(schema.status());
  if (!schema.ok()) return;
  const auto source = OpenParquetTable(context);
  MustName(source.status());
  if (source.ok()) MustName(ReadAll(source->get(), **schema));
}

}  // namespace sluice::fuzz
