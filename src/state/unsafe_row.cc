// SPDX-License-Identifier: Apache-2.0
#include "state/unsafe_row.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/spark_error.h"
#include "expr/column_io.h"
#include "expr/value_hash.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr size_t kWord = 8;
constexpr int32_t kLongDigits = 18;  // decimals of at most so many digits are longs
constexpr size_t kBigDecimal = 16;   // bytes that others take, whatever their value

size_t BitsetBytes(size_t fields) {
  return (fields + 63) / 64 * kWord;
}

size_t Padded(size_t size) {
  return (size + kWord - 1) / kWord * kWord;
}

bool IsBigDecimal(const arrow::DataType& type) {
  return type.id() == arrow::Type::DECIMAL128 &&
         static_cast<const arrow::Decimal128Type&>(type).precision() > kLongDigits;
}

// Bytes of a fixed-width value; 0: the value is a variable part, or none at all.
size_t WidthOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
      return 1;
    case arrow::Type::INT16:
      return 2;
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::FLOAT:
      return 4;
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DOUBLE:
      return 8;
    case arrow::Type::DECIMAL128:
      return IsBigDecimal(type) ? 0 : 8;
    default:
      return 0;
  }
}

size_t ElementWidth(const arrow::DataType& type) {
  const size_t width = WidthOf(type);
  return width == 0 ? kWord : width;
}

Status CheckType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return Status::OK();
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      for (const auto& field : type.fields()) SLUICE_RETURN_IF_ERROR(CheckType(*field->type()));
      return Status::OK();
    default:
      if (WidthOf(type) > 0 || IsBigDecimal(type)) return Status::OK();
      return NotSupported("A value of type " + SparkTypeName(type) + " cannot be kept in state by Sluice.");
  }
}

// A column being written, with the columns below it.
struct Source {
  explicit Source(const arrow::Array& column) : array(&column), width(WidthOf(*column.type())) {
    if (column.type_id() == arrow::Type::STRUCT) {
      for (const auto& field : static_cast<const arrow::StructArray&>(column).fields()) Add(field);
    } else if (column.type_id() == arrow::Type::LIST) {
      Add(static_cast<const arrow::ListArray&>(column).values());
    } else if (column.type_id() == arrow::Type::MAP) {
      Add(static_cast<const arrow::MapArray&>(column).keys());
      Add(static_cast<const arrow::MapArray&>(column).items());
    }
  }
  void Add(const std::shared_ptr<arrow::Array>& child) {
    kept.push_back(child);
    children.emplace_back(*child);
  }

  const arrow::Array* array;
  size_t width;
  arrow::ArrayVector kept;
  std::vector<Source> children;
};

void PutWord(std::string* out, size_t at, uint64_t word) {
  std::memcpy(out->data() + at, &word, sizeof(word));
}

void SetBit(std::string* out, size_t bitset, size_t bit) {
  (*out)[bitset + bit / 8] = static_cast<char>((*out)[bitset + bit / 8] | 1 << bit % 8);
}

void PutFixed(const Source& source, int64_t row, char* at) {
  if (source.array->type_id() == arrow::Type::BOOL) {
    *at = ColumnReader<bool>(*source.array)[row] ? 1 : 0;
    return;
  }
  const size_t stride = source.array->type_id() == arrow::Type::DECIMAL128 ? kBigDecimal : source.width;
  const uint8_t* values = source.array->data()->GetValues<uint8_t>(1, 0);
  // Of a decimal the low word comes first.
  std::memcpy(at, values + static_cast<size_t>(source.array->offset() + row) * stride, source.width);
}

void AppendRow(const std::vector<Source>& fields, int64_t row, std::string* out);

void AppendArray(const Source& elements, int64_t begin, int64_t end, std::string* out);

// Appends a variable part with its padding; the result is its size without.
size_t AppendPart(const Source& source, int64_t row, std::string* out) {
  const size_t begin = out->size();
  switch (source.array->type_id()) {
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      out->append(static_cast<const arrow::BinaryViewArray&>(*source.array).GetView(row));
      break;
    case arrow::Type::DECIMAL128: {
      const std::string bytes = JavaBytes(ColumnReader<arrow::Decimal128>(*source.array)[row]);
      out->append(bytes);
      out->resize(begin + kBigDecimal, '\0');
      return bytes.size();
    }
    case arrow::Type::STRUCT:
      AppendRow(source.children, row, out);
      break;
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(*source.array);
      AppendArray(source.children[0], list.value_offset(row), list.value_offset(row + 1), out);
      break;
    }
    default: {
      const auto& map = static_cast<const arrow::MapArray&>(*source.array);
      out->append(kWord, '\0');
      AppendArray(source.children[0], map.value_offset(row), map.value_offset(row + 1), out);
      PutWord(out, begin, out->size() - begin - kWord);
      AppendArray(source.children[1], map.value_offset(row), map.value_offset(row + 1), out);
      break;
    }
  }
  const size_t size = out->size() - begin;
  out->resize(begin + Padded(size), '\0');
  return size;
}

void AppendArray(const Source& elements, int64_t begin, int64_t end, std::string* out) {
  const size_t base = out->size();
  const auto count = static_cast<size_t>(end - begin);
  const size_t bitset = base + kWord;
  const size_t values = bitset + BitsetBytes(count);
  const size_t width = ElementWidth(*elements.array->type());
  out->resize(values + Padded(count * width), '\0');
  PutWord(out, base, count);
  for (size_t i = 0; i < count; ++i) {
    const int64_t row = begin + static_cast<int64_t>(i);
    if (elements.array->IsNull(row)) {
      SetBit(out, bitset, i);
    } else if (elements.width > 0) {
      PutFixed(elements, row, out->data() + values + i * width);
    } else {
      const size_t offset = out->size() - base;
      const size_t size = AppendPart(elements, row, out);
      PutWord(out, values + i * width, offset << 32 | size);
    }
  }
}

void AppendRow(const std::vector<Source>& fields, int64_t row, std::string* out) {
  const size_t base = out->size();
  const size_t words = base + BitsetBytes(fields.size());
  out->resize(words + fields.size() * kWord, '\0');
  for (size_t i = 0; i < fields.size(); ++i) {
    const Source& field = fields[i];
    const size_t word = words + i * kWord;
    const bool null = field.array->IsNull(row);
    if (null) SetBit(out, base, i);
    if (null && IsBigDecimal(*field.array->type())) {
      // Space for a later value, as Spark reserves it.
      PutWord(out, word, (out->size() - base) << 32);
      out->append(kBigDecimal, '\0');
    } else if (!null && field.width > 0) {
      PutFixed(field, row, out->data() + word);
    } else if (!null) {
      const size_t offset = out->size() - base;
      const size_t size = AppendPart(field, row, out);
      PutWord(out, word, offset << 32 | size);
    }
  }
}

Status Misshapen() {
  return EnvironmentError("SLUICE_STATE_ROW", "A row of state does not have the form of its schema.");
}

// A value inside a row or an array: where its word or value is, and the bytes that its offset counts in.
struct Cell {
  std::string_view whole;
  size_t at = 0;
  bool null = false;
};

uint64_t WordAt(std::string_view bytes, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

bool BitAt(std::string_view bytes, size_t bitset, size_t bit) {
  return (static_cast<uint8_t>(bytes[bitset + bit / 8]) >> bit % 8 & 1) != 0;
}

Result<std::string_view> PartOf(const Cell& cell) {
  const uint64_t word = WordAt(cell.whole, cell.at);
  const uint64_t offset = word >> 32;
  const uint64_t size = word & 0xffffffff;
  if (offset > cell.whole.size() || size > cell.whole.size() - offset) return Misshapen();
  return cell.whole.substr(offset, size);
}

using Cells = std::vector<Cell>;
using ArrayPtr = std::shared_ptr<arrow::Array>;

Result<ArrayPtr> DecodeCells(const std::shared_ptr<arrow::DataType>& type, const Cells& cells, arrow::MemoryPool* pool);

template <typename T>
Result<ArrayPtr> DecodeFixed(const std::shared_ptr<arrow::DataType>& type, const Cells& cells,
                             arrow::MemoryPool* pool) {
  ColumnWriter<T> writer(static_cast<int64_t>(cells.size()), pool);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].null) {
      SLUICE_RETURN_IF_ERROR(writer.SetNull(static_cast<int64_t>(i)));
    } else if constexpr (std::is_same_v<T, bool>) {
      SLUICE_RETURN_IF_ERROR(writer.Set(static_cast<int64_t>(i), cells[i].whole[cells[i].at] != 0));
    } else if constexpr (std::is_same_v<T, arrow::Decimal128>) {
      int64_t unscaled = 0;
      std::memcpy(&unscaled, cells[i].whole.data() + cells[i].at, sizeof(unscaled));
      SLUICE_RETURN_IF_ERROR(writer.Set(static_cast<int64_t>(i), arrow::Decimal128(unscaled)));
    } else {
      T value{};
      std::memcpy(&value, cells[i].whole.data() + cells[i].at, sizeof(value));
      writer.values()[i] = value;
    }
  }
  return writer.Finish(type);
}

Result<ArrayPtr> DecodeBigDecimals(const std::shared_ptr<arrow::DataType>& type, const Cells& cells,
                                   arrow::MemoryPool* pool) {
  ColumnWriter<arrow::Decimal128> writer(static_cast<int64_t>(cells.size()), pool);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    if (cells[i].null) {
      SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
      continue;
    }
    SLUICE_ASSIGN(const std::string_view bytes, PartOf(cells[i]));
    if (bytes.empty() || bytes.size() > kBigDecimal) return Misshapen();
    SLUICE_ASSIGN(const auto value, arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                                     static_cast<int32_t>(bytes.size())));
    SLUICE_RETURN_IF_ERROR(writer.Set(row, value));
  }
  return writer.Finish(type);
}

Result<ArrayPtr> DecodeTexts(const std::shared_ptr<arrow::DataType>& type, const Cells& cells,
                             arrow::MemoryPool* pool) {
  ViewWriter writer(static_cast<int64_t>(cells.size()), pool);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    if (cells[i].null) {
      SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
      continue;
    }
    SLUICE_ASSIGN(const std::string_view bytes, PartOf(cells[i]));
    SLUICE_RETURN_IF_ERROR(writer.Set(row, bytes));
  }
  return writer.Finish(type);
}

// Null bits of cells, null when there are none.
Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const Cells& cells, arrow::MemoryPool* pool, int64_t* nulls) {
  ValidityWriter validity(static_cast<int64_t>(cells.size()), pool);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].null) SLUICE_RETURN_IF_ERROR(validity.SetNull(static_cast<int64_t>(i)));
  }
  *nulls = validity.null_count();
  return validity.buffer();
}

// The cells of field `field` of rows of `fields` fields; a missing row gives nulls.
Status FieldCells(const std::vector<std::string_view>& rows, const std::vector<bool>& missing, size_t fields,
                  size_t field, Cells* cells) {
  const size_t at = BitsetBytes(fields) + field * kWord;
  cells->resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    Cell& cell = (*cells)[i];
    if (!missing.empty() && missing[i]) {
      cell = {{}, 0, true};
      continue;
    }
    if (rows[i].size() < BitsetBytes(fields) + fields * kWord) return Misshapen();
    cell = {rows[i], at, BitAt(rows[i], 0, field)};
  }
  return Status::OK();
}

Result<ArrayPtr> DecodeStructs(const std::shared_ptr<arrow::DataType>& type, const Cells& cells,
                               arrow::MemoryPool* pool) {
  std::vector<std::string_view> rows(cells.size());
  std::vector<bool> missing(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    missing[i] = cells[i].null;
    if (!cells[i].null) {
      SLUICE_ASSIGN(rows[i], PartOf(cells[i]));
    }
  }
  const auto fields = static_cast<size_t>(type->num_fields());
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  Cells below;
  for (size_t i = 0; i < fields; ++i) {
    SLUICE_RETURN_IF_ERROR(FieldCells(rows, missing, fields, i, &below));
    SLUICE_ASSIGN(const ArrayPtr child, DecodeCells(type->field(static_cast<int>(i))->type(), below, pool));
    children.push_back(child->data());
  }
  int64_t nulls = 0;
  SLUICE_ASSIGN(auto validity, ValidityOf(cells, pool, &nulls));
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<int64_t>(cells.size()), {std::move(validity)},
                                                 std::move(children), nulls));
}

// Adds the cells of an array's elements.
Status ElementCells(std::string_view array, const arrow::DataType& element, Cells* cells) {
  if (array.size() < kWord) return Misshapen();
  const uint64_t count = WordAt(array, 0);
  const size_t width = ElementWidth(element);
  if (count > array.size() * 8) return Misshapen();
  const size_t values = kWord + BitsetBytes(count);
  if (values > array.size() || count > (array.size() - values) / width) return Misshapen();
  for (size_t i = 0; i < count; ++i) cells->push_back({array, values + i * width, BitAt(array, kWord, i)});
  return Status::OK();
}

// The arrays of a list cell, or the key and value arrays of a map cell.
Result<std::vector<std::string_view>> ArraysOf(const Cell& cell, bool map) {
  SLUICE_ASSIGN(const std::string_view part, PartOf(cell));
  if (!map) return std::vector<std::string_view>{part};
  if (part.size() < kWord) return Misshapen();
  const uint64_t keys = WordAt(part, 0);
  if (keys > part.size() - kWord) return Misshapen();
  return std::vector<std::string_view>{part.substr(kWord, keys), part.substr(kWord + keys)};
}

Result<ArrayPtr> DecodeLists(const std::shared_ptr<arrow::DataType>& type, const Cells& cells,
                             arrow::MemoryPool* pool) {
  const bool map = type->id() == arrow::Type::MAP;
  const auto element_types =
      map ? std::vector<std::shared_ptr<arrow::DataType>>{type->field(0)->type()->field(0)->type(),
                                                          type->field(0)->type()->field(1)->type()}
          : std::vector<std::shared_ptr<arrow::DataType>>{type->field(0)->type()};
  std::vector<Cells> elements(element_types.size());
  ColumnWriter<int32_t> offsets(static_cast<int64_t>(cells.size()) + 1, pool);
  SLUICE_RETURN_IF_ERROR(offsets.Allocate());
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].null) {
      SLUICE_ASSIGN(const std::vector<std::string_view> arrays, ArraysOf(cells[i], map));
      for (size_t side = 0; side < arrays.size(); ++side) {
        SLUICE_RETURN_IF_ERROR(ElementCells(arrays[side], *element_types[side], &elements[side]));
      }
    }
    if (elements[0].size() != elements.back().size()) return Misshapen();
    if (elements[0].size() > std::numeric_limits<int32_t>::max()) return Misshapen();
    offsets.values()[i + 1] = static_cast<int32_t>(elements[0].size());
  }
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (size_t side = 0; side < elements.size(); ++side) {
    SLUICE_ASSIGN(const ArrayPtr child, DecodeCells(element_types[side], elements[side], pool));
    children.push_back(child->data());
  }
  SLUICE_ASSIGN(const ArrayPtr ends, offsets.Finish(arrow::int32()));
  int64_t nulls = 0;
  SLUICE_ASSIGN(auto validity, ValidityOf(cells, pool, &nulls));
  if (map) {
    const auto entries = static_cast<int64_t>(elements[0].size());
    children = {arrow::ArrayData::Make(type->field(0)->type(), entries, {nullptr}, std::move(children), 0)};
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<int64_t>(cells.size()),
                                                 {std::move(validity), ends->data()->buffers[1]}, std::move(children),
                                                 nulls));
}

Result<ArrayPtr> DecodeCells(const std::shared_ptr<arrow::DataType>& type, const Cells& cells,
                             arrow::MemoryPool* pool) {
  switch (type->id()) {
    case arrow::Type::NA:
      return std::make_shared<arrow::NullArray>(static_cast<int64_t>(cells.size()));
    case arrow::Type::BOOL:
      return DecodeFixed<bool>(type, cells, pool);
    case arrow::Type::INT8:
      return DecodeFixed<int8_t>(type, cells, pool);
    case arrow::Type::INT16:
      return DecodeFixed<int16_t>(type, cells, pool);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return DecodeFixed<int32_t>(type, cells, pool);
    case arrow::Type::FLOAT:
      return DecodeFixed<float>(type, cells, pool);
    case arrow::Type::DOUBLE:
      return DecodeFixed<double>(type, cells, pool);
    case arrow::Type::DECIMAL128:
      return IsBigDecimal(*type) ? DecodeBigDecimals(type, cells, pool)
                                 : DecodeFixed<arrow::Decimal128>(type, cells, pool);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return DecodeTexts(type, cells, pool);
    case arrow::Type::STRUCT:
      return DecodeStructs(type, cells, pool);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return DecodeLists(type, cells, pool);
    default:
      return DecodeFixed<int64_t>(type, cells, pool);
  }
}

template <typename T>
Result<ArrayPtr> NormalValues(const arrow::Array& column) {
  ColumnWriter<T> writer(column.length(), arrow::default_memory_pool());
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  const ColumnReader<T> values(column);
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) {
      SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
    } else {
      const T value = values[row];
      writer.values()[row] = std::isnan(value) ? std::numeric_limits<T>::quiet_NaN() : value == 0 ? T(0) : value;
    }
  }
  return writer.Finish(column.type());
}

}  // namespace

Result<UnsafeRowCodec> UnsafeRowCodec::Make(std::vector<std::shared_ptr<arrow::DataType>> types) {
  for (const auto& type : types) SLUICE_RETURN_IF_ERROR(CheckType(*type));
  return UnsafeRowCodec(std::move(types));
}

Status UnsafeRowCodec::Encode(const arrow::ArrayVector& columns, int64_t rows, std::string* bytes,
                              std::vector<uint64_t>* offsets) const {
  if (columns.size() != types_.size()) return InternalError("a row of state was given other columns than it has");
  std::vector<Source> fields;
  fields.reserve(columns.size());
  for (const auto& column : columns) fields.emplace_back(*column);
  bytes->clear();
  offsets->resize(static_cast<size_t>(rows) + 1);
  (*offsets)[0] = 0;
  for (int64_t row = 0; row < rows; ++row) {
    AppendRow(fields, row, bytes);
    (*offsets)[static_cast<size_t>(row) + 1] = bytes->size();
  }
  return Status::OK();
}

Result<arrow::ArrayVector> UnsafeRowCodec::Decode(const std::vector<std::string_view>& rows,
                                                  arrow::MemoryPool* pool) const {
  if (pool == nullptr) pool = arrow::default_memory_pool();
  arrow::ArrayVector columns;
  Cells cells;
  for (size_t i = 0; i < types_.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(FieldCells(rows, {}, types_.size(), i, &cells));
    SLUICE_ASSIGN(ArrayPtr column, DecodeCells(types_[i], cells, pool));
    columns.push_back(std::move(column));
  }
  return columns;
}

bool UnsafeRowCodec::Fits(std::string_view row) const {
  const size_t fields = types_.size();
  const size_t words = BitsetBytes(fields);
  if (row.size() < words + fields * kWord || row.size() % kWord != 0) return false;
  for (size_t bit = fields; bit < words * 8; ++bit) {
    if (BitAt(row, 0, bit)) return false;
  }
  size_t parts = 0;
  for (size_t i = 0; i < fields; ++i) {
    const size_t width = WidthOf(*types_[i]);
    const uint64_t word = WordAt(row, words + i * kWord);
    const bool null = BitAt(row, 0, i);
    if (null && !IsBigDecimal(*types_[i])) {
      if (word != 0) return false;
    } else if (width > 0) {
      if (width < kWord && word >> (8 * width) != 0) return false;
    } else if (types_[i]->id() != arrow::Type::NA) {
      if ((word >> 32) > row.size() || (word & 0xffffffff) > row.size() - (word >> 32)) return false;
      ++parts;
    }
  }
  return parts > 0 || row.size() == words + fields * kWord;
}

Result<std::shared_ptr<arrow::Array>> NormalKeyColumn(const std::shared_ptr<arrow::Array>& column) {
  if (column->type_id() == arrow::Type::FLOAT) return NormalValues<float>(*column);
  if (column->type_id() == arrow::Type::DOUBLE) return NormalValues<double>(*column);
  if (column->type_id() != arrow::Type::STRUCT) return column;
  const auto& rows = static_cast<const arrow::StructArray&>(*column);
  auto data = column->data()->Copy();
  for (int i = 0; i < rows.num_fields(); ++i) {
    // Of the whole child: the struct's offset counts in it.
    SLUICE_ASSIGN(const auto child,
                  NormalKeyColumn(arrow::MakeArray(column->data()->child_data[static_cast<size_t>(i)])));
    data->child_data[static_cast<size_t>(i)] = child->data();
  }
  return arrow::MakeArray(data);
}

Result<arrow::ArrayVector> NormalKeyColumns(arrow::ArrayVector columns) {
  for (auto& column : columns) {
    SLUICE_ASSIGN(column, NormalKeyColumn(column));
  }
  return columns;
}

}  // namespace sluice
