// SPDX-License-Identifier: Apache-2.0
#include "exec/group_table.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

// Width in bytes of a type whose value fits a word; 0 for others.
int WordWidth(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
      return 1;
    case arrow::Type::INT16:
      return 2;
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::FLOAT:
      return 4;
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
    case arrow::Type::DOUBLE:
      return 8;
    default:
      return 0;
  }
}

KeyBytes WordKey(uint64_t word) {
  return {8 | word << 32, word >> 32};
}

uint64_t WordOf(const KeyBytes& key) {
  return key.head >> 32 | key.tail << 32;
}

template <typename Value>
uint64_t ToWord(Value value) {
  if constexpr (std::is_same_v<Value, float>) {
    return std::bit_cast<uint32_t>(NormalKey(value));
  } else if constexpr (std::is_same_v<Value, double>) {
    return std::bit_cast<uint64_t>(NormalKey(value));
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

template <typename Value>
void FillWordKeys(const arrow::Array& column, std::vector<KeyBytes>* keys) {
  const Value* values = column.data()->GetValues<Value>(1);
  const bool nulls = column.null_count() > 0;
  for (int64_t i = 0; i < column.length(); ++i) {
    (*keys)[static_cast<size_t>(i)] = nulls && column.IsNull(i) ? KeyBytes::Null() : WordKey(ToWord(values[i]));
  }
}

void MakeWordKeys(const arrow::Array& column, std::vector<KeyBytes>* keys) {
  switch (column.type_id()) {
    case arrow::Type::BOOL: {
      const auto& values = static_cast<const arrow::BooleanArray&>(column);
      for (int64_t i = 0; i < column.length(); ++i) {
        (*keys)[static_cast<size_t>(i)] = column.IsNull(i) ? KeyBytes::Null() : WordKey(values.Value(i) ? 1 : 0);
      }
      return;
    }
    case arrow::Type::INT8:
      return FillWordKeys<int8_t>(column, keys);
    case arrow::Type::INT16:
      return FillWordKeys<int16_t>(column, keys);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::INTERVAL_MONTHS:
      return FillWordKeys<int32_t>(column, keys);
    case arrow::Type::FLOAT:
      return FillWordKeys<float>(column, keys);
    case arrow::Type::DOUBLE:
      return FillWordKeys<double>(column, keys);
    default:
      return FillWordKeys<int64_t>(column, keys);
  }
}

bool IsText(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING_VIEW || type.id() == arrow::Type::BINARY_VIEW;
}

void MakeTextKeys(const arrow::Array& column, std::vector<KeyBytes>* keys) {
  const auto& values = static_cast<const arrow::BinaryViewArray&>(column);
  const auto* views = column.data()->GetValues<arrow::BinaryViewType::c_type>(1);
  const bool nulls = column.null_count() > 0;
  for (int64_t i = 0; i < column.length(); ++i) {
    KeyBytes& key = (*keys)[static_cast<size_t>(i)];
    if (nulls && column.IsNull(i)) {
      key = KeyBytes::Null();
    } else if (views[i].is_inline()) {
      std::memcpy(static_cast<void*>(&key), &views[i], sizeof(key));  // the same layout
    } else {
      key = KeyBytes::Of(values.GetView(i));
    }
  }
}

// Whether every row has the same bits: a column of one value a batch, or sorted by it. Where not, that is soon seen.
bool IsOneValue(const arrow::Array& column) {
  if (column.length() < 2 || column.null_count() > 0 || column.type_id() == arrow::Type::BOOL) return false;
  const auto width = static_cast<size_t>(IsText(*column.type()) ? sizeof(KeyBytes) : WordWidth(*column.type()));
  const uint8_t* values = column.data()->GetValues<uint8_t>(1, 0) + static_cast<size_t>(column.offset()) * width;
  return std::memcmp(values, values + width, static_cast<size_t>(column.length() - 1) * width) == 0;
}

arrow::MemoryPool* PoolOr(arrow::MemoryPool* pool) {
  return pool != nullptr ? pool : arrow::default_memory_pool();
}

}  // namespace

GroupTable::GroupTable(KeyCodec codec, uint64_t hash_bits)
    : codec_(std::move(codec)), form_(Form::kRow), table_(hash_bits) {
  const auto& types = codec_.types();
  if (types.empty()) form_ = Form::kNone;
  if (types.size() == 1 && WordWidth(*types[0]) > 0) form_ = Form::kFixed;
  if (types.size() == 1 && IsText(*types[0])) form_ = Form::kText;
}

Result<GroupTable> GroupTable::Make(std::vector<std::shared_ptr<arrow::DataType>> types, uint64_t hash_bits) {
  SLUICE_ASSIGN(KeyCodec codec, KeyCodec::Make(std::move(types)));
  return GroupTable(std::move(codec), hash_bits);
}

int64_t GroupTable::groups() const {
  return form_ == Form::kNone ? 1 : table_.size();
}

int64_t GroupTable::scratch_bytes() const {
  return static_cast<int64_t>(scratch_.keys.capacity() * sizeof(KeyBytes) + scratch_.encoded.capacity() +
                              scratch_.offsets.capacity() * sizeof(uint64_t));
}

int64_t GroupTable::bytes() const {
  return table_.bytes() + scratch_bytes();
}

int64_t GroupTable::BytesWhileAdding(int64_t groups) const {
  return (form_ == Form::kNone ? table_.bytes() : table_.BytesWhileAdding(groups)) + scratch_bytes();
}

Status GroupTable::MakeKeys(const arrow::ArrayVector& columns, int64_t rows, MadeKeys* made) const {
  made->keys.resize(static_cast<size_t>(rows));
  if (form_ == Form::kFixed) {
    MakeWordKeys(*columns[0], &made->keys);
  } else if (form_ == Form::kText) {
    MakeTextKeys(*columns[0], &made->keys);
  } else {
    SLUICE_RETURN_IF_ERROR(codec_.Encode(columns, rows, &made->encoded, &made->offsets));
    const char* base = reinterpret_cast<const char*>(made->encoded.data());
    for (size_t i = 0; i < made->keys.size(); ++i) {
      const uint64_t begin = made->offsets[i];
      made->keys[i] = KeyBytes::Of({base + begin, static_cast<size_t>(made->offsets[i + 1] - begin)});
    }
  }
  return Status::OK();
}

Status GroupTable::Map(const arrow::ArrayVector& keys, int64_t rows, std::vector<uint32_t>* ids,
                       const HashRange& range) {
  if (keys.size() != codec_.types().size()) return InternalError("a group table was given other columns than it has");
  ids->assign(static_cast<size_t>(rows), 0);
  if (form_ == Form::kNone) return Status::OK();
  if (table_.size() + rows >= int64_t{UINT32_MAX} - 1)
    return NotSupported("More than 2^32 groups are not possible yet.");
  const bool one = (form_ == Form::kFixed || form_ == Form::kText) && IsOneValue(*keys[0]);
  SLUICE_RETURN_IF_ERROR(MakeKeys(one ? arrow::ArrayVector{keys[0]->Slice(0, 1)} : keys, one ? 1 : rows, &scratch_));
  table_.Map(scratch_.keys.data(), static_cast<int64_t>(scratch_.keys.size()), range, ids->data());
  if (one) std::fill(ids->begin() + 1, ids->end(), ids->front());
  return Status::OK();
}

Status GroupTable::Hash(const arrow::ArrayVector& keys, int64_t rows, std::vector<uint64_t>* hashes) const {
  hashes->assign(static_cast<size_t>(rows), 0);
  MadeKeys made;
  SLUICE_RETURN_IF_ERROR(MakeKeys(keys, rows, &made));
  table_.Hash(made.keys.data(), rows, hashes->data());
  return Status::OK();
}

Status GroupTable::Find(const arrow::ArrayVector& keys, int64_t rows, std::vector<uint32_t>* ids) const {
  if (keys.size() != codec_.types().size()) return InternalError("a group table was given other columns than it has");
  ids->assign(static_cast<size_t>(rows), 0);
  if (form_ == Form::kNone) return Status::OK();
  MadeKeys made;
  SLUICE_RETURN_IF_ERROR(MakeKeys(keys, rows, &made));
  table_.Find(made.keys.data(), rows, ids->data());
  return Status::OK();
}

Status GroupTable::Merge(const GroupTable& other, std::vector<uint32_t>* ids) {
  ids->assign(static_cast<size_t>(other.groups()), 0);
  if (form_ == Form::kNone) return Status::OK();
  if (table_.size() + other.groups() >= int64_t{UINT32_MAX} - 1)
    return NotSupported("More than 2^32 groups are not possible yet.");
  table_.Merge(other.table_, ids->data());
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> GroupTable::FixedKeys(int64_t begin, int64_t count,
                                                            arrow::MemoryPool* pool) const {
  const auto& type = codec_.types()[0];
  const bool bits = type->id() == arrow::Type::BOOL;
  const int width = WordWidth(*type);
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> validity, arrow::AllocateEmptyBitmap(count, pool));
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> values,
                bits ? arrow::AllocateEmptyBitmap(count, pool)
                     : Result<std::shared_ptr<arrow::Buffer>>(arrow::AllocateBuffer(count * width, pool)));
  int64_t nulls = 0;
  for (int64_t i = 0; i < count; ++i) {
    const KeyBytes& key = table_.key(begin + i);
    const uint64_t word = key.is_null() ? 0 : WordOf(key);
    nulls += key.is_null() ? 1 : 0;
    arrow::bit_util::SetBitTo(validity->mutable_data(), i, !key.is_null());
    if (bits) {
      arrow::bit_util::SetBitTo(values->mutable_data(), i, word != 0);
    } else {
      std::memcpy(values->mutable_data() + i * width, &word, static_cast<size_t>(width));
    }
  }
  if (nulls == 0) validity = nullptr;
  return arrow::MakeArray(arrow::ArrayData::Make(type, count, {validity, values}, nulls));
}

Result<std::shared_ptr<arrow::Array>> GroupTable::TextKeys(int64_t begin, int64_t count,
                                                           arrow::MemoryPool* pool) const {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  SLUICE_RETURN_IF_ERROR(arrow::MakeBuilder(pool, codec_.types()[0], &builder));
  auto& texts = static_cast<arrow::BinaryViewBuilder&>(*builder);
  SLUICE_RETURN_IF_ERROR(texts.Reserve(count));
  for (int64_t i = 0; i < count; ++i) {
    const KeyBytes& key = table_.key(begin + i);
    SLUICE_RETURN_IF_ERROR(key.is_null() ? texts.AppendNull() : texts.Append(key.bytes()));
  }
  return texts.Finish();
}

Result<arrow::ArrayVector> GroupTable::Keys(int64_t begin, int64_t count, arrow::MemoryPool* pool) const {
  pool = PoolOr(pool);
  if (form_ == Form::kNone) return arrow::ArrayVector();
  if (form_ == Form::kFixed || form_ == Form::kText) {
    SLUICE_ASSIGN(auto column, form_ == Form::kFixed ? FixedKeys(begin, count, pool) : TextKeys(begin, count, pool));
    return arrow::ArrayVector{std::move(column)};
  }
  std::vector<std::string_view> rows(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) rows[static_cast<size_t>(i)] = table_.key(begin + i).bytes();
  return codec_.Decode(rows, pool);
}

}  // namespace sluice
