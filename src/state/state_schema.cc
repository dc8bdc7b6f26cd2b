// SPDX-License-Identifier: Apache-2.0
#include "state/state_schema.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr size_t kChunk = 0xffff;  // bytes that writeUTF takes

void AppendNumber(std::string* out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

void AppendUtf(std::string* out, std::string_view text) {
  AppendNumber(out, text.size(), 2);
  out->append(text);
}

// Java's modified UTF-8: U+0000 in two bytes, and characters beyond U+FFFF as two surrogates of three bytes each.
std::string ModifiedUtf8(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte == 0) {
      out += "\xC0";
      out += "\x80";
    } else if (byte >= 0xF0 && i + 3 < text.size()) {
      const auto low = [&](size_t at) { return static_cast<uint32_t>(static_cast<uint8_t>(text[at])) & 0x3f; };
      const uint32_t beyond = ((byte & 7u) << 18 | low(i + 1) << 12 | low(i + 2) << 6 | low(i + 3)) - 0x10000;
      for (const uint32_t unit : {0xD800u + (beyond >> 10), 0xDC00u + (beyond & 0x3ff)}) {
        out += static_cast<char>(0xE0 | unit >> 12);
        out += static_cast<char>(0x80 | (unit >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (unit & 0x3f));
      }
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string PlainUtf8(std::string_view text) {
  std::string out;
  const auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
  for (size_t i = 0; i < text.size(); ++i) {
    const bool high = at(i) == 0xED && i + 5 < text.size() && (at(i + 1) & 0xF0) == 0xA0 && at(i + 3) == 0xED;
    if (high) {
      const uint32_t first = (at(i + 1) & 0x0f) << 6 | (at(i + 2) & 0x3f);
      const uint32_t second = (at(i + 4) & 0x0f) << 6 | (at(i + 5) & 0x3f);
      const uint32_t point = 0x10000 + (first << 10 | second);
      out += static_cast<char>(0xF0 | point >> 18);
      out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
      out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (point & 0x3f));
      i += 5;
    } else if (at(i) == 0xC0 && i + 1 < text.size() && at(i + 1) == 0x80) {
      out += '\0';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

// A chunk ends between characters.
void AppendSchema(std::string* out, const arrow::Schema& schema) {
  const std::string json = ModifiedUtf8(SchemaToSparkJson(schema));
  std::vector<std::string_view> chunks;
  for (std::string_view rest = json; !rest.empty();) {
    size_t size = std::min(rest.size(), kChunk);
    while (size < rest.size() && (static_cast<uint8_t>(rest[size]) & 0xC0) == 0x80) --size;
    chunks.push_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  AppendNumber(out, chunks.size(), 4);
  for (const std::string_view chunk : chunks) AppendUtf(out, chunk);
}

std::shared_ptr<arrow::DataType> AllNullable(const std::shared_ptr<arrow::DataType>& type) {
  if (type->num_fields() == 0) return type;
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) {
    fields.push_back(field->WithType(AllNullable(field->type()))->WithNullable(true));
  }
  switch (type->id()) {
    case arrow::Type::STRUCT:
      return arrow::struct_(std::move(fields));
    case arrow::Type::LIST:
      return ArrayType(fields[0]->type());
    case arrow::Type::MAP:
      return MapOf(fields[0]->type()->field(0)->type(), fields[0]->type()->field(1)->type());
    default:
      return type;
  }
}

std::shared_ptr<arrow::Schema> AllNullable(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    fields.push_back(field->WithType(AllNullable(field->type()))->WithNullable(true));
  }
  return arrow::schema(std::move(fields));
}

// Reads big-endian numbers and writeUTF's texts; too short is noted, not an error of each call.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  uint64_t Number(size_t bytes) {
    uint64_t value = 0;
    for (const char c : Take(bytes)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }
  std::string_view Utf() { return Take(Number(2)); }
  bool ended_early() const { return ended_early_; }
  size_t left() const { return rest_.size(); }

 private:
  std::string_view Take(size_t size) {
    if (size > rest_.size()) {
      ended_early_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest_;
  bool ended_early_ = false;
};

Result<std::shared_ptr<arrow::Schema>> ReadSchema(Reader* reader, const std::string& path) {
  const uint64_t chunks = reader->Number(4);
  if (chunks > reader->left()) return DamagedFile(path, "it ends early");
  std::string json;
  for (uint64_t i = 0; i < chunks; ++i) json += reader->Utf();
  if (reader->ended_early()) return DamagedFile(path, "it ends early");
  Result<std::shared_ptr<arrow::Schema>> schema = SchemaFromSparkJson(PlainUtf8(json));
  if (!schema.ok()) return DamagedFile(path, schema.status().message());
  return schema;
}

// "old -> new" are compatible: the same types, and no NULL where the old one has none.
bool Compatible(const arrow::DataType& stored, const arrow::DataType& query) {
  if (stored.id() != query.id() || stored.num_fields() != query.num_fields()) return false;
  if (stored.num_fields() == 0) return stored.Equals(query);
  for (int i = 0; i < stored.num_fields(); ++i) {
    if (!stored.field(i)->nullable() && query.field(i)->nullable()) return false;
    if (!Compatible(*stored.field(i)->type(), *query.field(i)->type())) return false;
  }
  return true;
}

Status Check(const char* side, const arrow::Schema& stored, const arrow::Schema& query) {
  if (Compatible(*arrow::struct_(stored.fields()), *arrow::struct_(query.fields()))) return Status::OK();
  const std::string was = SparkSimpleString(*arrow::struct_(stored.fields()));
  const std::string is = SparkSimpleString(*arrow::struct_(query.fields()));
  const bool key = std::string_view(side) == "key";
  return UserError(
      key ? "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE" : "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
      fmt::format("Provided {0} schema does not match existing state {0} schema. Please check number and "
                  "type of fields. Existing schema={1} and new schema={2}. If you want to force running "
                  "the query without schema validation, use a new checkpoint.",
                  side, was, is),
      {{key ? "storedKeySchema" : "storedValueSchema", was}, {key ? "newKeySchema" : "newValueSchema", is}});
}

}  // namespace

std::string FormatStateSchema(const StateSchema& schema) {
  std::string out;
  AppendUtf(&out, "v2");
  AppendSchema(&out, *AllNullable(*schema.key));
  AppendSchema(&out, *AllNullable(*schema.value));
  return out;
}

Result<StateSchema> ParseStateSchema(const std::string& bytes, const std::string& path) {
  Reader reader(bytes);
  const std::string_view version = reader.Utf();
  if (version == "v3") {
    return NotSupported(
        fmt::format("{} is a state schema of version 3 (transformWithState, or joins in format 3 and 4), "
                    "which Sluice does not read.",
                    path));
  }
  StateSchema schema;
  if (version == "v1") {
    // Key and value as one text each.
    for (auto* part : {&schema.key, &schema.value}) {
      Result<std::shared_ptr<arrow::Schema>> parsed = SchemaFromSparkJson(PlainUtf8(reader.Utf()));
      if (!parsed.ok()) return DamagedFile(path, parsed.status().message());
      *part = *parsed;
    }
    return schema;
  }
  if (version != "v2") return DamagedFile(path, "it does not begin with the version v2");
  SLUICE_ASSIGN(schema.key, ReadSchema(&reader, path));
  SLUICE_ASSIGN(schema.value, ReadSchema(&reader, path));
  return schema;
}

Status CheckStateSchema(const StateSchema& stored, const StateSchema& query) {
  SLUICE_RETURN_IF_ERROR(Check("key", *stored.key, *query.key));
  return Check("value", *stored.value, *query.value);
}

}  // namespace sluice
