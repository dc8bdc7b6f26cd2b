// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/operator_stores.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <utility>

#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "state/partitioning.h"

namespace sluice {
namespace {

constexpr char kDefault[] = "default";

std::vector<std::shared_ptr<arrow::DataType>> TypesOf(const arrow::Schema& schema) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const auto& field : schema.fields()) types.push_back(field->type());
  return types;
}

// A file of the operator: absent, or what stands there.
Result<std::optional<std::string>> ReadIfThere(const LogFolder& folder, const std::string& name) {
  Result<std::string> text = folder.Read(name);
  if (IsNotFound(text.status())) return std::optional<std::string>();
  SLUICE_RETURN_IF_ERROR(text.status());
  return std::optional(*std::move(text));
}

Status Replace(const Location& folder, const std::string& name, std::string_view bytes) {
  SLUICE_ASSIGN(const auto file, folder.fs->OpenForWrite(folder.path + "/" + name));
  SLUICE_RETURN_IF_ERROR(file->Write(bytes.data(), static_cast<int64_t>(bytes.size())));
  SLUICE_ASSIGN(const PublishOutcome outcome, file->Publish());
  return outcome == PublishOutcome::kExistsOther ? file->Replace() : Status::OK();
}

Status RowMisfit(const char* side, const std::string& place) {
  return EnvironmentError(
      fmt::format("CANNOT_LOAD_STATE_STORE.{}_ROW_FORMAT_VALIDATION_FAILURE", side),
      fmt::format("An error occurred during loading state. A {} in {} does not have the form of the query's schema.",
                  side == std::string_view("KEY") ? "key" : "value", place));
}

// Spark goes on with the files of another partition, and gives wrong results.
Status CheckPartition(std::string_view key, const UnsafeRowCodec& codec, int columns, int partitions, int partition) {
  SLUICE_ASSIGN(arrow::ArrayVector values, codec.Decode({key}, nullptr));
  values.resize(static_cast<size_t>(columns));
  const int32_t right = PartitionsOf(values, 1, partitions)[0];
  if (right == partition) return Status::OK();
  return DamagedState(
      fmt::format("it has a key of partition {}: it is the file of another partition, or of a query "
                  "with another number of them",
                  right));
}

// Adds to the check of a row whether its key belongs to the partition.
StateFolder::RowCheck AndOfPartition(StateFolder::RowCheck fits, const OperatorStateSpec& spec, size_t store,
                                     const UnsafeRowCodec& codec, int partition) {
  constexpr int64_t kAllRows = 4096;  // from then on some: beside what reading costs that is nothing
  constexpr int64_t kStep = 16;
  const OperatorStateSpec::Store& kept = spec.stores[store];
  const auto columns = PartitioningColumns(spec.name, kept.name, kept.prefix_columns, kept.schema.key->num_fields());
  if (!columns || spec.partitions == 1) return fits;
  return [fits = std::move(fits), &codec, first = *columns, all = spec.partitions, partition, row = int64_t{0}](
             std::string_view key, const std::optional<std::string_view>& value) mutable -> Status {
    SLUICE_RETURN_IF_ERROR(fits(key, value));
    const int64_t number = row++;
    if (number >= kAllRows && number % kStep != 0) return Status::OK();
    return CheckPartition(key, codec, first, all, partition);
  };
}

}  // namespace

OperatorMetadata OperatorStateSpec::metadata() const {
  OperatorMetadata metadata{id, name, {}};
  for (const Store& store : stores) metadata.stores.push_back({store.name, store.prefix_columns, partitions});
  return metadata;
}

OperatorStores::OperatorStores(OperatorStateSpec spec, std::optional<Location> checkpoint, StateCodec codec,
                               MemoryBudget* budget)
    : spec_(std::move(spec)),
      checkpoint_(std::move(checkpoint)),
      budget_(budget),
      memory_(budget, fmt::format("The state of operator {} ({})", spec_.id, spec_.name)),
      held_(static_cast<size_t>(spec_.partitions), 0) {
  for (int partition = 0; partition < spec_.partitions; ++partition) {
    std::vector<One> stores;
    for (const auto& store : spec_.stores) {
      One one;
      if (checkpoint_) one.files.emplace(FolderOf(partition, store), codec);
      stores.push_back(std::move(one));
    }
    parts_.push_back(std::move(stores));
  }
}

Location OperatorStores::FolderOf(int partition, const OperatorStateSpec::Store& store) const {
  std::string path = fmt::format("{}/state/{}/{}", checkpoint_->path, spec_.id, partition);
  if (store.name != kDefault) path += "/" + store.name;
  return {checkpoint_->fs, std::move(path)};
}

// A damaged or missing schema is written anew, as Spark does: the rows themselves are checked when they are read.
Status OperatorStores::PrepareSchema(const OperatorStateSpec::Store& store) {
  Location folder = FolderOf(0, store);
  folder.path += "/_metadata";
  const LogFolder log(folder);
  SLUICE_ASSIGN(const std::optional<std::string> stored, ReadIfThere(log, "schema"));
  if (!stored) return Replace(folder, "schema", FormatStateSchema(store.schema));
  SLUICE_ASSIGN(const StateSchema schema, ParseStateSchema(*stored, log.PathOf("schema")));
  return CheckStateSchema(schema, store.schema);
}

Status OperatorStores::Prepare(int64_t version) {
  for (const auto& store : spec_.stores) {
    SLUICE_ASSIGN(UnsafeRowCodec keys, UnsafeRowCodec::Make(TypesOf(*store.schema.key)));
    SLUICE_ASSIGN(UnsafeRowCodec values, UnsafeRowCodec::Make(TypesOf(*store.schema.value)));
    keys_.push_back(std::move(keys));
    values_.push_back(std::move(values));
  }
  if (!checkpoint_) return Status::OK();
  const Location folder{checkpoint_->fs, fmt::format("{}/state/{}/_metadata", checkpoint_->path, spec_.id)};
  const LogFolder log(folder);
  SLUICE_ASSIGN(const std::optional<std::string> stored, ReadIfThere(log, "metadata"));
  if (!stored || version == 0) {
    SLUICE_RETURN_IF_ERROR(Replace(folder, "metadata", FormatOperatorMetadata(spec_.metadata())));
  }
  for (const auto& store : spec_.stores) SLUICE_RETURN_IF_ERROR(PrepareSchema(store));
  return Status::OK();
}

StateFolder::RowCheck OperatorStores::CheckOf(const One& one, size_t store) const {
  return [this, &one, store](std::string_view key, const std::optional<std::string_view>& value) {
    if (!keys_[store].Fits(key)) return RowMisfit("KEY", one.files->location().path);
    if (value && !values_[store].Fits(*value)) return RowMisfit("VALUE", one.files->location().path);
    return Status::OK();
  };
}

Status OperatorStores::Open(int partition, int64_t version) {
  for (size_t store = 0; store < spec_.stores.size(); ++store) {
    One& one = at(partition, store);
    if (one.version == version) continue;
    if (!one.files) {
      if (one.version >= 0) return InternalError("state without files was to be read at another version");
      one.version = version;
      continue;
    }
    one.map = StateMap();
    const auto cover = [&](int64_t bytes) { return CoverBytes(partition, bytes); };
    const auto fits = AndOfPartition(CheckOf(one, store), spec_, store, keys_[store], partition);
    SLUICE_ASSIGN(one.snapshot, one.files->Load(version, &one.map, cover, fits));
    one.version = version;
  }
  return Cover(partition);
}

Status OperatorStores::CoverBytes(int partition, int64_t bytes) {
  std::lock_guard lock(mutex_);
  int64_t& held = held_[static_cast<size_t>(partition)];
  held_all_ += bytes - held;
  held = bytes;
  // The tasks of a batch wait for memory; what is never given back leaves them half of it.
  if (budget_ != nullptr && held_all_ > budget_->limit() / 2) {
    return EnvironmentError(
        "SLUICE_MEMORY_BUDGET",
        fmt::format("The state of operator {} ({}) takes {} bytes, and half of the memory budget is "
                    "{}. Raise spark.sluice.memory (or --memory), or let rows go earlier by a "
                    "smaller delay of the watermark.",
                    spec_.id, spec_.name, held_all_, budget_->limit() / 2));
  }
  return memory_.Cover(held_all_);
}

Status OperatorStores::Cover(int partition) {
  int64_t bytes = 0;
  for (const One& one : parts_[static_cast<size_t>(partition)]) bytes += one.map.bytes();
  return CoverBytes(partition, bytes);
}

Status OperatorStores::Commit(int partition, int64_t version) {
  for (One& one : parts_[static_cast<size_t>(partition)]) {
    if (one.version + 1 != version) return InternalError("state was to be committed at another version");
    if (one.files) SLUICE_RETURN_IF_ERROR(one.files->WriteDelta(version, one.map));
    one.map.Settle();
    one.version = version;
  }
  return Cover(partition);
}

Status OperatorStores::Upkeep(int partition, const StateUpkeep& upkeep) {
  for (One& one : parts_[static_cast<size_t>(partition)]) {
    if (!one.files || one.version < 0) continue;
    if (one.version - one.snapshot > upkeep.deltas_for_snapshot) {
      SLUICE_RETURN_IF_ERROR(one.files->WriteSnapshot(one.version, one.map));
      one.snapshot = one.version;
    }
    const int64_t oldest = one.version - upkeep.versions_kept;
    if (oldest > 0) SLUICE_RETURN_IF_ERROR(one.files->Clean(checkpoint_->path, oldest));
  }
  return Status::OK();
}

int64_t OperatorStores::rows() const {
  int64_t rows = 0;
  for (const auto& part : parts_) {
    // Of a join the rows are counted, not the keys.
    rows += part.size() == 1 ? part[0].map.size() : part[1].map.size() + part[3].map.size();
  }
  return rows;
}

int64_t OperatorStores::bytes() const {
  int64_t bytes = 0;
  for (const auto& part : parts_) {
    for (const One& one : part) bytes += one.map.bytes();
  }
  return bytes;
}

}  // namespace sluice
