// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/leaf_values.h"

#include <arrow/api.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "types/calendar.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using View = arrow::BinaryViewType::c_type;

constexpr int64_t kJulianEpochDay = 2'440'588;
constexpr int64_t kNanosPerMicro = 1000;

Status DoesNotFit(const LeafPlan& plan) {
  return Status::Invalid(fmt::format("a value does not fit the type {}", SparkTypeName(*plan.type)));
}

int64_t MicrosOf(const parquet::Int96& value) {
  const auto nanos =
      static_cast<int64_t>((static_cast<uint64_t>(value.value[1]) << 32) | static_cast<uint64_t>(value.value[0]));
  const auto day = static_cast<int64_t>(static_cast<int32_t>(value.value[2])) - kJulianEpochDay;
  // As in Java, days beyond the range wrap around.
  return static_cast<int64_t>(static_cast<uint64_t>(day) * static_cast<uint64_t>(kMicrosPerDay) +
                              static_cast<uint64_t>(FloorDiv(nanos, kNanosPerMicro)));
}

// Big-endian two's complement of any length; false when 128 bits do not hold it.
bool ToDecimal(const uint8_t* bytes, int64_t length, arrow::Decimal128* out) {
  const uint8_t sign = length > 0 && bytes[0] >= 0x80 ? 0xff : 0;
  while (length > 16 && bytes[0] == sign) {
    ++bytes;
    --length;
  }
  if (length > 16 || (length == 16 && (bytes[0] >= 0x80) != (sign != 0))) return false;
  uint64_t high = sign == 0 ? 0 : ~uint64_t{0};
  uint64_t low = high;
  for (int64_t i = 0; i < length; ++i) {
    high = (high << 8) | (low >> 56);
    low = (low << 8) | bytes[i];
  }
  *out = arrow::Decimal128(static_cast<int64_t>(high), low);
  return true;
}

void AppendUuid(const uint8_t* bytes, char* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = kDigits[bytes[i] >> 4];
    *out++ = kDigits[bytes[i] & 15];
  }
}

constexpr int kUuidSize = 36;

bool IsInline(int64_t size) {
  return size <= arrow::BinaryViewType::kInlineSize;
}

}  // namespace

// Room for so many more values.
Status LeafValues::Reserve(int64_t count) {
  const int64_t needed = (size_ + count) * plan_.width;
  const int64_t capacity = values_ == nullptr ? 0 : values_->capacity();
  if (values_ != nullptr && needed <= capacity) return Status::OK();
  const int64_t grown = std::max(needed, size_ == 0 ? 0 : capacity * 2);
  SLUICE_RETURN_IF_ERROR(claim_.Set(2 * (grown + (bytes_ == nullptr ? 0 : bytes_->capacity()))));
  if (values_ == nullptr) return arrow::AllocateResizableBuffer(grown).Value(&values_);
  return values_->Resize(grown, /*shrink_to_fit=*/false);
}

template <typename Out, typename In, typename Convert>
Status LeafValues::AppendEach(const In* values, int64_t count, Convert convert) {
  SLUICE_RETURN_IF_ERROR(Reserve(count));
  auto* out = reinterpret_cast<Out*>(values_->mutable_data()) + size_;
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<Out>(convert(values[i]));
  size_ += count;
  return Status::OK();
}

template <typename In>
Status LeafValues::AppendWhole(const In* values, int64_t count) {
  const auto fits = [&](auto limits) {
    return std::all_of(values, values + count,
                       [&](In value) { return value >= limits.min() && value <= limits.max(); });
  };
  const auto same = [](In value) { return value; };
  switch (plan_.type->id()) {
    case arrow::Type::INT8:
      return fits(std::numeric_limits<int8_t>()) ? AppendEach<int8_t>(values, count, same) : DoesNotFit(plan_);
    case arrow::Type::INT16:
      return fits(std::numeric_limits<int16_t>()) ? AppendEach<int16_t>(values, count, same) : DoesNotFit(plan_);
    default:
      return AppendEach<int64_t>(values, count, same);
  }
}

// to_decimal(value, &decimal) is false when the value is too large.
template <typename In, typename ToDecimal>
Status LeafValues::AppendDecimals(const In* values, int64_t count, ToDecimal to_decimal) {
  const int precision = static_cast<const arrow::Decimal128Type&>(*plan_.type).precision();
  const arrow::Decimal128 scale(arrow::Decimal128::GetScaleMultiplier(plan_.scale_up));
  bool fits = true;
  const Status appended = AppendEach<arrow::Decimal128>(values, count, [&](const In& value) {
    arrow::Decimal128 decimal;
    // Digits are counted before the scale grows, which could pass 128 bits.
    fits = fits && to_decimal(value, &decimal) && decimal.FitsInPrecision(precision - plan_.scale_up);
    return fits && plan_.scale_up > 0 ? arrow::Decimal128(decimal * scale) : decimal;
  });
  SLUICE_RETURN_IF_ERROR(appended);
  return fits ? Status::OK() : DoesNotFit(plan_);
}

// to_view(value, room) gives the value's size, and writes its bytes to `room` when that is not null.
template <typename In, typename ToView>
Status LeafValues::AppendViews(const In* values, int64_t count, ToView to_view) {
  int64_t end = bytes_size_;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t size = to_view(values[i], nullptr);
    end += IsInline(size) ? 0 : size;
  }
  if (end > INT32_MAX) return Status::CapacityError("the texts of a slice are larger than 2 GiB");
  if (end > bytes_size_) {
    const int64_t capacity = bytes_ == nullptr ? 0 : bytes_->capacity();
    const int64_t grown = end <= capacity ? capacity : std::max(end, bytes_size_ == 0 ? 0 : capacity * 2);
    SLUICE_RETURN_IF_ERROR(claim_.Set(2 * ((size_ + count) * plan_.width + grown)));
    if (bytes_ == nullptr) SLUICE_RETURN_IF_ERROR(arrow::AllocateResizableBuffer(grown).Value(&bytes_));
    SLUICE_RETURN_IF_ERROR(bytes_->Resize(grown, /*shrink_to_fit=*/false));
  }
  SLUICE_RETURN_IF_ERROR(Reserve(count));
  auto* views = reinterpret_cast<View*>(values_->mutable_data()) + size_;
  uint8_t small[arrow::BinaryViewType::kInlineSize];
  for (int64_t i = 0; i < count; ++i) {
    const auto size = static_cast<int32_t>(to_view(values[i], nullptr));
    if (IsInline(size)) {
      to_view(values[i], small);
      views[i] = arrow::util::ToInlineBinaryView(small, size);
    } else {
      uint8_t* to = bytes_->mutable_data() + bytes_size_;
      to_view(values[i], to);
      views[i] = arrow::util::ToNonInlineBinaryView(to, size, 0, static_cast<int32_t>(bytes_size_));
      bytes_size_ += size;
    }
  }
  size_ += count;
  return Status::OK();
}

Status LeafValues::Append(const bool* values, int64_t count) {
  return AppendEach<uint8_t>(values, count, [](bool value) { return value ? 1 : 0; });
}

Status LeafValues::Append(const int32_t* values, int64_t count) {
  switch (plan_.form) {
    case LeafForm::kWhole:
      return AppendWhole(values, count);
    case LeafForm::kUnsigned:
      return AppendEach<int64_t>(values, count, [](int32_t value) { return static_cast<uint32_t>(value); });
    case LeafForm::kFloating:
      return AppendEach<double>(values, count, [](int32_t value) { return value; });
    case LeafForm::kDays:
      return AppendEach<int32_t>(values, count, [this](int32_t value) { return plan_.rebase.Days(value); });
    case LeafForm::kDaysToMicros: {
      constexpr int32_t kMost = INT64_MAX / kMicrosPerDay;
      const bool fits = std::all_of(values, values + count, [](int32_t v) { return v >= -kMost && v <= kMost; });
      if (!fits) return DoesNotFit(plan_);
      return AppendEach<int64_t>(values, count,
                                 [this](int32_t value) { return plan_.rebase.Days(value) * kMicrosPerDay; });
    }
    case LeafForm::kDecimal:
      return AppendDecimals(values, count, [](int32_t value, arrow::Decimal128* out) {
        *out = arrow::Decimal128(value);
        return true;
      });
    default:
      return AppendEach<int32_t>(values, count, [](int32_t value) { return value; });
  }
}

Status LeafValues::Append(const int64_t* values, int64_t count) {
  switch (plan_.form) {
    case LeafForm::kMicros:
      return AppendEach<int64_t>(values, count, [this](int64_t value) { return plan_.rebase.Micros(value); });
    case LeafForm::kMillis: {
      constexpr int64_t kMost = INT64_MAX / 1000;
      const bool fits = std::all_of(values, values + count, [](int64_t v) { return v >= -kMost && v <= kMost; });
      if (!fits) return DoesNotFit(plan_);
      return AppendEach<int64_t>(values, count, [this](int64_t value) { return plan_.rebase.Micros(value * 1000); });
    }
    case LeafForm::kNanos:
      return AppendEach<int64_t>(values, count, [](int64_t value) { return FloorDiv(value, kNanosPerMicro); });
    case LeafForm::kDecimal:
      return AppendDecimals(values, count, [](int64_t value, arrow::Decimal128* out) {
        *out = arrow::Decimal128(value);
        return true;
      });
    case LeafForm::kDecimalOfBits:
      return AppendDecimals(values, count, [](int64_t value, arrow::Decimal128* out) {
        *out = arrow::Decimal128(0, static_cast<uint64_t>(value));
        return true;
      });
    default:
      return AppendEach<int64_t>(values, count, [](int64_t value) { return value; });
  }
}

Status LeafValues::Append(const float* values, int64_t count) {
  const auto same = [](float value) { return value; };
  if (plan_.form == LeafForm::kFloating) return AppendEach<double>(values, count, same);
  return AppendEach<float>(values, count, same);
}

Status LeafValues::Append(const double* values, int64_t count) {
  return AppendEach<double>(values, count, [](double value) { return value; });
}

Status LeafValues::Append(const parquet::Int96* values, int64_t count) {
  return AppendEach<int64_t>(values, count,
                             [this](const parquet::Int96& value) { return plan_.rebase.Micros(MicrosOf(value)); });
}

Status LeafValues::Append(const parquet::ByteArray* values, int64_t count) {
  if (plan_.form == LeafForm::kDecimalBytes) {
    return AppendDecimals(values, count, [](const parquet::ByteArray& value, arrow::Decimal128* out) {
      return ToDecimal(value.ptr, value.len, out);
    });
  }
  return AppendViews(values, count, [](const parquet::ByteArray& value, uint8_t* room) -> int64_t {
    if (room != nullptr && value.len > 0) std::memcpy(room, value.ptr, value.len);
    return value.len;
  });
}

Status LeafValues::Append(const parquet::FixedLenByteArray* values, int64_t count) {
  const int width = plan_.byte_width;
  switch (plan_.form) {
    case LeafForm::kDecimalBytes:
      return AppendDecimals(values, count, [width](const parquet::FixedLenByteArray& value, arrow::Decimal128* out) {
        return ToDecimal(value.ptr, width, out);
      });
    case LeafForm::kHalf:
      return AppendEach<float>(values, count, [](const parquet::FixedLenByteArray& value) {
        return arrow::util::Float16::FromLittleEndian(value.ptr).ToFloat();
      });
    case LeafForm::kUuid:
      return AppendViews(values, count, [](const parquet::FixedLenByteArray& value, uint8_t* room) -> int64_t {
        if (room != nullptr) AppendUuid(value.ptr, reinterpret_cast<char*>(room));
        return kUuidSize;
      });
    default:
      return AppendViews(values, count, [width](const parquet::FixedLenByteArray& value, uint8_t* room) -> int64_t {
        if (room != nullptr && width > 0) std::memcpy(room, value.ptr, static_cast<size_t>(width));
        return width;
      });
  }
}

Result<LeafValues::Taken> LeafValues::Take(int64_t count) {
  if (values_ == nullptr) SLUICE_RETURN_IF_ERROR(Reserve(0));
  std::shared_ptr<arrow::ResizableBuffer> values = std::move(values_);
  std::shared_ptr<arrow::ResizableBuffer> bytes = std::move(bytes_);
  const int64_t left = size_ - count;
  const auto* rest = values->data() + count * plan_.width;
  size_ = 0;
  bytes_size_ = 0;
  if (left > 0 && bytes != nullptr) {
    const auto* views = reinterpret_cast<const View*>(rest);
    std::vector<parquet::ByteArray> again;
    again.reserve(static_cast<size_t>(left));
    for (int64_t i = 0; i < left; ++i) {
      const View& view = views[i];
      const uint8_t* data = view.is_inline() ? view.inline_data() : bytes->data() + view.ref.offset;
      again.emplace_back(static_cast<uint32_t>(view.size()), data);
    }
    SLUICE_RETURN_IF_ERROR(
        AppendViews(again.data(), left, [](const parquet::ByteArray& value, uint8_t* room) -> int64_t {
          if (room != nullptr && value.len > 0) std::memcpy(room, value.ptr, value.len);
          return value.len;
        }));
  } else if (left > 0) {
    SLUICE_RETURN_IF_ERROR(Reserve(left));
    std::memcpy(values_->mutable_data(), rest, static_cast<size_t>(left * plan_.width));
    size_ = left;
  }
  SLUICE_RETURN_IF_ERROR(values->Resize(count * plan_.width, /*shrink_to_fit=*/false));
  return Taken{std::move(values), std::move(bytes)};
}

}  // namespace sluice
