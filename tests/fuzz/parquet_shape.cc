// SPDX-License-Identifier: Apache-2.0
// Parquet files whose schema, levels and claims the input chooses: names that differ in case, are empty or have dots,
// repeated fields wherever, deep nesting, and counts and places that cannot be.
#include <arrow/io/memory.h>
#include <parquet/api/writer.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "parquet_read.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

using parquet::ConvertedType;
using parquet::Repetition;
using parquet::Type;
using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::NodeVector;
using parquet::schema::PrimitiveNode;

// The input, a byte at a time; zeros at its end.
class Choices {
 public:
  explicit Choices(std::string_view input) : left_(input) {}
  uint8_t Next() {
    if (left_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(left_.front());
    left_.remove_prefix(1);
    return byte;
  }
  int Below(int limit) { return Next() % limit; }
  bool empty() const { return left_.empty(); }
  // A small number, or one that no file can have.
  int64_t Claim() {
    const int kind = Below(8);
    const int64_t number = Next();
    if (kind == 0) return -number;
    if (kind == 1) return INT64_MAX - number;
    return kind == 2 ? number << 40 : number;
  }

 private:
  std::string_view left_;
};

std::string Name(Choices* choices) {
  static const char* const kNames[] = {"a",        "A",         "b",    "a.b",      "",        "key",
                                       "value",    "key_value", "list", "element",  "array",   "v",
                                       "\xc3\x89", "\xff",      "`",    "metadata", "x_tuple", "list.element"};
  const int name = choices->Below(32);
  if (name < 18) return kNames[name];
  return std::string(static_cast<size_t>(name), static_cast<char>(choices->Next()));
}

NodePtr Primitive(const std::string& name, Repetition::type repetition, Choices* choices) {
  switch (choices->Below(14)) {
    case 0:
      return PrimitiveNode::Make(name, repetition, Type::BOOLEAN);
    case 1:
      return PrimitiveNode::Make(name, repetition, Type::INT64);
    case 2:
      return PrimitiveNode::Make(name, repetition, Type::INT96);
    case 3:
      return PrimitiveNode::Make(name, repetition, Type::DOUBLE);
    case 4:
      return PrimitiveNode::Make(name, repetition, Type::BYTE_ARRAY, ConvertedType::UTF8);
    case 5:
      return PrimitiveNode::Make(name, repetition, Type::FIXED_LEN_BYTE_ARRAY, ConvertedType::DECIMAL, 9, 20, 2);
    case 6:
      return PrimitiveNode::Make(name, repetition, Type::INT32, ConvertedType::DATE);
    case 7:
      return PrimitiveNode::Make(name, repetition, Type::INT64, ConvertedType::TIMESTAMP_MILLIS);
    case 8:
      return PrimitiveNode::Make(name, repetition, Type::FIXED_LEN_BYTE_ARRAY, ConvertedType::INTERVAL, 12);
    case 9:
      return PrimitiveNode::Make(name, repetition, Type::INT32, ConvertedType::UINT_8);
    case 10:
      return PrimitiveNode::Make(name, repetition, Type::INT64, ConvertedType::TIME_MICROS);
    case 11:
      return PrimitiveNode::Make(name, repetition, Type::BYTE_ARRAY, ConvertedType::DECIMAL, -1, 38, 38);
    case 12:
      return PrimitiveNode::Make(name, repetition, Type::FLOAT);
    default:
      return PrimitiveNode::Make(name, repetition, Type::INT32);
  }
}

NodePtr AnyNode(Choices* choices, int depth, int* leaves) {
  const std::string name = Name(choices);
  const auto repetition = static_cast<Repetition::type>(choices->Below(3));
  const int kind = choices->Below(8);
  if (kind < 4 || depth > 60 || ++*leaves > 40) return Primitive(name, repetition, choices);
  static constexpr ConvertedType::type kKinds[] = {ConvertedType::NONE, ConvertedType::LIST, ConvertedType::MAP,
                                                   ConvertedType::MAP_KEY_VALUE};
  NodeVector fields;
  for (int i = choices->Below(3); i >= 0; --i) fields.push_back(AnyNode(choices, depth + 1, leaves));
  return GroupNode::Make(name, repetition, fields, kKinds[kind - 4]);
}

// Levels as they may be: rows of one entry or more, each of any depth.
struct Levels {
  std::vector<int16_t> definition;
  std::vector<int16_t> repetition;
  int64_t values = 0;
};

Levels AnyLevels(const parquet::ColumnDescriptor& column, int rows, Choices* choices) {
  Levels levels;
  for (int row = 0; row < rows; ++row) {
    const int more = column.max_repetition_level() == 0 ? 0 : choices->Below(4);
    for (int i = 0; i <= more; ++i) {
      const int depth = column.max_repetition_level() + 1;
      levels.repetition.push_back(static_cast<int16_t>(i == 0 ? 0 : std::max(1, choices->Below(depth))));
      levels.definition.push_back(static_cast<int16_t>(choices->Below(column.max_definition_level() + 1)));
      levels.values += levels.definition.back() == column.max_definition_level() ? 1 : 0;
    }
  }
  return levels;
}

template <typename ParquetType>
void WriteValues(parquet::ColumnWriter* writer, const Levels& levels,
                 const std::vector<typename ParquetType::c_type>& values) {
  static_cast<parquet::TypedColumnWriter<ParquetType>*>(writer)->WriteBatch(
      static_cast<int64_t>(levels.definition.size()), levels.definition.data(), levels.repetition.data(),
      values.data());
}

void WriteColumn(parquet::ColumnWriter* writer, int rows, Choices* choices) {
  static const uint8_t kBytes[] = "a text of some more bytes";
  const Levels levels = AnyLevels(*writer->descr(), rows, choices);
  const auto count = static_cast<size_t>(levels.values);
  const int64_t number = choices->Claim();
  switch (writer->type()) {
    case Type::INT32:
      return WriteValues<parquet::Int32Type>(writer, levels, std::vector<int32_t>(count, static_cast<int32_t>(number)));
    case Type::INT64:
      return WriteValues<parquet::Int64Type>(writer, levels, std::vector<int64_t>(count, number));
    case Type::INT96:
      return WriteValues<parquet::Int96Type>(
          writer, levels, std::vector<parquet::Int96>(count, parquet::Int96{{static_cast<uint32_t>(number), 1, 2}}));
    case Type::FLOAT:
      return WriteValues<parquet::FloatType>(writer, levels, std::vector<float>(count, static_cast<float>(number)));
    case Type::DOUBLE:
      return WriteValues<parquet::DoubleType>(writer, levels, std::vector<double>(count, static_cast<double>(number)));
    case Type::BYTE_ARRAY:
      return WriteValues<parquet::ByteArrayType>(
          writer, levels, std::vector<parquet::ByteArray>(count, parquet::ByteArray(number & 15, kBytes)));
    case Type::FIXED_LEN_BYTE_ARRAY:
      return WriteValues<parquet::FLBAType>(
          writer, levels, std::vector<parquet::FixedLenByteArray>(count, parquet::FixedLenByteArray(kBytes)));
    default: {
      const auto flags = std::make_unique<bool[]>(count + 1);
      static_cast<parquet::BoolWriter*>(writer)->WriteBatch(static_cast<int64_t>(levels.definition.size()),
                                                            levels.definition.data(), levels.repetition.data(),
                                                            flags.get());
    }
  }
}

// True pages of untrue nesting: every leaf chooses its own levels.
void WriteRows(const std::shared_ptr<GroupNode>& root, const std::shared_ptr<arrow::io::OutputStream>& out,
               Choices* choices) {
  const auto writer = parquet::ParquetFileWriter::Open(out, root);
  const int rows = 1 + choices->Below(20);
  auto* group = writer->AppendRowGroup();
  for (int i = 0; i < group->num_columns(); ++i) WriteColumn(group->NextColumn(), rows, choices);
  writer->Close();
}

// A footer without pages behind it, or with bytes that are none.
void WriteClaims(const std::shared_ptr<GroupNode>& root, const std::shared_ptr<arrow::io::OutputStream>& out,
                 Choices* choices) {
  parquet::SchemaDescriptor schema;
  schema.Init(root);
  const auto properties = parquet::default_writer_properties();
  const auto builder = parquet::FileMetaDataBuilder::Make(&schema, properties);
  PARQUET_THROW_NOT_OK(out->Write("PAR1some bytes that are no page", 31));
  for (int i = choices->Below(3); i >= 0; --i) {
    auto* group = builder->AppendRowGroup();
    for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
      const bool with_dictionary = choices->Below(2) == 1;
      group->NextColumnChunk()->Finish(choices->Claim(), choices->Claim(), -1, choices->Claim(), choices->Claim(),
                                       choices->Claim(), with_dictionary, false, {}, {});
    }
    group->set_num_rows(choices->Claim());
    group->Finish(choices->Claim(), static_cast<int16_t>(i));
  }
  parquet::WriteFileMetaData(*builder->Finish(), out.get());
}

}  // namespace

void ParquetShape(std::string_view input) {
  Choices choices(input);
  auto out = *arrow::io::BufferOutputStream::Create();
  try {
    const bool claims = choices.Below(3) == 0;
    int leaves = 0;
    NodeVector fields;
    for (int i = choices.Below(6); i >= 0; --i) fields.push_back(AnyNode(&choices, 1, &leaves));
    const auto root = std::static_pointer_cast<GroupNode>(GroupNode::Make("schema", Repetition::REQUIRED, fields));
    (claims ? WriteClaims : WriteRows)(root, out, &choices);
  } catch (const parquet::ParquetException&) {
    return;  // not even a writer makes it
  }
  ReadParquet((*out->Finish())->ToString());
}

}  // namespace sluice::fuzz
