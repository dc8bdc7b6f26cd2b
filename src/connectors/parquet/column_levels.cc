// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/column_levels.h"

#include <arrow/array.h>

#include "base/spark_error.h"

namespace sluice {
namespace {

using arrow::Array;

// A shape bound to the arrays of one slice.
struct Bound {
  const ColumnShape* shape = nullptr;
  const Array* array = nullptr;
  std::vector<Bound> children;
};

class Shredder {
 public:
  Shredder(int first_leaf, std::vector<LeafLevels>* leaves, std::vector<std::shared_ptr<Array>>* keep)
      : first_leaf_(first_leaf), leaves_(*leaves), keep_(*keep) {}

  Bound Bind(const ColumnShape& shape, const std::shared_ptr<Array>& array) {
    keep_.push_back(array);
    Bound bound{&shape, array.get(), {}};
    std::vector<std::shared_ptr<Array>> arrays;
    switch (shape.type->id()) {
      case arrow::Type::STRUCT:
        for (int i = 0; i < shape.type->num_fields(); ++i) {
          arrays.push_back(static_cast<const arrow::StructArray&>(*array).field(i));
        }
        break;
      case arrow::Type::LIST:
        arrays = {static_cast<const arrow::ListArray&>(*array).values()};
        break;
      case arrow::Type::MAP: {
        const auto& map = static_cast<const arrow::MapArray&>(*array);
        arrays = {map.keys(), map.items()};
        break;
      }
      default:
        leaves_[shape.leaf_begin - first_leaf_].leaf = array.get();
    }
    for (size_t i = 0; i < arrays.size(); ++i) bound.children.push_back(Bind(shape.children[i], arrays[i]));
    return bound;
  }

  // `definition` and `repetition` are those of the parent's entry.
  Status Visit(const Bound& node, int64_t index, int16_t definition, int16_t repetition) {
    if (node.array->IsNull(index)) {
      if (!node.shape->nullable) return InternalError("a column that is declared NOT NULL has a null");
      EmitNothing(node, definition, repetition);
      return Status::OK();
    }
    if (node.shape->nullable) ++definition;
    switch (node.shape->type->id()) {
      case arrow::Type::STRUCT:
        for (const Bound& child : node.children) SLUICE_RETURN_IF_ERROR(Visit(child, index, definition, repetition));
        return Status::OK();
      case arrow::Type::LIST:
      case arrow::Type::MAP:
        return VisitElements(node, index, definition, repetition);
      default: {
        LeafLevels& leaf = leaves_[node.shape->leaf_begin - first_leaf_];
        leaf.definition.push_back(definition);
        leaf.repetition.push_back(repetition);
        leaf.select.push_back(static_cast<int32_t>(index));
        return Status::OK();
      }
    }
  }

 private:
  Status VisitElements(const Bound& node, int64_t index, int16_t definition, int16_t repetition) {
    const auto& list = static_cast<const arrow::ListArray&>(*node.array);  // a MapArray is one too
    const int32_t begin = list.value_offset(index);
    const int32_t end = begin + list.value_length(index);
    if (begin == end) EmitNothing(node, definition, repetition);
    for (int32_t i = begin; i < end; ++i) {
      const int16_t level = i == begin ? repetition : node.shape->repetition;
      for (const Bound& child : node.children) {
        SLUICE_RETURN_IF_ERROR(Visit(child, i, static_cast<int16_t>(definition + 1), level));
      }
    }
    return Status::OK();
  }

  void EmitNothing(const Bound& node, int16_t definition, int16_t repetition) {
    for (int i = node.shape->leaf_begin; i < node.shape->leaf_end; ++i) {
      leaves_[i - first_leaf_].definition.push_back(definition);
      leaves_[i - first_leaf_].repetition.push_back(repetition);
    }
  }

  const int first_leaf_;
  std::vector<LeafLevels>& leaves_;
  std::vector<std::shared_ptr<Array>>& keep_;
};

}  // namespace

Status ShredColumn(const ColumnShape& shape, const std::shared_ptr<arrow::Array>& array, const int32_t* rows,
                   int64_t count, std::vector<LeafLevels>* leaves, std::vector<std::shared_ptr<arrow::Array>>* keep) {
  leaves->resize(static_cast<size_t>(shape.leaf_end - shape.leaf_begin));
  for (LeafLevels& leaf : *leaves) leaf.Clear();
  Shredder shredder(shape.leaf_begin, leaves, keep);
  const Bound root = shredder.Bind(shape, array);
  for (int64_t i = 0; i < count; ++i) {
    SLUICE_RETURN_IF_ERROR(shredder.Visit(root, rows == nullptr ? i : rows[i], 0, 0));
  }
  return Status::OK();
}

}  // namespace sluice
