// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/leaf_writer.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>
#include <parquet/exception.h>
#include <parquet/schema.h>
#include <parquet/types.h>

namespace sluice {
namespace {

constexpr int64_t kMicrosADay = 86'400'000'000;
constexpr int64_t kJulianEpochDay = 2'440'588;

template <typename Value, typename At>
const Value* Gather(std::vector<Value>* out, const LeafEntries& entries, At at) {
  out->resize(static_cast<size_t>(entries.values));
  Value* values = out->data();
  if (entries.select == nullptr) {
    for (int64_t i = 0; i < entries.values; ++i) values[i] = at(i);
  } else {
    for (int64_t i = 0; i < entries.values; ++i) values[i] = at(entries.select[i]);
  }
  return values;
}

template <typename ParquetType>
void Put(parquet::ColumnWriter* writer, const LeafEntries& entries, const typename ParquetType::c_type* values) {
  static_cast<parquet::TypedColumnWriter<ParquetType>*>(writer)->WriteBatch(entries.levels, entries.definition,
                                                                            entries.repetition, values);
}

// Values that Parquet stores as the array has them: no copy unless some are left out.
template <typename ParquetType, typename ArrowArray>
void PutSame(parquet::ColumnWriter* writer, const LeafEntries& entries,
             std::vector<typename ParquetType::c_type>* scratch) {
  using Value = typename ParquetType::c_type;
  const Value* raw = static_cast<const ArrowArray&>(*entries.array).raw_values();
  if (entries.select != nullptr) raw = Gather(scratch, entries, [raw](int64_t i) { return raw[i]; });
  Put<ParquetType>(writer, entries, raw);
}

int64_t FloorDiv(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

parquet::Int96 Int96FromMicros(int64_t micros) {
  const int64_t day = FloorDiv(micros, kMicrosADay);
  const auto nanos = static_cast<uint64_t>((micros - day * kMicrosADay) * 1000);
  parquet::Int96 value;
  value.value[0] = static_cast<uint32_t>(nanos);
  value.value[1] = static_cast<uint32_t>(nanos >> 32);
  value.value[2] = static_cast<uint32_t>(day + kJulianEpochDay);
  return value;
}

}  // namespace

int64_t LeafWriter::WriteBytes(parquet::ColumnWriter* writer, const LeafEntries& entries) {
  // Array::GetView is a call into another library for every value; this is not.
  const auto& views = static_cast<const arrow::BinaryViewArray&>(*entries.array);
  const arrow::BinaryViewType::c_type* raw = views.raw_values();
  const auto* buffers = views.data()->buffers.data() + 2;
  int64_t bytes = 0;
  const auto* values = Gather(&byte_arrays_, entries, [&](int64_t i) {
    const auto& view = raw[i];
    bytes += view.size();
    const uint8_t* data =
        view.is_inline() ? view.inline_data() : buffers[view.ref.buffer_index]->data() + view.ref.offset;
    return parquet::ByteArray(static_cast<uint32_t>(view.size()), data);
  });
  Put<parquet::ByteArrayType>(writer, entries, values);
  // A length a value, as it would stand in a plain page.
  return bytes + 4 * entries.values;
}

void LeafWriter::WriteInt32(parquet::ColumnWriter* writer, const LeafEntries& entries) {
  using Parquet = parquet::Int32Type;
  switch (entries.array->type_id()) {
    case arrow::Type::INT8: {
      const auto* raw = static_cast<const arrow::Int8Array&>(*entries.array).raw_values();
      return Put<Parquet>(writer, entries, Gather(&int32_, entries, [raw](int64_t i) -> int32_t { return raw[i]; }));
    }
    case arrow::Type::INT16: {
      const auto* raw = static_cast<const arrow::Int16Array&>(*entries.array).raw_values();
      return Put<Parquet>(writer, entries, Gather(&int32_, entries, [raw](int64_t i) -> int32_t { return raw[i]; }));
    }
    case arrow::Type::DATE32:
      return PutSame<Parquet, arrow::Date32Array>(writer, entries, &int32_);
    case arrow::Type::DECIMAL128: {
      const auto& decimals = static_cast<const arrow::Decimal128Array&>(*entries.array);
      return Put<Parquet>(writer, entries, Gather(&int32_, entries, [&](int64_t i) {
                            return static_cast<int32_t>(arrow::Decimal128(decimals.GetValue(i)).low_bits());
                          }));
    }
    default:
      return PutSame<Parquet, arrow::Int32Array>(writer, entries, &int32_);
  }
}

void LeafWriter::WriteInt64(parquet::ColumnWriter* writer, const LeafEntries& entries) {
  using Parquet = parquet::Int64Type;
  switch (entries.array->type_id()) {
    case arrow::Type::DECIMAL128: {
      const auto& decimals = static_cast<const arrow::Decimal128Array&>(*entries.array);
      return Put<Parquet>(writer, entries, Gather(&int64_, entries, [&](int64_t i) {
                            return static_cast<int64_t>(arrow::Decimal128(decimals.GetValue(i)).low_bits());
                          }));
    }
    case arrow::Type::TIMESTAMP: {
      const auto& meaning = *writer->descr()->logical_type();
      const bool millis =
          meaning.is_timestamp() && static_cast<const parquet::TimestampLogicalType&>(meaning).time_unit() ==
                                        parquet::LogicalType::TimeUnit::MILLIS;
      if (!millis) return PutSame<Parquet, arrow::TimestampArray>(writer, entries, &int64_);
      const auto* raw = static_cast<const arrow::TimestampArray&>(*entries.array).raw_values();
      return Put<Parquet>(writer, entries,
                          Gather(&int64_, entries, [raw](int64_t i) { return FloorDiv(raw[i], 1000); }));
    }
    default:
      return PutSame<Parquet, arrow::Int64Array>(writer, entries, &int64_);
  }
}

void LeafWriter::WriteInt96(parquet::ColumnWriter* writer, const LeafEntries& entries) {
  const auto* raw = static_cast<const arrow::TimestampArray&>(*entries.array).raw_values();
  Put<parquet::Int96Type>(writer, entries,
                          Gather(&int96_, entries, [raw](int64_t i) { return Int96FromMicros(raw[i]); }));
}

void LeafWriter::WriteFixed(parquet::ColumnWriter* writer, const LeafEntries& entries) {
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(*entries.array);
  const auto length = static_cast<size_t>(writer->descr()->type_length());
  fixed_bytes_.resize(static_cast<size_t>(entries.values) * length);
  uint8_t* next = fixed_bytes_.data();
  const auto* values = Gather(&fixed_, entries, [&](int64_t i) {
    const uint8_t* little_endian = decimals.GetValue(i);
    uint8_t* out = next;
    for (size_t b = 0; b < length; ++b) out[b] = little_endian[length - 1 - b];
    next += length;
    return parquet::FixedLenByteArray(out);
  });
  Put<parquet::FLBAType>(writer, entries, values);
}

void LeafWriter::WriteBool(parquet::ColumnWriter* writer, const LeafEntries& entries) {
  if (bool_capacity_ < entries.values) {
    bool_capacity_ = entries.values;
    bool_ = std::make_unique<bool[]>(static_cast<size_t>(bool_capacity_));
  }
  const auto& bits = static_cast<const arrow::BooleanArray&>(*entries.array);
  for (int64_t i = 0; i < entries.values; ++i) bool_[i] = bits.Value(entries.select == nullptr ? i : entries.select[i]);
  Put<parquet::BooleanType>(writer, entries, bool_.get());
}

int64_t LeafWriter::Write(parquet::ColumnWriter* writer, const LeafEntries& entries) {
  switch (writer->type()) {
    case parquet::Type::BYTE_ARRAY:
      return WriteBytes(writer, entries);
    case parquet::Type::INT32:
      WriteInt32(writer, entries);
      return 4 * entries.values;
    case parquet::Type::INT64:
      WriteInt64(writer, entries);
      return 8 * entries.values;
    case parquet::Type::INT96:
      WriteInt96(writer, entries);
      return 12 * entries.values;
    case parquet::Type::FLOAT:
      PutSame<parquet::FloatType, arrow::FloatArray>(writer, entries, &float_);
      return 4 * entries.values;
    case parquet::Type::DOUBLE:
      PutSame<parquet::DoubleType, arrow::DoubleArray>(writer, entries, &double_);
      return 8 * entries.values;
    case parquet::Type::BOOLEAN:
      WriteBool(writer, entries);
      return entries.values;
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      WriteFixed(writer, entries);
      return writer->descr()->type_length() * entries.values;
    default:
      throw parquet::ParquetException("no writer for this physical type");
  }
}

}  // namespace sluice
