// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <cmath>

#include "expr/base64.h"
#include "expr/cast.h"
#include "expr/datetime_pattern.h"
#include "expr/json_value.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

// Writes values as Spark's JSON does: NULL fields of structs are left out.
class JsonWriter {
 public:
  JsonWriter(TimeZone zone, DatetimePattern timestamps)
      : zone_(zone), formatter_(std::move(zone)), timestamps_(std::move(timestamps)) {}

  Status Write(const arrow::Array& array, int64_t row, std::string* out) {
    if (array.IsNull(row)) {
      *out += "null";
      return Status::OK();
    }
    switch (array.type_id()) {
      case arrow::Type::LIST:
        return WriteList(static_cast<const arrow::ListArray&>(array), row, out);
      case arrow::Type::MAP:
        return WriteMap(static_cast<const arrow::MapArray&>(array), row, out);
      case arrow::Type::STRUCT:
        return WriteStruct(static_cast<const arrow::StructArray&>(array), row, out);
      case arrow::Type::STRING_VIEW:
        AppendJsonString(static_cast<const arrow::StringViewArray&>(array).GetView(row), out);
        return Status::OK();
      case arrow::Type::BINARY_VIEW:
        *out += '"';
        AppendBase64(static_cast<const arrow::BinaryViewArray&>(array).GetView(row), out);
        *out += '"';
        return Status::OK();
      case arrow::Type::TIMESTAMP:
        return WriteTimestamp(array, row, out);
      case arrow::Type::DATE32:
        return WriteQuoted(array, row, out);
      case arrow::Type::DOUBLE:
        return std::isfinite(ColumnReader<double>(array)[row]) ? formatter_.Append(array, row, out)
                                                               : WriteQuoted(array, row, out);
      case arrow::Type::FLOAT:
        return std::isfinite(ColumnReader<float>(array)[row]) ? formatter_.Append(array, row, out)
                                                              : WriteQuoted(array, row, out);
      default:
        return formatter_.Append(array, row, out);
    }
  }

 private:
  Status WriteQuoted(const arrow::Array& array, int64_t row, std::string* out) {
    *out += '"';
    SLUICE_RETURN_IF_ERROR(formatter_.Append(array, row, out));
    *out += '"';
    return Status::OK();
  }

  Status WriteTimestamp(const arrow::Array& array, int64_t row, std::string* out) {
    const int64_t micros = ColumnReader<int64_t>(array)[row];
    *out += '"';
    TimeZone utc = TimeZone::Utc();
    const bool zoned = array.type()->Equals(TimestampType());
    std::string text;
    timestamps_.Format(micros, zoned ? &zone_ : &utc, &text);
    *out += zoned ? text : text.substr(0, 23);
    *out += '"';
    return Status::OK();
  }

  Status WriteList(const arrow::ListArray& list, int64_t row, std::string* out) {
    *out += '[';
    for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      if (i > list.value_offset(row)) *out += ',';
      SLUICE_RETURN_IF_ERROR(Write(*list.values(), i, out));
    }
    *out += ']';
    return Status::OK();
  }

  Status WriteMap(const arrow::MapArray& map, int64_t row, std::string* out) {
    *out += '{';
    for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
      if (i > map.value_offset(row)) *out += ',';
      std::string key;
      SLUICE_RETURN_IF_ERROR(formatter_.Append(*map.keys(), i, &key));
      AppendJsonString(key, out);
      *out += ':';
      SLUICE_RETURN_IF_ERROR(Write(*map.items(), i, out));
    }
    *out += '}';
    return Status::OK();
  }

  Status WriteStruct(const arrow::StructArray& values, int64_t row, std::string* out) {
    *out += '{';
    bool first = true;
    for (int i = 0; i < values.num_fields(); ++i) {
      const auto field = values.field(i);
      if (field->IsNull(row)) continue;
      if (!first) *out += ',';
      first = false;
      AppendJsonString(values.type()->field(i)->name(), out);
      *out += ':';
      SLUICE_RETURN_IF_ERROR(Write(*field, row, out));
    }
    *out += '}';
    return Status::OK();
  }

  TimeZone zone_;
  ValueFormatter formatter_;
  DatetimePattern timestamps_;
};

Result<ArrayPtr> ToJson(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  SLUICE_ASSIGN(auto pattern, DatetimePattern::Compile("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"));
  JsonWriter json(std::move(zone), std::move(pattern));
  ViewWriter writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  std::string text;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    text.clear();
    SLUICE_RETURN_IF_ERROR(json.Write(*call.args[0], row, &text));
    const Status set = writer.Set(row, text);
    if (!set.ok()) return WithRow(set, row);
  }
  return writer.Finish(call.node.type());
}

Result<ExprPtr> ResolveToJson(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("to_json", args.size(), 1, 2));
  if (args.size() == 2) return NotSupported("Options of to_json are not supported.");
  if (args[0]->type()->num_fields() == 0) {
    return UserError("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
                     fmt::format("to_json needs a struct, array or map, not a {}.", SparkTypeName(*args[0]->type())));
  }
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(FunctionTraits{"to_json", ToJson, nullptr, options.ansi}, StringType(),
                                        nullable, std::move(args));
}

}  // namespace

void AddToJson(FunctionTable* table) {
  table->push_back({"to_json", "to_json(struct, array or map)", "As JSON; NULL fields are left out.",
                    "to_json(named_struct('a', 1))", "2.2.0", ResolveToJson});
}

}  // namespace sluice
