// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_source.h"

#include <arrow/type.h>

#include "base/spark_error.h"
#include "connectors/parquet/first_rows.h"
#include "connectors/parquet/parquet_slice_reader.h"
#include "connectors/parquet/parquet_stream.h"
#include "connectors/parquet/parquet_table.h"

namespace sluice {
namespace {

// With more files, reading all footers before the first row would take longer than it saves.
constexpr size_t kMaxFilesToRank = 256;

Status CheckRead(const SourceContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, ParquetReadOptions(), {}, "parquet source"));
  SLUICE_ASSIGN(const bool merge, context.options.GetBool("mergeSchema", false));
  if (merge)
    return NotSupported("The option mergeSchema of Parquet tables: all files must have the columns of the first.");
  return Status::OK();
}

class ParquetTable : public BatchSource {
 public:
  ParquetTable(const std::shared_ptr<const ResolvedTable>& table, std::string time_zone, MemoryBudget* budget)
      : read_(std::make_shared<TableRead>(
            TableRead{table->schema, table->folders, std::move(time_zone), std::make_shared<TableMemory>(budget)})) {
    for (const TableFile& file : table->files.files) files_.push_back(std::make_shared<SharedFooter>(file));
  }

  // Large files are cut by their bytes, so that nothing but their size need be known.
  Result<std::vector<InputPartition>> PlanTasks() override {
    std::vector<InputPartition> tasks;
    for (const auto& file : files_) {
      for (FilePart& part : PartsOfFile(file, static_cast<int>(tasks.size()))) {
        tasks.push_back({IdentityOf(part), std::make_shared<FilePart>(std::move(part))});
      }
    }
    return tasks;
  }

  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override {
    return OpenWanted(input, columns, nullptr);
  }
  Result<std::unique_ptr<SliceReader>> OpenWanted(const InputPartition& input, const std::vector<int>& columns,
                                                  const std::shared_ptr<const RowsWanted>& wanted) override {
    return ParquetSliceReader::Open(std::static_pointer_cast<const FilePart>(input.detail), read_, {columns, wanted});
  }

  Result<std::optional<PlainValue>> BoundOfFirst(const FirstRows& wanted) override {
    if (files_.size() > kMaxFilesToRank) return std::nullopt;
    return BoundOfFirstRows(files_, *read_, wanted, &footers_);
  }

 private:
  const std::shared_ptr<const TableRead> read_;
  std::vector<std::shared_ptr<SharedFooter>> files_;
  std::vector<std::shared_ptr<parquet::FileMetaData>> footers_;  // kept for the readers, when all were asked already
};

Result<std::shared_ptr<const ResolvedTable>> Resolve(const SourceContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckRead(context));
  SLUICE_ASSIGN(std::shared_ptr<const ResolvedTable> table, ResolveParquetTable(context));
  return table;
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ParquetTableSchema(const SourceContext& context, bool streaming) {
  if (streaming) return ParquetStreamSchema(context);
  SLUICE_ASSIGN(const auto table, Resolve(context));
  if (context.resolved != nullptr) context.resolved->found = table;
  return table->schema;
}

Result<std::unique_ptr<BatchSource>> OpenParquetTable(const SourceContext& context) {
  std::shared_ptr<const ResolvedTable> table;
  if (context.resolved != nullptr) table = std::static_pointer_cast<const ResolvedTable>(context.resolved->found);
  if (table == nullptr) {
    SLUICE_ASSIGN(table, Resolve(context));
  }
  return std::unique_ptr<BatchSource>(std::make_unique<ParquetTable>(table, context.conf.time_zone(), context.budget));
}

}  // namespace sluice
