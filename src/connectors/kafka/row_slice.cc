// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/row_slice.h"

#include <arrow/api.h>
#include <arrow/util/binary_view_util.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "types/spark_type.h"

namespace sluice {
namespace {

using View = arrow::BinaryViewType::c_type;

constexpr int64_t kFirstArenaBytes = 64 * 1024;

template <typename T>
std::shared_ptr<arrow::Buffer> TakeBuffer(std::vector<T>* values) {
  const size_t capacity = values->size();
  auto buffer = arrow::Buffer::FromVector(std::move(*values));
  *values = std::vector<T>();
  values->reserve(capacity);
  return buffer;
}

std::shared_ptr<arrow::Array> ViewArray(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                        std::shared_ptr<arrow::Buffer> validity, std::shared_ptr<arrow::Buffer> views,
                                        const std::shared_ptr<arrow::Buffer>& data, int64_t nulls) {
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {std::move(validity), std::move(views), data}, nulls));
}

std::shared_ptr<arrow::Array> TopicArray(const std::string& topic, int64_t rows) {
  const View view = arrow::util::ToBinaryView(topic.data(), static_cast<int32_t>(topic.size()), 0, 0);
  std::vector<View> views(rows, view);
  return ViewArray(StringType(), rows, nullptr, arrow::Buffer::FromVector(std::move(views)),
                   arrow::Buffer::FromString(topic), 0);
}

std::shared_ptr<arrow::DataType> HeadersType() {
  return arrow::list(arrow::struct_({arrow::field("key", StringType()), arrow::field("value", BinaryType())}));
}

std::shared_ptr<arrow::Array> FlatArray(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                        std::shared_ptr<arrow::Buffer> values) {
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {nullptr, std::move(values)}, 0));
}

}  // namespace

std::shared_ptr<arrow::Schema> KafkaSchema(bool include_headers) {
  arrow::FieldVector fields = {
      arrow::field("key", BinaryType()),
      arrow::field("value", BinaryType()),
      arrow::field("topic", StringType()),
      arrow::field("partition", arrow::int32()),
      arrow::field("offset", arrow::int64()),
      arrow::field("timestamp", TimestampType()),
      arrow::field("timestampType", arrow::int32()),
  };
  if (include_headers) fields.push_back(arrow::field("headers", HeadersType()));
  return arrow::schema(std::move(fields));
}

int64_t RecordBytes(const KafkaRecord& record, const std::vector<KafkaHeader>& headers) {
  size_t bytes = record.key_size + record.value_size;
  for (const KafkaHeader& header : headers) bytes += header.key.size() + header.value_size;
  return static_cast<int64_t>(bytes);
}

struct KafkaSliceBuilder::Binary {
  std::vector<View> views;
  std::vector<bool> valid;  // only in a slice with nulls
  int64_t nulls = 0;

  void AppendNull() {
    if (valid.empty()) valid.assign(views.size(), true);
    views.push_back(View{});
    valid.push_back(false);
    ++nulls;
  }

  Result<std::shared_ptr<arrow::Array>> Finish(const std::shared_ptr<arrow::Buffer>& arena) {
    const int64_t rows = static_cast<int64_t>(views.size());
    std::shared_ptr<arrow::Buffer> validity;
    if (nulls > 0) {
      arrow::TypedBufferBuilder<bool> bits;
      for (const bool bit : valid) ARROW_RETURN_NOT_OK(bits.Append(bit));
      ARROW_RETURN_NOT_OK(bits.Finish(&validity));
    }
    auto array = ViewArray(BinaryType(), rows, std::move(validity), TakeBuffer(&views), arena, nulls);
    valid.clear();
    nulls = 0;
    return array;
  }
};

struct KafkaSliceBuilder::Headers {
  std::shared_ptr<arrow::StringViewBuilder> keys = std::make_shared<arrow::StringViewBuilder>();
  std::shared_ptr<arrow::BinaryViewBuilder> values = std::make_shared<arrow::BinaryViewBuilder>();
  std::shared_ptr<arrow::StructBuilder> pairs = std::make_shared<arrow::StructBuilder>(
      arrow::struct_({arrow::field("key", StringType()), arrow::field("value", BinaryType())}),
      arrow::default_memory_pool(), std::vector<std::shared_ptr<arrow::ArrayBuilder>>{keys, values});
  arrow::ListBuilder list{arrow::default_memory_pool(), pairs, HeadersType()};

  Status Append(const std::vector<KafkaHeader>& headers) {
    // As in Spark: a record without headers has NULL, not an empty array.
    if (headers.empty()) return list.AppendNull();
    ARROW_RETURN_NOT_OK(list.Append());
    for (const KafkaHeader& header : headers) {
      ARROW_RETURN_NOT_OK(pairs->Append());
      ARROW_RETURN_NOT_OK(keys->Append(header.key));
      if (header.value == nullptr) {
        ARROW_RETURN_NOT_OK(values->AppendNull());
      } else {
        ARROW_RETURN_NOT_OK(values->Append(std::string_view(header.value, header.value_size)));
      }
    }
    return Status::OK();
  }
};

KafkaSliceBuilder::KafkaSliceBuilder(TopicPartition partition, std::vector<int> columns, bool include_headers)
    : partition_(std::move(partition)), columns_(std::move(columns)) {
  const auto full = KafkaSchema(include_headers);
  arrow::FieldVector fields;
  for (const int column : columns_) {
    fields.push_back(full->field(column));
    if (column == kKey) keys_ = std::make_unique<Binary>();
    if (column == kValue) values_ = std::make_unique<Binary>();
    if (column == kHeaders) headers_ = std::make_unique<Headers>();
    needs_times_ |= column == kTimestamp || column == kTimestampType;
  }
  needs_headers_ = headers_ != nullptr;
  schema_ = arrow::schema(std::move(fields));
}

KafkaSliceBuilder::~KafkaSliceBuilder() = default;

bool KafkaSliceBuilder::Fits(int64_t record_bytes) const {
  if (rows() == 0) return true;
  return rows() < kSliceRows && bytes_ + record_bytes <= kSliceBytes;
}

Status KafkaSliceBuilder::Copy(const char* data, size_t size, Binary* column) {
  if (data == nullptr) {
    column->AppendNull();
    return Status::OK();
  }
  const auto length = static_cast<int32_t>(size);
  column->views.push_back(arrow::util::ToBinaryView(data, length, 0, static_cast<int32_t>(arena_used_)));
  if (!column->valid.empty()) column->valid.push_back(true);
  if (length <= arrow::BinaryViewType::kInlineSize) return Status::OK();
  SLUICE_RETURN_IF_ERROR(ReserveArena(length));
  std::memcpy(arena_->mutable_data() + arena_used_, data, size);
  arena_used_ += length;
  return Status::OK();
}

Status KafkaSliceBuilder::ReserveArena(int64_t more) {
  if (arena_used_ == 0) {
    if (arena_.use_count() > 1) arena_.reset();  // the last slice still lives
    // Whoever held it has read it: giving a copy back comes after their giving back (a fence would do, which
    // ThreadSanitizer does not know).
    std::shared_ptr<arrow::ResizableBuffer>(arena_).reset();
  }
  const int64_t needed = arena_used_ + more;
  if (arena_ != nullptr && needed <= arena_->size()) return Status::OK();
  const int64_t size = std::max(needed, arena_ == nullptr ? kFirstArenaBytes : 2 * arena_->size());
  if (arena_ != nullptr) return arena_->Resize(size, /*shrink_to_fit=*/false);
  SLUICE_ASSIGN(auto made, arrow::AllocateResizableBuffer(size));
  arena_ = std::move(made);
  return Status::OK();
}

Status KafkaSliceBuilder::Append(const KafkaRecord& record, const std::vector<KafkaHeader>& headers) {
  if (keys_) ARROW_RETURN_NOT_OK(Copy(record.key, record.key_size, keys_.get()));
  if (values_) ARROW_RETURN_NOT_OK(Copy(record.value, record.value_size, values_.get()));
  if (headers_) ARROW_RETURN_NOT_OK(headers_->Append(headers));
  offsets_.push_back(record.offset);
  if (needs_times_) {
    timestamps_us_.push_back(record.timestamp_ms * 1000);
    timestamp_types_.push_back(record.timestamp_type);
  }
  bytes_ += RecordBytes(record, headers);
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> KafkaSliceBuilder::FinishColumn(int column,
                                                                      const std::shared_ptr<arrow::Buffer>& arena) {
  switch (column) {
    case kKey:
      return keys_->Finish(arena);
    case kValue:
      return values_->Finish(arena);
    case kTopic:
      return TopicArray(partition_.topic, rows());
    case kPartition:
      return FlatArray(arrow::int32(), rows(),
                       arrow::Buffer::FromVector(std::vector<int32_t>(rows(), partition_.partition)));
    case kOffset:
      return FlatArray(arrow::int64(), rows(), arrow::Buffer::FromVector(std::vector<int64_t>(offsets_)));
    case kTimestamp:
      return FlatArray(TimestampType(), rows(), arrow::Buffer::FromVector(std::vector<int64_t>(timestamps_us_)));
    case kTimestampType:
      return FlatArray(arrow::int32(), rows(), arrow::Buffer::FromVector(std::vector<int32_t>(timestamp_types_)));
    default:
      return headers_->list.Finish();
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> KafkaSliceBuilder::Finish(std::vector<int64_t>* offsets) {
  SLUICE_RETURN_IF_ERROR(ReserveArena(0));  // without one there is no buffer to point into
  arrow::ArrayVector arrays;
  for (const int column : columns_) {
    SLUICE_ASSIGN(auto array, FinishColumn(column, arena_));
    arrays.push_back(std::move(array));
  }
  auto batch = arrow::RecordBatch::Make(schema_, rows(), std::move(arrays));
  *offsets = std::move(offsets_);
  offsets_.clear();
  timestamps_us_.clear();
  timestamp_types_.clear();
  bytes_ = arena_used_ = 0;
  // A large record's memory is not kept for the small ones after it.
  if (arena_->size() > 2 * kSliceBytes) arena_.reset();
  return batch;
}

Result<SourceRecord> KafkaRecordOf(const arrow::RecordBatch& slice, int64_t row) {
  const auto bytes = [row](const arrow::Array& column) -> std::optional<std::string> {
    if (column.IsNull(row)) return std::nullopt;
    return std::string(static_cast<const arrow::BinaryViewArray&>(column).GetView(row));
  };
  SourceRecord record;
  record.topic = *bytes(*slice.column(kTopic));
  record.partition = static_cast<const arrow::Int32Array&>(*slice.column(kPartition)).Value(row);
  record.offset = static_cast<const arrow::Int64Array&>(*slice.column(kOffset)).Value(row);
  record.timestamp_ms = static_cast<const arrow::TimestampArray&>(*slice.column(kTimestamp)).Value(row) / 1000;
  record.timestamp_type = static_cast<const arrow::Int32Array&>(*slice.column(kTimestampType)).Value(row);
  record.key = bytes(*slice.column(kKey));
  record.value = bytes(*slice.column(kValue));
  record.place = fmt::format("topic {}, partition {}, offset {}", record.topic, record.partition, record.offset);
  const auto& lists = static_cast<const arrow::ListArray&>(*slice.column(kHeaders));
  const auto& pairs = static_cast<const arrow::StructArray&>(*lists.values());
  const auto& keys = static_cast<const arrow::BinaryViewArray&>(*pairs.field(0));
  const auto& values = static_cast<const arrow::BinaryViewArray&>(*pairs.field(1));
  for (int64_t i = lists.value_offset(row); lists.IsValid(row) && i < lists.value_offset(row + 1); ++i) {
    auto& header = record.headers.emplace_back(keys.GetView(i), std::nullopt);
    if (values.IsValid(i)) header.second = values.GetView(i);
  }
  return record;
}

}  // namespace sluice
