// SPDX-License-Identifier: Apache-2.0
// Columns from and for the edges: plain Arrow types against the engine's forms.
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/bitmap_ops.h>
#include <fmt/format.h>

#include <cstring>

#include "base/spark_error.h"
#include "types/calendar.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using View = arrow::BinaryViewType::c_type;

// The type with each child replaced by change(child).
template <typename Change>
Result<TypePtr> WithChangedChildren(const TypePtr& type, Change change) {
  switch (type->id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST: {
      SLUICE_ASSIGN(auto element, change(type->field(0)->type()));
      return ArrayType(std::move(element), type->field(0)->nullable());
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      SLUICE_ASSIGN(auto key, change(map.key_type()));
      SLUICE_ASSIGN(auto value, change(map.item_type()));
      return MapOf(std::move(key), std::move(value), map.item_field()->nullable());
    }
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) {
        SLUICE_ASSIGN(auto changed, change(field->type()));
        fields.push_back(field->WithType(std::move(changed)));
      }
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

// Views over the values of an array with offsets; the bytes are shared.
template <typename PlainArray>
Result<ArrayPtr> ViewsOf(const arrow::Array& array, const TypePtr& target) {
  const auto& plain = static_cast<const PlainArray&>(array);
  const auto& data = plain.value_data();
  if (data != nullptr && data->size() > INT32_MAX) return InternalError("a string column is larger than 2 GiB");
  SLUICE_ASSIGN(auto buffer, arrow::AllocateBuffer(array.length() * static_cast<int64_t>(sizeof(View))));
  auto* views = reinterpret_cast<View*>(buffer->mutable_data());
  const auto base = static_cast<int64_t>(array.length() > 0 ? plain.value_offset(0) : 0);
  for (int64_t i = 0; i < array.length(); ++i) {
    const auto offset = static_cast<int64_t>(plain.value_offset(i));
    const auto text = array.IsNull(i) || plain.value_length(i) == 0 ? std::string_view("") : plain.GetView(i);
    views[i] = arrow::util::ToBinaryView(text, 0, static_cast<int32_t>(offset - base));
  }
  std::shared_ptr<arrow::Buffer> bytes = data == nullptr ? nullptr : arrow::SliceBuffer(data, base);
  std::shared_ptr<arrow::Buffer> validity;
  if (array.null_count() > 0) {
    SLUICE_ASSIGN(validity, arrow::internal::CopyBitmap(arrow::default_memory_pool(), array.null_bitmap_data(),
                                                        array.offset(), array.length()));
  }
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {std::move(validity), std::move(buffer)};
  if (bytes != nullptr) buffers.push_back(std::move(bytes));
  return arrow::MakeArray(arrow::ArrayData::Make(target, array.length(), std::move(buffers), array.null_count()));
}

Result<ArrayPtr> PlainOf(const arrow::Array& array, const TypePtr& target) {
  const auto& views = static_cast<const arrow::BinaryViewArray&>(array);
  arrow::BinaryBuilder builder(target, arrow::default_memory_pool());
  int64_t bytes = 0;
  for (int64_t i = 0; i < array.length(); ++i)
    bytes += array.IsNull(i) ? 0 : static_cast<int64_t>(views.GetView(i).size());
  SLUICE_RETURN_IF_ERROR(builder.Reserve(array.length()));
  SLUICE_RETURN_IF_ERROR(builder.ReserveData(bytes));
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(views.GetView(i));
    }
  }
  SLUICE_ASSIGN(auto plain, builder.Finish());
  auto data = plain->data()->Copy();  // the builder's type is always BINARY
  data->type = target;
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> ComputeCast(const ArrayPtr& array, const TypePtr& target) {
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Unsafe(target);
  SLUICE_ASSIGN(auto datum, arrow::compute::Cast(array, options));
  return datum.make_array();
}

Result<ArrayPtr> ToEngineArray(const ArrayPtr& array, const TypePtr& target);
Result<ArrayPtr> ToPlainArray(const ArrayPtr& array, const TypePtr& target);

template <typename Convert>
Result<ArrayPtr> ConvertChildren(const ArrayPtr& array, const TypePtr& target, Convert convert) {
  auto data = array->data()->Copy();
  data->type = target;
  for (size_t i = 0; i < data->child_data.size(); ++i) {
    const auto child_type = target->id() == arrow::Type::MAP ? arrow::struct_(target->field(0)->type()->fields())
                                                             : target->field(static_cast<int>(i))->type();
    SLUICE_ASSIGN(auto child, convert(arrow::MakeArray(data->child_data[i]), child_type));
    data->child_data[i] = child->data();
  }
  return arrow::MakeArray(data);
}

Result<ArrayPtr> ToEngineArray(const ArrayPtr& array, const TypePtr& target) {
  if (array->type()->Equals(target)) return array;
  switch (array->type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return ViewsOf<arrow::BinaryArray>(*array, target);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return ViewsOf<arrow::LargeBinaryArray>(*array, target);
    case arrow::Type::DICTIONARY: {
      const auto& values = static_cast<const arrow::DictionaryArray&>(*array);
      SLUICE_ASSIGN(auto taken, arrow::compute::Take(values.dictionary(), values.indices()));
      return ToEngineArray(taken.make_array(), target);
    }
    case arrow::Type::LARGE_LIST: {
      SLUICE_ASSIGN(auto list, ComputeCast(array, arrow::list(array->type()->field(0))));
      return ToEngineArray(list, target);
    }
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return ConvertChildren(array, target, ToEngineArray);
    case arrow::Type::TIMESTAMP: {
      const auto& from = static_cast<const arrow::TimestampType&>(*array->type());
      if (from.unit() == arrow::TimeUnit::MICRO) return array->View(target);
      if (from.unit() != arrow::TimeUnit::NANO) return ComputeCast(array, target);
      // Rounds down, as Spark reads nanoseconds.
      arrow::TimestampBuilder builder(target, arrow::default_memory_pool());
      const auto& values = static_cast<const arrow::TimestampArray&>(*array);
      for (int64_t i = 0; i < array->length(); ++i) {
        SLUICE_RETURN_IF_ERROR(array->IsNull(i) ? builder.AppendNull()
                                                : builder.Append(FloorDiv(values.Value(i), 1000)));
      }
      return builder.Finish();
    }
    default:
      return ComputeCast(array, target);
  }
}

TypePtr PlainType(const TypePtr& type) {
  if (type->id() == arrow::Type::STRING_VIEW) return arrow::utf8();
  if (type->id() == arrow::Type::BINARY_VIEW) return arrow::binary();
  return WithChangedChildren(type, [](const TypePtr& child) -> Result<TypePtr> { return PlainType(child); })
      .ValueOr(type);
}

Result<ArrayPtr> ToPlainArray(const ArrayPtr& array, const TypePtr& target) {
  if (array->type()->Equals(target)) return array;
  if (array->type_id() == arrow::Type::STRING_VIEW || array->type_id() == arrow::Type::BINARY_VIEW) {
    return PlainOf(*array, target);
  }
  return ConvertChildren(array, target, ToPlainArray);
}

}  // namespace

Result<TypePtr> ToEngineType(const TypePtr& type) {
  switch (type->id()) {
    case arrow::Type::NA:
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DATE32:
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return type;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return StringType();
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
      return BinaryType();
    case arrow::Type::UINT8:
      return arrow::int16();
    case arrow::Type::UINT16:
      return arrow::int32();
    case arrow::Type::UINT32:
      return arrow::int64();
    case arrow::Type::UINT64:
      return arrow::decimal128(20, 0);
    case arrow::Type::HALF_FLOAT:
      return arrow::float32();
    case arrow::Type::DATE64:
      return arrow::date32();
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      return arrow::decimal128(decimal.precision(), decimal.scale());
    }
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(*type).timezone().empty() ? TimestampNtzType() : TimestampType();
    case arrow::Type::DURATION:
      return static_cast<const arrow::DurationType&>(*type).unit() == arrow::TimeUnit::MICRO
                 ? type
                 : arrow::duration(arrow::TimeUnit::MICRO);
    case arrow::Type::DICTIONARY:
      return ToEngineType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return WithChangedChildren(type, ToEngineType);
    default:
      return NotSupported(fmt::format("Columns of the Arrow type {} are not supported.", type->ToString()));
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ToEngineBatch(const std::shared_ptr<arrow::RecordBatch>& batch) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch->num_columns(); ++i) {
    SLUICE_ASSIGN(auto type, ToEngineType(batch->column(i)->type()));
    SLUICE_ASSIGN(auto column, ToEngineArray(batch->column(i), type));
    fields.push_back(batch->schema()->field(i)->WithType(type));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields), batch->schema()->metadata()), batch->num_rows(),
                                  std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> ToPlainBatch(const std::shared_ptr<arrow::RecordBatch>& batch) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch->num_columns(); ++i) {
    const auto type = PlainType(batch->column(i)->type());
    SLUICE_ASSIGN(auto column, ToPlainArray(batch->column(i), type));
    fields.push_back(batch->schema()->field(i)->WithType(type));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields), batch->schema()->metadata()), batch->num_rows(),
                                  std::move(columns));
}

}  // namespace sluice
