// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/operator_stores.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "state/partitioning.h"

namespace sluice {
namespace {

constexpr char kDefault[] = "default";
// With fewer the kernel does nothing but turn pages. It counts for budgets below 48 MiB.
constexpr int64_t kLeastPages = 512 << 10;

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
  return EnvironmentError(fmt::format("CANNOT_LOAD_STATE_STORE.{}_ROW_FORMAT_VALIDATION_FAILURE", side),
                          fmt::format("A {} in {} does not have the form of the query's schema.",
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
      share_(budget, fmt::format("The state of operator {} ({})", spec_.id, spec_.name), spec_.partitions) {
  for (int partition = 0; partition < spec_.partitions; ++partition) {
    Part part;
    part.memory = std::make_unique<StateMemory>([this] { return OpenSpillFile(); });
    for (const auto& store : spec_.stores) {
      One one{StateMap(part.memory.get()), {}};
      if (checkpoint_) one.files.emplace(FolderOf(partition, store), codec);
      part.stores.push_back(std::move(one));
    }
    parts_.push_back(std::move(part));
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
  SLUICE_RETURN_IF_ERROR(share_.Reserve());
  if (!checkpoint_) return Status::OK();
  const Location folder{checkpoint_->fs, fmt::format("{}/state/{}/_metadata", checkpoint_->path, spec_.id)};
  const LogFolder log(folder);
  SLUICE_ASSIGN(const std::optional<std::string> stored, ReadIfThere(log, "metadata"));
  if (!stored || version == 0 || !ParseOperatorMetadata(*stored, log.PathOf("metadata")).ok()) {
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
  Part& part = parts_[static_cast<size_t>(partition)];
  if (part.memory->spilled()) TakeWindow(partition);
  for (size_t store = 0; store < spec_.stores.size(); ++store) {
    One& one = part.stores[store];
    if (one.version == version) continue;
    if (!one.files) {
      if (one.version >= 0) return InternalError("state without files was to be read at another version");
      one.version = version;
      continue;
    }
    one.map = StateMap(part.memory.get());
    const auto cover = [&](StateMap* map, int64_t buffers) { return Cover(partition, map, buffers); };
    const auto fits = AndOfPartition(CheckOf(one, store), spec_, store, keys_[store], partition);
    SLUICE_ASSIGN(one.snapshot, one.files->Load(version, &one.map, cover, fits));
    one.version = version;
  }
  return Cover(partition);
}

Result<MappedFile*> OperatorStores::OpenSpillFile() {
  std::lock_guard lock(mutex_);
  if (spill_file_ == nullptr) {
    SLUICE_ASSIGN(spill_file_, MappedFile::Make());
    Log(LogLevel::kInfo,
        "The state of operator {} ({}) has outgrown its share of the memory budget: parts of it are kept in the "
        "temporary file {}, which has no name any more",
        spec_.id, spec_.name, spill_file_->name());
  }
  return spill_file_.get();
}

void OperatorStores::TakeWindow(int partition) {
  // Most of it is for pages of the file, the rest for copies: a run of them is made out of two or three.
  const int64_t window = share_.TakeWindow(partition);
  Part& part = parts_[static_cast<size_t>(partition)];
  part.memory->SetWindow(std::max(window / 4 * 3, kLeastPages));
  part.run_bytes = window / 12;
}

void OperatorStores::GiveWindow(int partition) {
  parts_[static_cast<size_t>(partition)].memory->Rest();
  share_.GiveWindow(partition);
}

Status OperatorStores::Spill(int partition, StateMap* loading) {
  Part& part = parts_[static_cast<size_t>(partition)];
  SLUICE_RETURN_IF_ERROR(part.memory->Spill());
  TakeWindow(partition);
  for (One& one : part.stores) {
    if (&one.map != loading) one.map.Move();
  }
  if (loading != nullptr) loading->Move();
  return part.memory->status();
}

Status OperatorStores::Cover(int partition, StateMap* loading, int64_t buffers) {
  Part& part = parts_[static_cast<size_t>(partition)];
  const auto on_heap = [&] {
    int64_t bytes = buffers;
    for (const One& one : part.stores) bytes += &one.map == loading ? 0 : one.map.bytes();
    return bytes + (loading == nullptr ? 0 : loading->bytes());
  };
  if (share_.CoverHeap(partition, on_heap())) return part.memory->status();
  if (!part.memory->spilled()) {
    SLUICE_RETURN_IF_ERROR(Spill(partition, loading));
    // What is left on the heap has a bound, and is there for a moment. The window gets what the heap has left.
    static_cast<void>(share_.CoverHeap(partition, on_heap()));
    TakeWindow(partition);
  }
  return part.memory->status();
}

Status OperatorStores::Cover(int partition) {
  for (One& one : parts_[static_cast<size_t>(partition)].stores) one.map.EndViews();
  return Cover(partition, nullptr, 0);
}

// State that has become small leaves the file.
void OperatorStores::BringBack(int partition) {
  Part& part = parts_[static_cast<size_t>(partition)];
  int64_t bytes = 0;
  for (const One& one : part.stores) bytes += one.map.all_bytes();
  if (!share_.FitsAgain(bytes)) return;
  part.memory->Unspill();
  for (One& one : part.stores) one.map.Move();
}

Status OperatorStores::Commit(int partition, int64_t version) {
  Part& part = parts_[static_cast<size_t>(partition)];
  SLUICE_RETURN_IF_ERROR(part.memory->status());
  for (One& one : part.stores) {
    if (one.version + 1 != version) return InternalError("state was to be committed at another version");
    if (one.files) SLUICE_RETURN_IF_ERROR(one.files->WriteDelta(version, one.map));
    one.map.Settle();
    one.version = version;
  }
  const bool had_window = part.memory->spilled();
  if (had_window) BringBack(partition);
  SLUICE_RETURN_IF_ERROR(Cover(partition));
  if (had_window || part.memory->spilled()) GiveWindow(partition);
  return Status::OK();
}

Status OperatorStores::Upkeep(int partition, const StateUpkeep& upkeep) {
  Part& part = parts_[static_cast<size_t>(partition)];
  for (One& one : part.stores) {
    if (!one.files || one.version < 0) continue;
    if (one.version - one.snapshot > upkeep.deltas_for_snapshot) {
      if (part.memory->spilled()) TakeWindow(partition);
      const Status written = one.files->WriteSnapshot(one.version, one.map);
      if (part.memory->spilled()) GiveWindow(partition);
      SLUICE_RETURN_IF_ERROR(written);
      one.snapshot = one.version;
    }
    const int64_t oldest = one.version - upkeep.versions_kept;
    if (oldest > 0) SLUICE_RETURN_IF_ERROR(one.files->Clean(checkpoint_->path, oldest));
  }
  return Status::OK();
}

int64_t OperatorStores::rows() const {
  int64_t rows = 0;
  for (const Part& part : parts_) {
    // Of a join the rows are counted, not the keys.
    const std::vector<One>& stores = part.stores;
    rows += stores.size() == 1 ? stores[0].map.size() : stores[1].map.size() + stores[3].map.size();
  }
  return rows;
}

int64_t OperatorStores::bytes() const {
  int64_t bytes = 0;
  for (const Part& part : parts_) {
    for (const One& one : part.stores) bytes += one.map.bytes();
  }
  return bytes;
}

}  // namespace sluice
