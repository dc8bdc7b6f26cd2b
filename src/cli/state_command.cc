// SPDX-License-Identifier: Apache-2.0
// sluice checkpoint state: what Spark's sources `state-metadata` and `statestore` give.
#include "cli/state_command.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "base/spark_error.h"
#include "checkpoint/commit_log.h"
#include "cli/global_options.h"
#include "cli/output_file.h"
#include "cli/row_output.h"
#include "cli/script_run.h"
#include "env/env.h"
#include "exec/local.h"
#include "exec/operator.h"
#include "session/session.h"
#include "state/state_check.h"
#include "state/stored_state.h"
#include "types/spark_type.h"

namespace sluice::cli {
namespace {

struct StateOptions {
  GlobalOptions global;
  std::string folder;
  std::optional<int64_t> op;
  std::string store;
  std::optional<int64_t> batch;
  std::string format = "table";

  bool wants_rows() const { return op || batch || !store.empty(); }
};

// Gives the rows of one store, a partition at a time.
class StateRows : public Operator {
 public:
  StateRows(StoredStore store, StateSchema state, int64_t version)
      : store_(std::move(store)), state_(std::move(state)), version_(version) {
    schema_ = arrow::schema({arrow::field("key", arrow::struct_(state_.key->fields())),
                             arrow::field("value", arrow::struct_(state_.value->fields())),
                             arrow::field("partition_id", arrow::int32())});
  }
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    while (partition_ < store_.store().partitions) {
      SLUICE_ASSIGN(auto rows, store_.ReadPartition(partition_++, version_, state_));
      if (rows->num_rows() > 0) return arrow::RecordBatch::Make(schema_, rows->num_rows(), rows->columns());
    }
    return nullptr;
  }

 private:
  const StoredStore store_;
  const StateSchema state_;
  const int64_t version_;
  std::shared_ptr<arrow::Schema> schema_;
  int partition_ = 0;
};

struct Batches {
  int64_t first = 0;
  int64_t last = 0;
};

// The batches whose state can be asked for: those that are committed.
Result<Batches> CommittedBatches(const Location& checkpoint) {
  SLUICE_ASSIGN(const std::vector<BatchId> batches,
                CommitLog({checkpoint.fs, checkpoint.path + "/commits"}).folder().List());
  if (batches.empty()) {
    return UserError("STDS_COMMITTED_BATCH_UNAVAILABLE",
                     fmt::format("No committed batch found, checkpoint location: {}.", checkpoint.path),
                     {{"checkpointLocation", checkpoint.path}});
  }
  return Batches{batches.front().value, batches.back().value};
}

Result<std::unique_ptr<Operator>> MetadataRows(const Location& checkpoint) {
  SLUICE_ASSIGN(const std::vector<StoredOperator> operators, StoredOperatorsOf(checkpoint));
  SLUICE_ASSIGN(const Batches batches, CommittedBatches(checkpoint));
  arrow::Int64Builder ids;
  arrow::Int32Builder partitions;
  arrow::Int64Builder first;
  arrow::Int64Builder last;
  arrow::StringViewBuilder names;
  arrow::StringViewBuilder stores;
  for (const StoredOperator& one : operators) {
    for (const OperatorMetadata::Store& store : one.metadata.stores) {
      SLUICE_RETURN_IF_ERROR(ids.Append(one.metadata.id));
      SLUICE_RETURN_IF_ERROR(one.described ? names.Append(one.metadata.name) : names.AppendNull());
      SLUICE_RETURN_IF_ERROR(stores.Append(store.name));
      SLUICE_RETURN_IF_ERROR(partitions.Append(store.partitions));
      SLUICE_RETURN_IF_ERROR(first.Append(batches.first));
      SLUICE_RETURN_IF_ERROR(last.Append(batches.last));
    }
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder :
       std::initializer_list<arrow::ArrayBuilder*>{&ids, &names, &stores, &partitions, &first, &last}) {
    SLUICE_ASSIGN(auto column, builder->Finish());
    columns.push_back(std::move(column));
  }
  const auto schema =
      arrow::schema({arrow::field("operatorId", arrow::int64()), arrow::field("operatorName", StringType()),
                     arrow::field("stateStoreName", StringType()), arrow::field("numPartitions", arrow::int32()),
                     arrow::field("minBatchId", arrow::int64()), arrow::field("maxBatchId", arrow::int64())});
  const int64_t rows = columns[0]->length();
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  if (rows > 0) slices.push_back(arrow::RecordBatch::Make(schema, rows, std::move(columns)));
  return std::make_unique<LocalOperator>(schema, std::move(slices));
}

// The only store, or the one that is named.
Result<OperatorMetadata::Store> StoreOf(const StoredOperator& one, const std::string& name) {
  std::string names;
  for (const OperatorMetadata::Store& store : one.metadata.stores) {
    if (store.name == name || (name.empty() && one.metadata.stores.size() == 1)) return store;
    names += (names.empty() ? "" : ", ") + store.name;
  }
  return UserError(
      "SLUICE_USAGE",
      name.empty() ? fmt::format("Operator {} has several stores: name one by --store ({}).", one.metadata.id, names)
                   : fmt::format("Operator {} has no store {}, but {}.", one.metadata.id, name, names));
}

Result<std::unique_ptr<Operator>> RowsOf(const Location& checkpoint, const StateOptions& options) {
  SLUICE_ASSIGN(const Batches batches, CommittedBatches(checkpoint));
  const int64_t batch = options.batch.value_or(batches.last);
  if (batch < batches.first || batch > batches.last) {
    return UserError("SLUICE_USAGE", fmt::format("There is no state of batch {}: committed are {} to {}.", batch,
                                                 batches.first, batches.last));
  }
  SLUICE_ASSIGN(const std::vector<StoredOperator> operators, StoredOperatorsOf(checkpoint));
  for (const StoredOperator& one : operators) {
    if (one.metadata.id != options.op.value_or(0)) continue;
    SLUICE_ASSIGN(const OperatorMetadata::Store named, StoreOf(one, options.store));
    SLUICE_ASSIGN(const StateCodec codec, StateCodecOfCheckpoint(checkpoint));
    StoredStore store(checkpoint, one, named, codec);
    SLUICE_ASSIGN(StateSchema schema, store.ReadSchema());
    return std::make_unique<StateRows>(std::move(store), std::move(schema), batch + 1);
  }
  return UserError("SLUICE_USAGE",
                   fmt::format("{} has no state of an operator {}.", checkpoint.path, options.op.value_or(0)));
}

int State(const StateOptions& options) {
  OutputFormat format = OutputFormat::kTable;
  if (!ParseOutputFormat(options.format, &format)) {
    return Fail(UserError("SLUICE_USAGE", std::string("--format takes ") + kOutputFormats + "."), kBadUsage);
  }
  const Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  const Conf conf = program->session->conf();
  const Result<Location> checkpoint = program->env->Locate(options.folder, conf);
  if (!checkpoint.ok()) return Fail(checkpoint.status(), kBadUsage);
  const auto rows = options.wants_rows() ? RowsOf(*checkpoint, options) : MetadataRows(*checkpoint);
  if (!rows.ok()) return Fail(rows.status(), HasErrorClass(rows.status(), "SLUICE_USAGE") ? kBadUsage : kQueryFailed);
  const std::unique_ptr<std::ostream> out = OpenStdout();
  const Status done =
      PrintRows(rows->get(), StyleForStdout(format, kRowsOnTerminal), conf.Get("spark.sql.session.timeZone"), *out)
          .status();
  if (!done.ok()) return Fail(done, kQueryFailed);
  out->flush();
  return *out ? kEndedWell : Fail(EnvironmentError("SLUICE_IO", "The output could not be written."), kQueryFailed);
}

}  // namespace

void AddStateCommand(CLI::App* parent, Chosen* chosen) {
  auto options = std::make_shared<StateOptions>();
  CLI::App* command = parent->add_subcommand("state", "What a query with state keeps: its operators, or their rows");
  options->global.AddTo(command);
  command->add_option("DIR", options->folder, "The checkpoint's folder")->required();
  command->add_option("--operator", options->op, "Rows of this operator, by its number (with --store or --batch: 0)");
  command->add_option("--store", options->store, "Of an operator with several stores, the one to show");
  command->add_option("--batch", options->batch, "The state after this batch (default: the last committed one)");
  command->add_option("--format", options->format, kOutputFormats)->capture_default_str();
  command->footer(
      "Examples:\n"
      "  sluice checkpoint state /var/lib/sluice/counts\n"
      "  sluice checkpoint state /var/lib/sluice/counts --operator 0 --batch 41 --format json");
  command->callback([options, chosen] { *chosen = [options] { return State(*options); }; });
}

}  // namespace sluice::cli
