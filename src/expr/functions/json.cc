// SPDX-License-Identifier: Apache-2.0
// from_json, from_csv and looks into JSON.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "expr/cast.h"
#include "expr/json_value.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/text_values.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Text = std::string_view;

// A text of a few bytes a value makes a tree of many: `[0,0,0...` of 1 MiB would be 120 MiB.
Status CheckTree(const EvalContext& context, Text json) {
  constexpr size_t kSmall = 64 << 10;
  if (json.size() <= kSmall) return Status::OK();
  int64_t values = 1;
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') quoted = !quoted;
    if (c == '\\') ++i;
    if (!quoted && (c == ',' || c == '[' || c == '{')) ++values;
  }
  // Vectors that grow hold up to twice what they need.
  const int64_t bytes = values * 2 * static_cast<int64_t>(sizeof(std::pair<std::string, JsonValue>));
  const int64_t most = 4 * context.max_value_bytes;
  if (bytes <= most) return Status::OK();
  return UserError(
      "SLUICE_VALUE_TOO_LARGE",
      fmt::format("A JSON text of {} bytes has about {} values, which need {} bytes: more than half of the "
                  "memory budget. Raise spark.sluice.memory (or --memory) to at least {}m.",
                  json.size(), values, bytes, (bytes >> 19) + 1));
}

// A step of a path such as $.a[0]['b'][*]; index -1 is [*].
struct PathStep {
  bool is_index = false;
  int64_t index = 0;
  std::string name;
};

// Nothing when it is no path.
std::optional<std::vector<PathStep>> ParsePath(Text path) {
  if (path.empty() || path[0] != '$') return std::nullopt;
  path.remove_prefix(1);
  std::vector<PathStep> steps;
  while (!path.empty()) {
    PathStep step;
    if (path[0] == '.') {
      path.remove_prefix(1);
      const size_t end = std::min(path.find_first_of(".["), path.size());
      if (end == 0) return std::nullopt;
      step.name = path.substr(0, end);
      path.remove_prefix(end);
    } else if (path[0] == '[' && path.size() > 1 && path[1] == '\'') {
      const size_t end = path.find("']", 2);
      if (end == Text::npos || end == 2) return std::nullopt;
      step.name = path.substr(2, end - 2);
      path.remove_prefix(end + 2);
    } else if (path[0] == '[') {
      const size_t end = path.find(']');
      if (end == Text::npos) return std::nullopt;
      const Text inside = path.substr(1, end - 1);
      const auto index = inside == "*" ? std::optional<int64_t>(-1) : ParseInteger(inside, 0, INT32_MAX, false);
      if (!index) return std::nullopt;
      step.is_index = true;
      step.index = *index;
      path.remove_prefix(end + 1);
    } else {
      return std::nullopt;
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

void Follow(const JsonValue& value, const std::vector<PathStep>& steps, size_t at,
            std::vector<const JsonValue*>* found) {
  if (at == steps.size()) {
    found->push_back(&value);
    return;
  }
  const PathStep& step = steps[at];
  if (!step.is_index) {
    if (value.kind != JsonValue::kObject) return;
    if (step.name == "*") {
      for (const auto& member : value.members) Follow(member.second, steps, at + 1, found);
    } else if (const JsonValue* member = value.Find(step.name)) {
      Follow(*member, steps, at + 1, found);
    }
    return;
  }
  if (value.kind != JsonValue::kArray) return;
  if (step.index < 0) {
    for (const auto& item : value.items) Follow(item, steps, at + 1, found);
  } else if (step.index < static_cast<int64_t>(value.items.size())) {
    Follow(value.items[static_cast<size_t>(step.index)], steps, at + 1, found);
  }
}

Result<ArrayPtr> GetJsonObject(const KernelCall& call) {
  std::string last;
  std::optional<std::vector<PathStep>> steps;
  std::string result;
  return MapRows<Text, Text, Text>(call, [&](RowOutput<Text>& out, Text text, Text path) -> Status {
    SLUICE_RETURN_IF_ERROR(CheckTree(call.context, text));
    if (!steps || last != path) {
      steps = ParsePath(path);
      last = path;
    }
    const auto value = steps ? ParseJson(text, false) : std::nullopt;
    if (!value) return out.SetNull();
    std::vector<const JsonValue*> found;
    Follow(*value, *steps, 0, &found);
    if (found.empty() || (found.size() == 1 && found[0]->kind == JsonValue::kNull)) return out.SetNull();
    result.clear();
    if (found.size() == 1) {
      const bool wild = std::any_of(steps->begin(), steps->end(),
                                    [](const PathStep& step) { return step.is_index && step.index < 0; });
      if (found[0]->kind == JsonValue::kString && !wild) return out.Set(found[0]->text);
      AppendJson(*found[0], &result);
      return out.Set(result);
    }
    result += '[';
    for (size_t i = 0; i < found.size(); ++i) {
      if (i > 0) result += ',';
      AppendJson(*found[i], &result);
    }
    result += ']';
    return out.Set(result);
  });
}

Result<ArrayPtr> JsonArrayLength(const KernelCall& call) {
  return MapRows<int32_t, Text>(call, [&call](RowOutput<int32_t>& out, Text text) -> Status {
    SLUICE_RETURN_IF_ERROR(CheckTree(call.context, text));
    const auto value = ParseJson(text, false);
    return value && value->kind == JsonValue::kArray ? out.Set(static_cast<int32_t>(value->items.size()))
                                                     : out.SetNull();
  });
}

// Before a row of texts is parsed.
Status CheckRow(const KernelCall& call, const ColumnReader<Text>& texts, int64_t row) {
  if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
  if (call.args[0]->IsNull(row)) return Status::OK();
  const Status fits = CheckTree(call.context, texts[row]);
  return fits.ok() ? fits : WithRow(fits, row);
}

Result<ArrayPtr> JsonObjectKeys(const KernelCall& call) {
  SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(call.node.type(), PoolOf(call.context)));
  auto* list = static_cast<arrow::ListBuilder*>(builder.get());
  const ColumnReader<Text> texts(*call.args[0]);
  for (int64_t row = 0; row < call.rows; ++row) {
    SLUICE_RETURN_IF_ERROR(CheckRow(call, texts, row));
    const auto value = call.args[0]->IsNull(row) ? std::nullopt : ParseJson(texts[row], false);
    if (!value || value->kind != JsonValue::kObject) {
      SLUICE_RETURN_IF_ERROR(list->AppendNull());
      continue;
    }
    SLUICE_RETURN_IF_ERROR(list->Append());
    for (const auto& member : value->members) {
      SLUICE_RETURN_IF_ERROR(static_cast<arrow::StringViewBuilder*>(list->value_builder())->Append(member.first));
    }
  }
  return builder->Finish();
}

// A struct of NULLs: what PERMISSIVE makes of a malformed record.
Status AppendEmptyStruct(const arrow::DataType& type, arrow::ArrayBuilder* builder) {
  auto* fields = static_cast<arrow::StructBuilder*>(builder);
  SLUICE_RETURN_IF_ERROR(fields->Append());
  for (int i = 0; i < type.num_fields(); ++i) SLUICE_RETURN_IF_ERROR(fields->field_builder(i)->AppendNull());
  return Status::OK();
}

bool IsBlank(Text text) {
  return text.find_first_not_of(" \t\r\n") == Text::npos;
}

Result<ArrayPtr> FromJson(const KernelCall& call) {
  const TypePtr& type = call.node.type();
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(type, PoolOf(call.context)));
  ValueAppender appender(std::move(zone));
  const ColumnReader<Text> texts(*call.args[0]);
  const bool is_struct = type->id() == arrow::Type::STRUCT;
  for (int64_t row = 0; row < call.rows; ++row) {
    SLUICE_RETURN_IF_ERROR(CheckRow(call, texts, row));
    if (call.args[0]->IsNull(row) || IsBlank(texts[row])) {
      SLUICE_RETURN_IF_ERROR(builder->AppendNull());
      continue;
    }
    const auto value = ParseJson(texts[row], false);
    const bool fits = value && (!is_struct || value->kind == JsonValue::kObject);
    if (fits) {
      SLUICE_RETURN_IF_ERROR(appender.AppendJsonValue(*value, *type, builder.get()).status());
    } else {
      SLUICE_RETURN_IF_ERROR(is_struct ? AppendEmptyStruct(*type, builder.get()) : builder->AppendNull());
    }
  }
  return builder->Finish();
}

// The first fields of one line, at most so many: quotes "..." with "" or a backslash inside.
std::vector<std::string> CsvFields(Text line, size_t most) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '\\' && i + 1 < line.size() && (line[i + 1] == '"' || line[i + 1] == '\\')) {
      fields.back() += line[++i];
    } else if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      if (fields.size() >= most) break;
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

Result<ArrayPtr> FromCsv(const KernelCall& call) {
  const TypePtr& type = call.node.type();
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(type, PoolOf(call.context)));
  auto* fields = static_cast<arrow::StructBuilder*>(builder.get());
  ValueAppender appender(std::move(zone));
  const ColumnReader<Text> lines(*call.args[0]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.args[0]->IsNull(row)) {
      SLUICE_RETURN_IF_ERROR(builder->AppendNull());
      continue;
    }
    const auto texts = CsvFields(lines[row], static_cast<size_t>(type->num_fields()));
    SLUICE_RETURN_IF_ERROR(fields->Append());
    for (int i = 0; i < type->num_fields(); ++i) {
      const auto at = static_cast<size_t>(i);
      if (at >= texts.size() || texts[at].empty()) {
        SLUICE_RETURN_IF_ERROR(fields->field_builder(i)->AppendNull());
      } else {
        SLUICE_RETURN_IF_ERROR(
            appender.AppendText(texts[at], *type->field(i)->type(), fields->field_builder(i)).status());
      }
    }
  }
  return builder->Finish();
}

// All inside may be NULL, whatever the schema says.
TypePtr Nullable(const TypePtr& type) {
  switch (type->id()) {
    case arrow::Type::LIST:
      return ArrayType(Nullable(type->field(0)->type()));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return MapOf(Nullable(map.key_type()), Nullable(map.item_type()));
    }
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(arrow::field(field->name(), Nullable(field->type())));
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

// The schema is a constant: a DDL list of fields, or one type.
Result<TypePtr> SchemaArgument(const char* function, const Expr& expr) {
  const auto* literal = dynamic_cast<const LiteralExpr*>(&expr);
  if (literal == nullptr || !literal->value()->is_valid || !IsStringType(*literal->type())) {
    return UserError("INVALID_SCHEMA.NON_STRING_LITERAL",
                     fmt::format("The schema of {} must be a constant string.", function));
  }
  const std::string text = literal->ToString();
  auto type = ParseSparkType(text);
  if (type.ok()) return Nullable(*type);
  auto schema = ParseSparkSchema(text);
  if (schema.ok()) return Nullable(arrow::struct_((*schema)->fields()));
  const SparkErrorDetail* detail = FindSparkError(schema.status());
  return UserError("PARSE_SYNTAX_ERROR", fmt::format("The schema '{}' of {} cannot be read. {}", text, function,
                                                     detail == nullptr ? "" : detail->message));
}

ScalarFunction ReaderRow(const char* name, const char* signature, const char* doc, const char* example,
                         const char* since, Kernel kernel, bool only_structs) {
  return {name,
          signature,
          doc,
          example,
          since,
          [name, kernel, only_structs](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 3));
            if (args.size() == 3) return NotSupported(fmt::format("Options of {} are not supported.", name));
            SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kString, options.ansi));
            SLUICE_ASSIGN(auto type, SchemaArgument(name, *args[1]));
            const bool fits = type->id() == arrow::Type::STRUCT || (!only_structs && type->num_fields() > 0);
            if (!fits)
              return UserError("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
                               fmt::format("{} cannot read a {}.", name, SparkTypeName(*type)));
            args.pop_back();
            return std::make_shared<FunctionExpr>(
                FunctionTraits{.name = name, .kernel = kernel, .ansi = options.ansi, .java_text = true}, type, true,
                std::move(args));
          }};
}

}  // namespace

void AddJson(FunctionTable* table) {
  table->push_back(ReaderRow("from_json", "from_json(str, schema)",
                             "A struct, array or map of a JSON text; what does not fit is NULL.",
                             "from_json('{\"a\":1}', 'a INT')", "2.2.0", FromJson, false));
  table->push_back(ReaderRow("from_csv", "from_csv(str, schema)", "A struct of a CSV line; what does not fit is NULL.",
                             "from_csv('1, 0.8', 'a INT, b DOUBLE')", "3.0.0", FromCsv, true));
  table->push_back(Function("get_json_object", "get_json_object(str, path)",
                            "The value at a path such as $.a[0].b, as text.", "get_json_object('{\"a\":\"b\"}', '$.a')",
                            "1.5.0",
                            {.args = {Arg::kString, Arg::kString},
                             .type = StringType(),
                             .kernel = GetJsonObject,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
  table->push_back(Function("json_array_length", "json_array_length(str)",
                            "Number of elements of a JSON array; NULL for anything else.", "json_array_length('[1,2]')",
                            "3.1.0",
                            {.args = {Arg::kString},
                             .type = arrow::int32(),
                             .kernel = JsonArrayLength,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
  table->push_back(Function("json_object_keys", "json_object_keys(str)",
                            "The names of a JSON object's members; NULL for anything else.",
                            "json_object_keys('{\"a\":1}')", "3.1.0",
                            {.args = {Arg::kString},
                             .type = ArrayType(StringType(), true),
                             .kernel = JsonObjectKeys,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
}

}  // namespace sluice
