// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/json_format.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "base/spark_error.h"
#include "connectors/file/file_table.h"
#include "connectors/text/struct_rows.h"
#include "connectors/text/text_layout.h"
#include "expr/infer_schema.h"
#include "expr/json_reader.h"
#include "expr/json_writer.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

struct JsonFiles {
  JsonOptions records;
  bool multi_line = false;
  std::string separator;
  std::string corrupt_column;
};

std::vector<OptionRow> CommonRows() {
  return {
      {"dateFormat", "", OptionUse::kHonoured, "Pattern of dates."},
      {"timestampFormat", "", OptionUse::kHonoured, "Pattern of timestamps."},
      {"timestampNTZFormat", "", OptionUse::kHonoured, "Pattern of timestamps without a zone."},
      {"timeZone", "", OptionUse::kHonoured, "Zone of timestamps; the session's without it."},
      {"locale", "en-US", OptionUse::kHonoured, "Only en-US."},
      {"encoding", "UTF-8", OptionUse::kHonoured, "Only UTF-8; also charset."},
      {"charset", "UTF-8", OptionUse::kHonoured, "The same as encoding."},
      {"lineSep", "", OptionUse::kHonoured, "What ends a line."},
      {"compression", "none", OptionUse::kHonoured,
       "none, gzip, deflate, bzip2, zstd; to read, a file's name decides."},
  };
}

const std::vector<OptionRow>& ReadOptions() {
  static const auto* table = [] {
    std::vector<OptionRow> rows = CommonRows();
    const std::vector<OptionRow> own = {
        {"multiLine", "false", OptionUse::kHonoured, "True: a file is one document, an object or an array of them."},
        {"mode", "PERMISSIVE", OptionUse::kHonoured, "PERMISSIVE, DROPMALFORMED or FAILFAST."},
        {"columnNameOfCorruptRecord", "_corrupt_record", OptionUse::kHonoured, "Takes the text of malformed records."},
        {"samplingRatio", "1.0", OptionUse::kHonoured, "Only 1.0: types are found by all records."},
        {"primitivesAsString", "false", OptionUse::kHonoured, "True: plain values are found to be strings."},
        {"prefersDecimal", "false", OptionUse::kHonoured, "True: numbers are found to be decimals where they fit."},
        {"dropFieldIfAllNull", "false", OptionUse::kHonoured, "True: no column for what is NULL in all records."},
        {"inferTimestamp", "false", OptionUse::kHonoured, "True: texts may be found to be timestamps."},
        {"allowComments", "false", OptionUse::kHonoured, "Comments as in Java."},
        {"allowUnquotedFieldNames", "false", OptionUse::kHonoured, "{a: 1}."},
        {"allowSingleQuotes", "true", OptionUse::kHonoured, "{'a': 'b'}."},
        {"allowNumericLeadingZeros", "false", OptionUse::kHonoured, "007."},
        {"allowNonNumericNumbers", "true", OptionUse::kHonoured, "NaN, Infinity, -Infinity."},
        {"allowBackslashEscapingAnyCharacter", "false", OptionUse::kHonoured, "\\q."},
        {"allowUnquotedControlChars", "false", OptionUse::kHonoured, "Control characters in strings."},
        {"maxNestingDepth", "1000", OptionUse::kHonoured, "Arrays and objects in each other at most."},
        {"maxNumLen", "1000", OptionUse::kHonoured, "Digits of a number at most."},
        {"maxStringLen", "", OptionUse::kHonoured, "Bytes of a string at most."},
        {"useUnsafeRow", "", OptionUse::kHonoured, "Changes no row."},
        {"enableDateTimeParsingFallback", "", OptionUse::kHonoured, "Dates that do not fit the pattern are cast."},
        {"singleVariantColumn", "", OptionUse::kRefused, "There is no type VARIANT."},
    };
    rows.insert(rows.end(), own.begin(), own.end());
    return new std::vector<OptionRow>(WithFileOptions(std::move(rows)));
  }();
  return *table;
}

const std::vector<OptionRow>& WriteOptions() {
  static const auto* table = [] {
    auto* rows = new std::vector<OptionRow>(CommonRows());
    // The zone of partition folders is the sink's option.
    std::erase_if(*rows, [](const OptionRow& row) { return std::string_view(row.name) == "timeZone"; });
    rows->push_back({"ignoreNullFields", "true", OptionUse::kHonoured, "False: NULLs are written too."});
    rows->push_back({"pretty", "false", OptionUse::kRefused, "A record has one line."});
    rows->push_back(
        {"writeNonAsciiCharacterAsCodePoint", "false", OptionUse::kHonoured, "True: such characters as \\u00E9."});
    return rows;
  }();
  return *table;
}

Result<JsonFiles> ReadOptionsOf(const Options& options, const Conf& conf) {
  JsonFiles files;
  const TextOptions text = TextOptionsOf(options);
  SLUICE_ASSIGN(files.records, ReadJsonOptions(text));
  SLUICE_RETURN_IF_ERROR(CheckEncoding(options));
  SLUICE_ASSIGN(files.multi_line, text.Bool("multiLine", false));
  SLUICE_ASSIGN(files.separator, LineSeparatorOf(options));
  // As Spark has it where it reads a line's bytes, and not where it reads a stream of characters.
  files.records.exact_strings = !files.multi_line;
  files.corrupt_column = options.Get("columnNameOfCorruptRecord", "_corrupt_record");
  if (options.Get("samplingRatio", "1.0") != "1.0" && options.Get("samplingRatio", "1.0") != "1") {
    return NotSupported("The option samplingRatio below 1: types are found by all records.");
  }
  SLUICE_RETURN_IF_ERROR(ReadDatetimeFormats(text, conf.time_zone(), true).status());
  return files;
}

Status CheckRead(const SourceContext& context) {
  SLUICE_ASSIGN(const JsonFiles files, ReadOptionsOf(context.options, context.conf));
  if (context.schema == nullptr) return Status::OK();
  return FindCorruptField(*arrow::struct_(context.schema->fields()), files.records.text).status();
}

Result<std::unique_ptr<RecordReader>> OpenTexts(const FilePart& part, const JsonFiles& files, ReaderMemory* memory) {
  return files.multi_line ? OpenWholeFile(part, memory) : OpenLines(part, files.separator, memory);
}

// One element of an array of records.
struct Element {
  const ReadValue& value_;
  const JsonReader& reader;
  const ReadValue& value() const { return value_; }
  const ReadValues& values() const { return reader.values(); }
  std::string_view cause() const { return reader.cause(); }
};

bool IsArray(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '[';
}

// A record is an object, or an array of objects, each of which is a row.
class JsonParser : public RecordParser {
 public:
  JsonParser(const JsonFiles& files, RecordColumns columns, DatetimeFormats formats, int64_t most_bytes)
      : rows_(std::move(columns), files.records.mode),
        objects_(*rows_.columns().read, files.records, formats, most_bytes),
        array_type_(ArrayType(rows_.columns().read)),
        arrays_(*array_type_, files.records, std::move(formats), most_bytes),
        most_bytes_(most_bytes) {}

  Status Add(std::string_view record) override {
    if (IsArray(record)) return AddArray(record);
    const RecordOutcome outcome = objects_.Read(record);
    SLUICE_RETURN_IF_ERROR(CheckSize(objects_));
    return outcome == RecordOutcome::kAbsent ? Status::OK() : rows_.Append(outcome, objects_, record);
  }
  int64_t rows() const override { return rows_.rows(); }
  Result<arrow::ArrayVector> Take() override { return rows_.Take(); }

 private:
  Status AddArray(std::string_view record) {
    const RecordOutcome outcome = arrays_.Read(record);
    SLUICE_RETURN_IF_ERROR(CheckSize(arrays_));
    const ReadValue& all = arrays_.value();
    bool whole = outcome != RecordOutcome::kMalformed && all.kind == ReadValue::kSet;
    for (uint32_t i = 0; whole && i < all.size; ++i) {
      whole = arrays_.values()[all.first + i].kind == ReadValue::kSet;
    }
    if (!whole) return rows_.Append(RecordOutcome::kMalformed, arrays_, record);
    for (uint32_t i = 0; i < all.size; ++i) {
      const Element element{arrays_.values()[all.first + i], arrays_};
      SLUICE_RETURN_IF_ERROR(rows_.Append(outcome, element, record));
    }
    return Status::OK();
  }

  Status CheckSize(const JsonReader& reader) const {
    if (reader.too_large() == 0) return Status::OK();
    return EnvironmentError("SLUICE_MEMORY_BUDGET",
                            fmt::format("The values of one JSON record take {} bytes, and the memory budget allows {} "
                                        "of them. Raise spark.sluice.memory (or --memory).",
                                        reader.too_large(), most_bytes_));
  }

  StructRows rows_;
  JsonReader objects_;
  const std::shared_ptr<arrow::DataType> array_type_;
  JsonReader arrays_;
  const int64_t most_bytes_;
};

class JsonReaders : public FileReaders {
 public:
  JsonReaders(std::shared_ptr<const TableRead> table, JsonFiles files)
      : FileReaders(std::move(table)), files_(std::move(files)) {}

  bool CanCut(const TableFile& file) const override { return !files_.multi_line && IsPlainText(file.path); }

  Result<std::unique_ptr<SliceReader>> Open(std::shared_ptr<const FilePart> part, ReadRequest request) const override {
    const auto records = [this](const TextRead& read, ReaderMemory* memory) {
      return OpenTexts(*read.part, files_, memory);
    };
    const auto parser = [this](const TextRead& read) { return OpenParser(read); };
    return OpenTextSlices(std::move(part), table_, std::move(request), records, parser);
  }

 private:
  Result<std::unique_ptr<RecordParser>> OpenParser(const TextRead& read) const {
    SLUICE_ASSIGN(RecordColumns columns, ColumnsOfRecords(read, files_.records.text, "JSON"));
    SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(files_.records.text, table_->time_zone, true));
    const int64_t limit = table_->memory == nullptr ? INT64_MAX : table_->memory->limit();
    return std::make_unique<JsonParser>(files_, std::move(columns), std::move(formats), limit / 2);
  }

  const JsonFiles files_;
};

Result<std::shared_ptr<FileReaders>> OpenReaders(const SourceContext& context, std::shared_ptr<const TableRead> table) {
  SLUICE_ASSIGN(JsonFiles files, ReadOptionsOf(context.options, context.conf));
  return std::make_shared<JsonReaders>(std::move(table), std::move(files));
}

Result<std::shared_ptr<arrow::Schema>> Infer(const SourceContext& context, const std::vector<TableFile>& table) {
  SLUICE_ASSIGN(const JsonFiles files, ReadOptionsOf(context.options, context.conf));
  TableMemory budget(context.budget);
  ReaderMemory memory(&budget, 0, table.front().path);
  SLUICE_ASSIGN(auto types, JsonTableInference::Make(files.records, files.corrupt_column));
  for (const TableFile& file : table) {
    const FilePart part{std::make_shared<SharedFile>(file), 0, INT64_MAX, 0};
    SLUICE_ASSIGN(const auto texts, OpenTexts(part, files, &memory));
    for (;;) {
      std::string_view text;
      SLUICE_ASSIGN(const bool found, texts->Next(&text));
      if (!found) break;
      SLUICE_RETURN_IF_ERROR(types.Add(text));
    }
  }
  return types.Finish();
}

class JsonRows : public TextRows {
 public:
  JsonRows(JsonWriter writer, std::vector<int> columns, std::string separator)
      : writer_(std::move(writer)), columns_(std::move(columns)), separator_(std::move(separator)) {}

  Status Open(const arrow::RecordBatch& slice) override {
    arrow::ArrayVector arrays;
    arrow::FieldVector fields;
    for (const int column : columns_) {
      arrays.push_back(slice.column(column));
      fields.push_back(slice.schema()->field(column));
    }
    structs_ =
        std::make_shared<arrow::StructArray>(arrow::struct_(std::move(fields)), slice.num_rows(), std::move(arrays));
    return Status::OK();
  }
  Status Append(int64_t row, std::string* out) override {
    SLUICE_RETURN_IF_ERROR(writer_.Write(*structs_, row, out));
    *out += separator_;
    return Status::OK();
  }

 private:
  JsonWriter writer_;
  const std::vector<int> columns_;
  const std::string separator_;
  std::shared_ptr<arrow::StructArray> structs_;
};

Result<std::shared_ptr<const FileEncoding>> Encoding(const SinkContext& context, const std::vector<int>& columns) {
  SLUICE_ASSIGN(const JsonOptions json, ReadJsonOptions(TextOptionsOf(context.options)));
  SLUICE_RETURN_IF_ERROR(CheckEncoding(context.options));
  SLUICE_ASSIGN(std::string separator, LineSeparatorOf(context.options));
  if (separator.empty()) separator = "\n";
  SLUICE_ASSIGN(const TextCodec codec, CodecOf(context.options));
  SLUICE_ASSIGN(const JsonWriter writer, JsonWriter::Make(json, context.conf.time_zone()));
  auto make_rows = [=]() -> Result<std::unique_ptr<TextRows>> {
    return std::make_unique<JsonRows>(writer, columns, separator);
  };
  return std::make_shared<TextEncoding>(columns, ".json", codec, std::move(make_rows));
}

}  // namespace

const FileFormat kJsonFormat = {"json",
                                "JSON",
                                /*stream_needs_schema=*/true,
                                ReadOptions,
                                WriteOptions,
                                CheckRead,
                                Infer,
                                OpenReaders,
                                Encoding};

}  // namespace sluice
