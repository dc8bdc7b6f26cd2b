// SPDX-License-Identifier: Apache-2.0
// JSON and CSV records under any options and schema: read, written and read again; paths into JSON. An input is a line
// of options (name=value, between them byte 0x02), a line with the schema, a line with a path, and the text.
#include <arrow/api.h>

#include <chrono>

#include "base/spark_error.h"
#include "check.h"
#include "expr/csv_reader.h"
#include "expr/csv_writer.h"
#include "expr/infer_schema.h"
#include "expr/json_path.h"
#include "expr/json_reader.h"
#include "expr/json_writer.h"
#include "targets.h"
#include "types/spark_type.h"

namespace sluice::fuzz {
namespace {

// What an input may cost: generous, and far below what a quadratic reader needs.
constexpr int64_t kBytesPerByte = 4096;
constexpr int64_t kBytesAtLeast = 16 << 20;
constexpr std::chrono::seconds kLongest(20);

std::string_view TakeLine(std::string_view* input) {
  const size_t end = std::min(input->find('\n'), input->size());
  const std::string_view line = input->substr(0, end);
  input->remove_prefix(std::min(end + 1, input->size()));
  return line;
}

TextOptions ParseOptions(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> options;
  while (!line.empty()) {
    const size_t end = std::min(line.find('\x02'), line.size());
    const std::string_view option = line.substr(0, end);
    const size_t equals = std::min(option.find('='), option.size());
    options.emplace_back(option.substr(0, equals), option.substr(std::min(equals + 1, option.size())));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return TextOptions(options);
}

template <typename Reader>
std::shared_ptr<arrow::Array> ColumnOf(const Reader& reader, RecordOutcome outcome,
                                       const std::shared_ptr<arrow::DataType>& type, std::string_view text,
                                       arrow::MemoryPool* pool) {
  auto records = RecordColumn::Make(type, -1, ParseMode::kPermissive, pool);
  FUZZ_CHECK(records.ok(), records.status().ToString());
  FUZZ_CHECK(records->Append(outcome, reader, text).ok(), text);
  const auto column = records->Finish();
  FUZZ_CHECK(column.ok() && (*column)->length() == 1, column.status().ToString());
  FUZZ_CHECK((*column)->ValidateFull().ok(), (*column)->ValidateFull().ToString());
  return *column;
}

bool IsJsonType(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP && !static_cast<const arrow::MapType&>(type).key_type()->Equals(StringType())) {
    return false;
  }
  for (const auto& field : type.fields()) {
    if (type.id() != arrow::Type::MAP && !IsJsonType(*field->type())) return false;
  }
  return type.id() != arrow::Type::MAP || IsJsonType(*static_cast<const arrow::MapType&>(type).item_type());
}

void ReadJson(const std::shared_ptr<arrow::DataType>& type, const TextOptions& options, std::string_view text,
              arrow::MemoryPool* pool) {
  const auto json = ReadJsonOptions(options);
  const auto formats = ReadDatetimeFormats(options, "America/New_York", true);
  if (!json.ok() || !formats.ok()) return;
  (void)InferJsonType(text, *json);
  if (type->num_fields() == 0 || !IsJsonType(*type)) return;
  JsonReader reader(*type, *json, *formats, kBytesAtLeast);
  const RecordOutcome outcome = reader.Read(text);
  const auto column = ColumnOf(reader, outcome, type, text, pool);
  auto writer = JsonWriter::Make(*json, "UTC");
  if (!writer.ok() || column->IsNull(0)) return;
  std::string written;
  FUZZ_CHECK(writer->Write(*column, 0, &written).ok(), text);
  // What is written can be read.
  const RecordOutcome again = reader.Read(written);
  FUZZ_CHECK(json->syntax.most_depth < 1000 || json->syntax.most_number_length < 1000 ||
                 json->syntax.most_string_length < INT32_MAX || again != RecordOutcome::kAbsent,
             written);
}

void ReadCsv(const std::shared_ptr<arrow::DataType>& type, const TextOptions& options, std::string_view text,
             arrow::MemoryPool* pool) {
  const auto csv = ReadCsvOptions(options);
  const auto formats = ReadDatetimeFormats(options, "America/New_York", true);
  if (!csv.ok() || !formats.ok()) return;
  (void)InferCsvType(text, *csv);
  if (type->id() != arrow::Type::STRUCT || type->num_fields() == 0) return;
  for (const auto& field : type->fields()) {
    if (!IsCsvType(*field->type())) return;
  }
  CsvReader reader(*type, *csv, *formats);
  const auto outcome = reader.Read(text);
  if (!outcome.ok()) {
    FUZZ_CHECK(HasErrorClass(outcome.status(), "MALFORMED_CSV_RECORD"), outcome.status().ToString());
    return;
  }
  const auto column = ColumnOf(reader, *outcome, type, text, pool);
  auto writer = CsvWriter::Make(*csv, "UTC");
  if (!writer.ok()) return;
  std::string written;
  FUZZ_CHECK(writer->Write(static_cast<const arrow::StructArray&>(*column), 0, &written).ok(), text);
  (void)reader.Read(written);
}

}  // namespace

void TextRecords(std::string_view input) {
  const auto begin = std::chrono::steady_clock::now();
  const size_t size = input.size();
  const TextOptions options = ParseOptions(TakeLine(&input));
  const std::string schema(TakeLine(&input));
  const std::string_view path_text = TakeLine(&input);
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  if (const auto path = JsonPath::Parse(path_text)) {
    JsonTokenizer tokenizer(JsonPathSyntax());
    std::string found;
    (void)path->Find(input, &tokenizer, &found);
  }
  auto type = ParseSparkType(schema);
  if (!type.ok()) {
    const auto fields = ParseSparkSchema(schema);
    if (fields.ok()) type = arrow::struct_((*fields)->fields());
  }
  if (type.ok()) {
    ReadJson(*type, options, input, &pool);
    ReadCsv(*type, options, input, &pool);
  }
  FUZZ_CHECK(pool.max_memory() <= kBytesAtLeast + kBytesPerByte * static_cast<int64_t>(size), "memory");
  FUZZ_CHECK(std::chrono::steady_clock::now() - begin < kLongest, "time");
}

}  // namespace sluice::fuzz
