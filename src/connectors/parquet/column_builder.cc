// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/column_builder.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <utility>

#include "types/spark_type.h"

namespace sluice {
namespace {

using DataPtr = std::shared_ptr<arrow::ArrayData>;

// The places of a part of a column: one for each entry of its leaf that is at least that deep, and begins anew there.
struct Depth {
  int16_t repetition = 0;
  int16_t definition = 0;
};

// Calls each(definition level) for the places of a leaf's slice, and inner(definition level, repetition level) for
// entries inside of a place.
template <typename Each, typename Inner>
void ForPlaces(const LeafSlice& slice, const Depth& depth, Each each, Inner inner) {
  for (int64_t i = 0; i < slice.entries; ++i) {
    const int16_t definition = slice.definition == nullptr ? slice.present : slice.definition[i];
    const int16_t repetition = slice.repetition == nullptr ? int16_t{0} : slice.repetition[i];
    if (repetition > depth.repetition) {
      inner(definition, repetition);
    } else if (definition >= depth.definition) {
      each(definition);
    }
  }
}

Status Contradiction() {
  return Status::IOError("the levels of a column contradict each other");
}

Result<std::shared_ptr<arrow::Buffer>> Bitmap(int64_t bits) {
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> bitmap, arrow::AllocateEmptyBitmap(bits));
  return bitmap;
}

// Which places are not NULL.
struct Validity {
  std::shared_ptr<arrow::Buffer> bits;  // null: all
  int64_t nulls = 0;
};

Result<Validity> ValidityOf(const LeafSlice& slice, const Depth& depth, int16_t present, int64_t places) {
  Validity validity;
  if (slice.definition == nullptr && slice.repetition == nullptr && slice.entries == places) return validity;
  int64_t found = 0;
  const auto nothing = [](int16_t, int16_t) {};
  ForPlaces(
      slice, depth, [&](int16_t definition) { validity.nulls += definition < present ? 1 : 0, ++found; }, nothing);
  if (found != places) return Contradiction();
  if (validity.nulls == 0) return validity;
  SLUICE_ASSIGN(validity.bits, Bitmap(places));
  int64_t at = 0;
  uint8_t* bits = validity.bits->mutable_data();
  ForPlaces(
      slice, depth, [&](int16_t definition) { arrow::bit_util::SetBitTo(bits, at++, definition >= present); }, nothing);
  return validity;
}

template <int kWidth>
void Spread(const uint8_t* values, const uint8_t* valid, int64_t places, uint8_t* out) {
  for (int64_t i = 0; i < places; ++i) {
    if (arrow::bit_util::GetBit(valid, i)) {
      std::memcpy(out + i * kWidth, values, kWidth);
      values += kWidth;
    } else {
      std::memset(out + i * kWidth, 0, kWidth);
    }
  }
}

// Puts values into their places; all others are zeros.
Result<std::shared_ptr<arrow::Buffer>> Spread(const arrow::Buffer& values, const Validity& validity, int width,
                                              int64_t places) {
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> out, arrow::AllocateBuffer(places * width));
  const uint8_t* valid = validity.bits->data();
  uint8_t* to = out->mutable_data();
  switch (width) {
    case 1:
      Spread<1>(values.data(), valid, places, to);
      break;
    case 2:
      Spread<2>(values.data(), valid, places, to);
      break;
    case 4:
      Spread<4>(values.data(), valid, places, to);
      break;
    case 8:
      Spread<8>(values.data(), valid, places, to);
      break;
    default:
      Spread<16>(values.data(), valid, places, to);
  }
  return out;
}

Result<std::shared_ptr<arrow::Buffer>> PackBits(const arrow::Buffer& bytes, int64_t count) {
  SLUICE_ASSIGN(auto bits, Bitmap(count));
  for (int64_t i = 0; i < count; ++i) {
    if (bytes.data()[i] != 0) arrow::bit_util::SetBit(bits->mutable_data(), i);
  }
  return bits;
}

Result<DataPtr> BuildLeaf(const ColumnPlan& plan, LeafSlice* slice, const Depth& depth, int64_t places) {
  SLUICE_ASSIGN(const Validity validity, ValidityOf(*slice, depth, plan.present, places));
  if (places - validity.nulls != slice->count) return Contradiction();
  std::shared_ptr<arrow::Buffer> values = std::move(slice->values.values);
  if (validity.nulls > 0) {
    SLUICE_ASSIGN(values, Spread(*values, validity, plan.values.width, places));
  }
  if (plan.type->id() == arrow::Type::BOOL) {
    SLUICE_ASSIGN(values, PackBits(*values, places));
  }
  arrow::BufferVector buffers = {validity.bits, std::move(values)};
  if (slice->values.bytes != nullptr) buffers.push_back(std::move(slice->values.bytes));
  return arrow::ArrayData::Make(plan.type, places, std::move(buffers), validity.nulls);
}

class Builder {
 public:
  explicit Builder(const SliceOfLeaf& slices) : slices_(slices) {}

  Result<DataPtr> Build(const ColumnPlan& plan, const Depth& depth, int64_t places) {
    switch (plan.kind) {
      case ColumnPlan::Kind::kMissing: {
        SLUICE_ASSIGN(const auto nulls, arrow::MakeArrayOfNull(plan.type, places));
        return nulls->data();
      }
      case ColumnPlan::Kind::kLeaf:
        return BuildLeaf(plan, slices_(plan.leaf), depth, places);
      case ColumnPlan::Kind::kStruct: {
        SLUICE_ASSIGN(Validity validity, ValidityOf(*slices_(plan.leaf), depth, plan.present, places));
        std::vector<DataPtr> children;
        for (const ColumnPlan& child : plan.children) {
          SLUICE_ASSIGN(auto data, Build(child, depth, places));
          children.push_back(std::move(data));
        }
        return arrow::ArrayData::Make(plan.type, places, {std::move(validity.bits)}, std::move(children),
                                      validity.nulls);
      }
      default:
        return BuildElements(plan, depth, places);
    }
  }

 private:
  // Of a list or map.
  Result<DataPtr> BuildElements(const ColumnPlan& plan, const Depth& depth, int64_t places) {
    const LeafSlice& slice = *slices_(plan.leaf);
    SLUICE_ASSIGN(Validity validity, ValidityOf(slice, depth, plan.present, places));
    SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> offsets,
                  arrow::AllocateBuffer((places + 1) * static_cast<int64_t>(sizeof(int32_t))));
    auto* offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
    int64_t elements = 0;
    const auto element = [&](int16_t definition) { elements += definition >= plan.filled ? 1 : 0; };
    ForPlaces(
        slice, depth,
        [&](int16_t definition) {
          *offset++ = static_cast<int32_t>(elements);
          element(definition);
        },
        [&](int16_t definition, int16_t repetition) {
          if (repetition <= plan.repetition) element(definition);
        });
    if (elements > INT32_MAX) return Status::CapacityError("a slice has more than 2^31 elements of lists");
    *offset = static_cast<int32_t>(elements);
    std::vector<DataPtr> children;
    for (const ColumnPlan& child : plan.children) {
      SLUICE_ASSIGN(auto data, Build(child, {plan.repetition, plan.filled}, elements));
      children.push_back(std::move(data));
    }
    if (plan.kind == ColumnPlan::Kind::kMap) {
      if (children[0]->GetNullCount() > 0) return Status::IOError("a map has a NULL for a key");
      const auto pair = static_cast<const arrow::MapType&>(*plan.type).value_type();
      children = {arrow::ArrayData::Make(pair, elements, {nullptr}, std::move(children), 0)};
    }
    return arrow::ArrayData::Make(plan.type, places, {std::move(validity.bits), std::move(offsets)},
                                  std::move(children), validity.nulls);
  }

  const SliceOfLeaf& slices_;
};

}  // namespace

Result<std::shared_ptr<arrow::Array>> BuildColumn(const ColumnPlan& plan, int64_t rows, const SliceOfLeaf& slices) {
  SLUICE_ASSIGN(auto data, Builder(slices).Build(plan, {}, rows));
  return arrow::MakeArray(std::move(data));
}

}  // namespace sluice
