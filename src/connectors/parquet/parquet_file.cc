// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_file.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cctype>

#include "base/spark_error.h"
#include "connectors/parquet/decimal_check.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr char kRowMetadata[] = "org.apache.spark.sql.parquet.row.metadata";

bool SameName(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::shared_ptr<arrow::DataType> AllNullable(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) {
        fields.push_back(arrow::field(field->name(), AllNullable(field->type())));
      }
      return arrow::struct_(std::move(fields));
    }
    case arrow::Type::LIST:
      return ArrayType(AllNullable(type->field(0)->type()));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return MapOf(AllNullable(map.key_type()), AllNullable(map.item_type()));
    }
    default:
      return type;
  }
}

std::shared_ptr<arrow::Schema> AllNullable(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) fields.push_back(arrow::field(field->name(), AllNullable(field->type())));
  return arrow::schema(std::move(fields));
}

// Types whose arrays look the same in memory.
bool SameLayout(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() == arrow::Type::TIMESTAMP && to.id() == arrow::Type::TIMESTAMP) {
    return static_cast<const arrow::TimestampType&>(from).unit() == static_cast<const arrow::TimestampType&>(to).unit();
  }
  if (from.id() != to.id() || from.num_fields() != to.num_fields()) return false;
  if (from.num_fields() == 0) return from.Equals(to);
  for (int i = 0; i < from.num_fields(); ++i) {
    if (!SameLayout(*from.field(i)->type(), *to.field(i)->type())) return false;
    if (from.id() == arrow::Type::STRUCT && from.field(i)->name() != to.field(i)->name()) return false;
  }
  return true;
}

std::shared_ptr<arrow::ArrayData> WithType(const arrow::ArrayData& data, const std::shared_ptr<arrow::DataType>& type) {
  auto copy = std::make_shared<arrow::ArrayData>(data);
  copy->type = type;
  for (size_t i = 0; i < copy->child_data.size(); ++i) {
    copy->child_data[i] = WithType(*copy->child_data[i], type->field(static_cast<int>(i))->type());
  }
  return copy;
}

// Spark widens these when the files of a table differ.
bool Widens(const arrow::DataType& from, const arrow::DataType& to) {
  const auto whole = [](arrow::Type::type id) { return arrow::is_signed_integer(id); };
  if (whole(from.id()) && whole(to.id())) return from.bit_width() <= to.bit_width();
  return (from.id() == arrow::Type::FLOAT || from.id() == arrow::Type::INT32) && to.id() == arrow::Type::DOUBLE;
}

}  // namespace

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquetFile(
    const TableFile& file, const std::shared_ptr<parquet::FileMetaData>& metadata) {
  SLUICE_ASSIGN(auto input, file.fs->OpenForRead(file.path));
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  properties.set_binary_type(arrow::Type::BINARY_VIEW);
  properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  properties.set_batch_size(kParquetSliceRows);
  properties.set_pre_buffer(false);  // the reader of slices does it
  parquet::arrow::FileReaderBuilder builder;
  Status status = builder.Open(std::move(input), parquet::default_reader_properties(), metadata);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  if (status.ok()) status = builder.properties(properties)->Build(&reader);
  if (status.ok()) return reader;
  if (FindSparkError(status) != nullptr) return status;
  return EnvironmentError("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER",
                          fmt::format("{} cannot be read as a Parquet file: {}", file.path, status.message()), false,
                          {{"path", file.path}});
}

Result<std::shared_ptr<arrow::Schema>> SchemaOfParquetFile(parquet::arrow::FileReader* reader) {
  const auto metadata = reader->parquet_reader()->metadata();
  if (metadata->key_value_metadata() != nullptr) {
    if (auto json = metadata->key_value_metadata()->Get(kRowMetadata); json.ok()) {
      // A schema that says more than we know (a user-defined type) is not the end: Parquet's own will do.
      if (auto schema = SchemaFromSparkJson(*json); schema.ok()) return AllNullable(**schema);
    }
  }
  std::shared_ptr<arrow::Schema> plain;
  SLUICE_RETURN_IF_ERROR(reader->GetSchema(&plain));
  arrow::FieldVector fields;
  const auto* root = metadata->schema()->group_node();
  for (int i = 0; i < plain->num_fields(); ++i) {
    const auto& field = plain->field(i);
    const auto& node = root->field(i);
    const bool is_int96 =
        node->is_primitive() &&
        static_cast<const parquet::schema::PrimitiveNode&>(*node).physical_type() == parquet::Type::INT96;
    SLUICE_ASSIGN(auto type, ToEngineType(field->type()));
    fields.push_back(arrow::field(field->name(), is_int96 ? TimestampType() : std::move(type)));
  }
  return AllNullable(*arrow::schema(std::move(fields)));
}

int FieldOfFile(const parquet::schema::GroupNode& root, const std::string& name) {
  int found = -1;
  for (int i = 0; i < root.field_count(); ++i) {
    if (SameName(root.field(i)->name(), name)) found = i;
  }
  return found;
}

Result<std::shared_ptr<arrow::Array>> ConformColumn(const std::shared_ptr<arrow::Array>& column,
                                                    const arrow::Field& wanted, const std::string& path) {
  const auto& type = wanted.type();
  SLUICE_RETURN_IF_ERROR(CheckDecimals(*column, path));
  if (column->type()->Equals(*type)) return column;
  if (SameLayout(*column->type(), *type)) return arrow::MakeArray(WithType(*column->data(), type));
  if (Widens(*column->type(), *type)) {
    SLUICE_ASSIGN(const arrow::Datum cast, arrow::compute::Cast(column, type));
    return cast.make_array();
  }
  return EnvironmentError("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
                          fmt::format("The column {} of {} has the type {}, but the table's other files have {}.",
                                      wanted.name(), path, SparkTypeName(*column->type()), SparkTypeName(*type)),
                          false, {{"path", path}, {"column", wanted.name()}});
}

}  // namespace sluice
