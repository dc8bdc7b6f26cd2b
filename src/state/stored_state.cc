// SPDX-License-Identifier: Apache-2.0
#include "state/stored_state.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "state/partitioning.h"
#include "state/state_folder.h"
#include "state/state_map.h"
#include "state/unsafe_row.h"

namespace sluice {
namespace {

constexpr char kDefault[] = "default";

std::vector<std::shared_ptr<arrow::DataType>> TypesOf(const arrow::Schema& schema) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const auto& field : schema.fields()) types.push_back(field->type());
  return types;
}

std::string Text(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail == nullptr ? status.message() : detail->message;
}

// What the folders of an operator without metadata show: partitions, and the stores of a join below them.
Result<std::vector<OperatorMetadata::Store>> StoresBelow(const Location& folder) {
  SLUICE_ASSIGN(const std::vector<FileInfo> listed, folder.fs->List(folder.path, /*recursive=*/true));
  int partitions = 0;
  std::set<std::string> names;
  for (const FileInfo& file : listed) {
    if (file.is_folder) continue;
    std::string_view inside = std::string_view(file.path).substr(folder.path.size() + 1);
    const size_t slash = inside.find('/');
    if (slash == std::string_view::npos) continue;
    const auto partition = ParseBatchName(inside.substr(0, slash));
    if (!partition || partition->value >= INT32_MAX) continue;
    inside.remove_prefix(slash + 1);
    const size_t end = inside.find('/');
    const std::string_view below = end == std::string_view::npos ? kDefault : inside.substr(0, end);
    if (below == "_metadata") continue;
    partitions = std::max(partitions, static_cast<int>(partition->value) + 1);
    names.emplace(below);
  }
  std::vector<OperatorMetadata::Store> stores;
  for (const std::string& name : names) stores.push_back({name, 0, partitions});
  return stores;
}

class RowColumns {
 public:
  static Result<RowColumns> Make(const StateSchema& schema) {
    SLUICE_ASSIGN(UnsafeRowCodec keys, UnsafeRowCodec::Make(TypesOf(*schema.key)));
    SLUICE_ASSIGN(UnsafeRowCodec values, UnsafeRowCodec::Make(TypesOf(*schema.value)));
    return RowColumns(std::move(keys), std::move(values));
  }
  const UnsafeRowCodec& keys() const { return keys_; }
  const UnsafeRowCodec& values() const { return values_; }

  // A struct column of what the rows hold.
  static Result<std::shared_ptr<arrow::Array>> Column(const UnsafeRowCodec& codec, const arrow::Schema& schema,
                                                      const std::vector<std::string_view>& rows) {
    SLUICE_ASSIGN(const arrow::ArrayVector columns, codec.Decode(rows, nullptr));
    std::vector<std::shared_ptr<arrow::ArrayData>> children;
    for (const auto& column : columns) children.push_back(column->data());
    return arrow::MakeArray(arrow::ArrayData::Make(arrow::struct_(schema.fields()), static_cast<int64_t>(rows.size()),
                                                   {nullptr}, std::move(children), 0));
  }

 private:
  RowColumns(UnsafeRowCodec keys, UnsafeRowCodec values) : keys_(std::move(keys)), values_(std::move(values)) {}
  UnsafeRowCodec keys_;
  UnsafeRowCodec values_;
};

}  // namespace

Result<std::vector<StoredOperator>> StoredOperatorsOf(const Location& checkpoint) {
  const Location root{checkpoint.fs, checkpoint.path + "/state"};
  SLUICE_ASSIGN(const std::vector<FileInfo> folders, root.fs->List(root.path, /*recursive=*/false));
  std::map<int64_t, StoredOperator> found;
  for (const FileInfo& folder : folders) {
    const auto id = ParseBatchName(BaseName(folder.path));
    if (!folder.is_folder || !id) continue;
    StoredOperator& one = found[id->value];
    const LogFolder log({root.fs, folder.path + "/_metadata"});
    const Result<std::string> text = log.Read("metadata");
    const Result<OperatorMetadata> metadata =
        text.ok() ? ParseOperatorMetadata(*text, log.PathOf("metadata")) : text.status();
    if (metadata.ok()) {
      one.metadata = *metadata;
      continue;
    }
    const bool unreadable =
        IsNotFound(metadata.status()) || HasErrorClass(metadata.status(), "SLUICE_CHECKPOINT_DAMAGED");
    if (!unreadable) return metadata.status();
    one.described = false;
    one.trouble = Text(metadata.status());
    one.metadata.id = id->value;
    SLUICE_ASSIGN(one.metadata.stores, StoresBelow({root.fs, folder.path}));
  }
  std::vector<StoredOperator> operators;
  for (auto& [id, one] : found) operators.push_back(std::move(one));
  return operators;
}

StoredStore::StoredStore(const Location& checkpoint, StoredOperator owner, OperatorMetadata::Store store,
                         StateCodec codec)
    : checkpoint_(checkpoint), owner_(std::move(owner)), store_(std::move(store)), codec_(codec) {}

Location StoredStore::FolderOf(int partition) const {
  std::string path = fmt::format("{}/state/{}/{}", checkpoint_.path, owner_.metadata.id, partition);
  if (store_.name != kDefault) path += "/" + store_.name;
  return {checkpoint_.fs, std::move(path)};
}

Result<StateSchema> StoredStore::ReadSchema() const {
  Location folder = FolderOf(0);
  folder.path += "/_metadata";
  const LogFolder log(folder);
  SLUICE_ASSIGN(const std::string bytes, log.Read("schema"));
  return ParseStateSchema(bytes, log.PathOf("schema"));
}

namespace {

// Loads a partition's rows, each of which is checked.
Result<StateMap> Load(const StateFolder& files, int64_t version, const RowColumns& columns,
                      std::optional<int> partitioning, int partition, int partitions) {
  StateMap map;
  std::vector<std::string> removed;  // keys, which no longer stand in the map
  const bool divided = partitioning && partitions > 1;
  const auto free = [](StateMap*, int64_t) { return Status::OK(); };
  const auto fits = [&](std::string_view key, const std::optional<std::string_view>& value) -> Status {
    if (!columns.keys().Fits(key) || (value && !columns.values().Fits(*value))) {
      return DamagedState("a row does not have the form of the store's schema");
    }
    if (!value && divided) removed.emplace_back(key);
    return Status::OK();
  };
  SLUICE_RETURN_IF_ERROR(files.Load(version, &map, free, fits).status());
  if (!divided) return map;
  std::vector<std::string_view> keys(removed.begin(), removed.end());
  SLUICE_RETURN_IF_ERROR(map.Visit([&](std::string_view key, std::string_view) {
    keys.push_back(key);
    return Status::OK();
  }));
  SLUICE_ASSIGN(arrow::ArrayVector values, columns.keys().Decode(keys, nullptr));
  values.resize(static_cast<size_t>(*partitioning));
  const std::vector<int32_t> right = PartitionsOf(values, static_cast<int64_t>(keys.size()), partitions);
  const auto stray = std::find_if(right.begin(), right.end(), [&](int32_t of) { return of != partition; });
  if (stray == right.end()) return map;
  const int64_t strays = std::count_if(right.begin(), right.end(), [&](int32_t of) { return of != partition; });
  return EnvironmentError("SLUICE_STATE_DAMAGED",
                          fmt::format("{} has {} keys that belong to other partitions, one to partition {}: its files "
                                      "are those of another partition, or of a query with another number of them.",
                                      files.location().path, strays, *stray));
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> StoredStore::ReadPartition(int partition, int64_t version,
                                                                       const StateSchema& schema) const {
  SLUICE_ASSIGN(const RowColumns columns, RowColumns::Make(schema));
  const auto partitioning =
      PartitioningColumns(owner_.metadata.name, store_.name, store_.prefix_columns, schema.key->num_fields());
  const StateFolder files(FolderOf(partition), codec_);
  SLUICE_ASSIGN(const StateMap map, Load(files, version, columns, partitioning, partition, store_.partitions));
  std::vector<std::pair<std::string_view, std::string_view>> rows;
  SLUICE_RETURN_IF_ERROR(map.Visit([&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return Status::OK();
  }));
  std::sort(rows.begin(), rows.end());
  std::vector<std::string_view> keys;
  std::vector<std::string_view> values;
  for (const auto& [key, value] : rows) {
    keys.push_back(key);
    values.push_back(value);
  }
  SLUICE_ASSIGN(const auto key, RowColumns::Column(columns.keys(), *schema.key, keys));
  SLUICE_ASSIGN(const auto value, RowColumns::Column(columns.values(), *schema.value, values));
  SLUICE_ASSIGN(const auto number,
                arrow::MakeArrayFromScalar(arrow::Int32Scalar(partition), static_cast<int64_t>(rows.size())));
  const auto output = arrow::schema({arrow::field("key", key->type()), arrow::field("value", value->type()),
                                     arrow::field("partition_id", arrow::int32())});
  return arrow::RecordBatch::Make(output, static_cast<int64_t>(rows.size()), {key, value, number});
}

Result<int64_t> StoredStore::CountPartition(int partition, int64_t version, const StateSchema& schema) const {
  SLUICE_ASSIGN(const RowColumns columns, RowColumns::Make(schema));
  const auto partitioning =
      PartitioningColumns(owner_.metadata.name, store_.name, store_.prefix_columns, schema.key->num_fields());
  const StateFolder files(FolderOf(partition), codec_);
  SLUICE_ASSIGN(const StateMap map, Load(files, version, columns, partitioning, partition, store_.partitions));
  return map.size();
}

}  // namespace sluice
