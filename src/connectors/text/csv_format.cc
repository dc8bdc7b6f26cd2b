// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/csv_format.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "connectors/file/file_table.h"
#include "connectors/text/struct_rows.h"
#include "connectors/text/text_layout.h"
#include "expr/csv_reader.h"
#include "expr/csv_writer.h"
#include "expr/infer_schema.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

// What the options say of files, besides what they say of records.
struct CsvFiles {
  CsvOptions records;
  bool header = false;
  bool multi_line = false;
  bool infer = false;
  bool enforce_schema = true;
  bool prune = true;  // fields that nobody asks for are not looked at
  std::string separator;
};

std::vector<OptionRow> SyntaxRows() {
  return {
      {"sep", ",", OptionUse::kHonoured, "What stands between fields; also delimiter."},
      {"delimiter", ",", OptionUse::kHonoured, "The same as sep."},
      {"header", "false", OptionUse::kHonoured, "True: the first line of a file names the columns."},
      {"quote", "\"", OptionUse::kHonoured, "Around fields; empty: none."},
      {"escape", "\\", OptionUse::kHonoured, "Before a quote inside quotes."},
      {"charToEscapeQuoteEscaping", "", OptionUse::kHonoured, "Before an escape that stands for itself."},
      {"comment", "", OptionUse::kHonoured, "A line that begins with it is left out."},
      {"nullValue", "", OptionUse::kHonoured, "The text of NULL."},
      {"emptyValue", "", OptionUse::kHonoured, "The text of an empty string."},
      {"ignoreLeadingWhiteSpace", "", OptionUse::kHonoured, "Blanks before a field: false to read, true to write."},
      {"ignoreTrailingWhiteSpace", "", OptionUse::kHonoured, "Blanks behind a field: false to read, true to write."},
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
      {"codec", "none", OptionUse::kHonoured, "The same as compression."},
      {"extension", "", OptionUse::kRefused, "Files end in .csv."},
  };
}

const std::vector<OptionRow>& ReadOptions() {
  static const auto* table = [] {
    std::vector<OptionRow> rows = SyntaxRows();
    const std::vector<OptionRow> own = {
        {"inferSchema", "false", OptionUse::kHonoured, "True: the types are found by reading all files."},
        {"samplingRatio", "1.0", OptionUse::kHonoured, "Only 1.0: types are found by all lines."},
        {"enforceSchema", "true", OptionUse::kHonoured, "False: the header must have the names of the schema."},
        {"preferDate", "true", OptionUse::kHonoured, "inferSchema finds dates."},
        {"mode", "PERMISSIVE", OptionUse::kHonoured, "PERMISSIVE, DROPMALFORMED or FAILFAST."},
        {"columnNameOfCorruptRecord", "_corrupt_record", OptionUse::kHonoured, "Takes the text of malformed records."},
        {"multiLine", "false", OptionUse::kHonoured, "True: quoted fields may hold line ends."},
        {"columnPruning", "true", OptionUse::kHonoured, "False: fields that nobody asks for are looked at too."},
        {"nanValue", "NaN", OptionUse::kHonoured, "The text of NaN."},
        {"positiveInf", "Inf", OptionUse::kHonoured, "The text of positive infinity."},
        {"negativeInf", "-Inf", OptionUse::kHonoured, "The text of negative infinity."},
        {"maxColumns", "20480", OptionUse::kHonoured, "Fields of a record at most."},
        {"maxCharsPerColumn", "-1", OptionUse::kHonoured, "Characters of a field at most."},
        {"unescapedQuoteHandling", "STOP_AT_DELIMITER", OptionUse::kHonoured, "What a quote in a wrong place does."},
        {"inputBufferSize", "", OptionUse::kHonoured, "Changes no row."},
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
    auto* rows = new std::vector<OptionRow>(SyntaxRows());
    // The zone of partition folders is the sink's option.
    std::erase_if(*rows, [](const OptionRow& row) { return std::string_view(row.name) == "timeZone"; });
    rows->push_back({"quoteAll", "false", OptionUse::kHonoured, "True: all fields in quotes."});
    rows->push_back({"escapeQuotes", "true", OptionUse::kHonoured, "A field with a quote inside stands in quotes."});
    return rows;
  }();
  return *table;
}

Result<CsvFiles> ReadOptionsOf(const Options& options, const Conf& conf) {
  CsvFiles files;
  const TextOptions text = TextOptionsOf(options);
  SLUICE_ASSIGN(files.records, ReadCsvOptions(text));
  SLUICE_RETURN_IF_ERROR(CheckEncoding(options));
  SLUICE_ASSIGN(files.header, text.Bool("header", false));
  SLUICE_ASSIGN(files.multi_line, text.Bool("multiLine", false));
  SLUICE_ASSIGN(files.infer, text.Bool("inferSchema", false));
  SLUICE_ASSIGN(files.enforce_schema, text.Bool("enforceSchema", true));
  SLUICE_ASSIGN(files.prune, text.Bool("columnPruning", !files.multi_line));
  SLUICE_ASSIGN(files.separator, LineSeparatorOf(options));
  if (files.separator.size() > 2) {
    return UserError("SLUICE_INVALID_OPTION", "The option lineSep of CSV takes one or two characters.");
  }
  if (options.Get("samplingRatio", "1.0") != "1.0" && options.Get("samplingRatio", "1.0") != "1") {
    return NotSupported("The option samplingRatio below 1: types are found by all lines.");
  }
  SLUICE_RETURN_IF_ERROR(ReadDatetimeFormats(text, conf.time_zone(), true).status());
  return files;
}

Status CheckTypes(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    if (!IsCsvType(*field->type())) return UnsupportedType("CSV", *field);
  }
  return Status::OK();
}

Status CheckRead(const SourceContext& context) {
  SLUICE_ASSIGN(const CsvFiles files, ReadOptionsOf(context.options, context.conf));
  if (context.schema == nullptr) return Status::OK();
  SLUICE_RETURN_IF_ERROR(CheckTypes(*context.schema));
  return FindCorruptField(*arrow::struct_(context.schema->fields()), files.records.text).status();
}

bool IsBlankLine(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

// The records of a part, as text, without what is none.
class CsvTexts : public RecordReader {
 public:
  static Result<std::unique_ptr<CsvTexts>> Open(const FilePart& part, const CsvFiles& files, ReaderMemory* memory) {
    auto texts = std::make_unique<CsvTexts>();
    texts->comment_ = files.records.syntax.comment;
    texts->lines_ = !files.multi_line;
    if (files.multi_line) {
      SLUICE_ASSIGN(texts->records_, OpenCsvRecords(part, files.records.syntax, files.separator, memory));
    } else {
      SLUICE_ASSIGN(texts->records_, OpenLines(part, files.separator, memory));
    }
    return texts;
  }

  Result<bool> Next(std::string_view* record) override {
    for (;;) {
      SLUICE_ASSIGN(const bool found, records_->Next(record));
      if (!found) return false;
      begin_ = records_->begin();
      if (!lines_) return true;
      const bool comment = comment_ != '\0' && record->starts_with(comment_);
      if (!comment && !IsBlankLine(*record)) return true;
    }
  }

 private:
  std::unique_ptr<RecordReader> records_;
  char comment_ = '\0';
  bool lines_ = true;
};

class CsvParser : public RecordParser {
 public:
  CsvParser(const CsvFiles& files, RecordColumns columns, CsvFields fields, DatetimeFormats formats)
      : rows_(std::move(columns), files.records.mode),
        reader_(*rows_.columns().read, std::move(fields), files.records, std::move(formats)) {}

  Status Add(std::string_view record) override {
    SLUICE_ASSIGN(const RecordOutcome outcome, reader_.Read(record));
    return rows_.Append(outcome, reader_, record);
  }
  int64_t rows() const override { return rows_.rows(); }
  Result<arrow::ArrayVector> Take() override { return rows_.Take(); }

 private:
  StructRows rows_;
  CsvReader reader_;
};

// Splits a record as text that is perhaps no UTF-8.
Result<bool> SplitRecord(CsvTokenizer* tokenizer, std::string_view record, std::string* repaired) {
  if (!IsUtf8(record)) {
    repaired->clear();
    AppendRepaired(record, repaired);
    record = *repaired;
  }
  if (record.starts_with("\xEF\xBB\xBF")) record.remove_prefix(3);
  return tokenizer->Split(record);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// The names of a header's fields: those that are empty or not the only ones of their name get their number.
std::vector<std::string> HeaderNames(const CsvTokenizer& header, const CsvFiles& files) {
  std::vector<std::string> names;
  std::map<std::string, int> count;
  for (size_t i = 0; i < header.size(); ++i) {
    const std::string_view* text = header.field(i);
    const bool none = text == nullptr || text->empty() || *text == files.records.syntax.null_value;
    names.push_back(none || !files.header ? "" : std::string(*text));
    ++count[Lower(names.back())];
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      names[i] = fmt::format("_c{}", i);
    } else if (count[Lower(names[i])] > 1) {
      names[i] += std::to_string(i);
    }
  }
  return names;
}

class CsvReaders : public FileReaders {
 public:
  CsvReaders(std::shared_ptr<const TableRead> table, CsvFiles files)
      : FileReaders(std::move(table)), files_(std::move(files)) {}

  bool CanCut(const TableFile& file) const override { return !files_.multi_line && IsPlainText(file.path); }

  Result<std::unique_ptr<SliceReader>> Open(std::shared_ptr<const FilePart> part, ReadRequest request) const override {
    const auto records = [this](const TextRead& read, ReaderMemory* memory) { return OpenRecords(read, memory); };
    const auto parser = [this](const TextRead& read) { return OpenParser(read); };
    return OpenTextSlices(std::move(part), table_, std::move(request), records, parser);
  }

 private:
  Result<std::unique_ptr<RecordReader>> OpenRecords(const TextRead& read, ReaderMemory* memory) const {
    SLUICE_ASSIGN(auto texts, CsvTexts::Open(*read.part, files_, memory));
    if (files_.header && read.part->begin == 0) {
      std::string_view header;
      SLUICE_ASSIGN(const bool found, texts->Next(&header));
      if (found && !files_.enforce_schema) SLUICE_RETURN_IF_ERROR(CheckHeader(header, read.part->file->file().path));
    }
    return std::unique_ptr<RecordReader>(std::move(texts));
  }

  Result<std::unique_ptr<RecordParser>> OpenParser(const TextRead& read) const {
    SLUICE_ASSIGN(RecordColumns columns, ColumnsOfRecords(read, files_.records.text, "CSV"));
    CsvFields fields;
    fields.places = columns.places;
    const bool all = fields.places.size() == columns.file_columns;
    if (!files_.prune || all || columns.corrupt_field >= 0) fields.expected = columns.file_columns;
    SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(files_.records.text, table_->time_zone, true));
    return std::make_unique<CsvParser>(files_, std::move(columns), std::move(fields), std::move(formats));
  }

  Status CheckHeader(std::string_view text, const std::string& path) const {
    CsvTokenizer tokenizer(files_.records.syntax);
    std::string repaired;
    SLUICE_RETURN_IF_ERROR(SplitRecord(&tokenizer, text, &repaired).status());
    SLUICE_ASSIGN(const int corrupt,
                  FindCorruptField(*arrow::struct_(table_->of_files->fields()), files_.records.text));
    std::vector<std::string> names;
    for (int i = 0; i < table_->of_files->num_fields(); ++i) {
      if (i != corrupt) names.push_back(table_->of_files->field(i)->name());
    }
    bool same = names.size() == tokenizer.size();
    for (size_t i = 0; same && i < names.size(); ++i) {
      const std::string_view* name = tokenizer.field(i);
      same = name != nullptr && Lower(std::string(*name)) == Lower(names[i]);
    }
    if (same) return Status::OK();
    return UserError(
        "FAILED_READ_FILE.NO_HINT",
        fmt::format("The header of {} is not the schema's: {} and not {}.", path, text, fmt::join(names, ", ")),
        {{"path", path}});
  }

  const CsvFiles files_;
};

Result<std::shared_ptr<FileReaders>> OpenReaders(const SourceContext& context, std::shared_ptr<const TableRead> table) {
  SLUICE_ASSIGN(CsvFiles files, ReadOptionsOf(context.options, context.conf));
  return std::make_shared<CsvReaders>(std::move(table), std::move(files));
}

Status AddRecords(const TableFile& file, const CsvFiles& files, ReaderMemory* memory, CsvTableInference* types) {
  const FilePart part{std::make_shared<SharedFile>(file), 0, INT64_MAX, 0};
  SLUICE_ASSIGN(const auto texts, CsvTexts::Open(part, files, memory));
  CsvTokenizer tokenizer(files.records.syntax);
  std::string repaired;
  std::string_view text;
  for (bool header = files.header;; header = false) {
    SLUICE_ASSIGN(const bool found, texts->Next(&text));
    if (!found) return Status::OK();
    if (header) continue;
    SLUICE_ASSIGN(const bool is_record, SplitRecord(&tokenizer, text, &repaired));
    if (is_record) types->Add(tokenizer);
  }
}

// The first record of the largest file tells the names, as the largest is the first that Spark reads.
Result<std::shared_ptr<arrow::Schema>> Infer(const SourceContext& context, const std::vector<TableFile>& table) {
  SLUICE_ASSIGN(const CsvFiles files, ReadOptionsOf(context.options, context.conf));
  TableMemory budget(context.budget);
  ReaderMemory memory(&budget, 0, table.front().path);
  std::vector<const TableFile*> order;
  for (const TableFile& file : table) order.push_back(&file);
  std::stable_sort(order.begin(), order.end(),
                   [](const TableFile* a, const TableFile* b) { return a->size > b->size; });
  CsvTokenizer header(files.records.syntax);
  std::string repaired;
  std::vector<std::string> names;
  for (const TableFile* file : order) {
    const FilePart part{std::make_shared<SharedFile>(*file), 0, INT64_MAX, 0};
    SLUICE_ASSIGN(const auto texts, CsvTexts::Open(part, files, &memory));
    std::string_view text;
    SLUICE_ASSIGN(const bool found, texts->Next(&text));
    if (!found) continue;
    SLUICE_RETURN_IF_ERROR(SplitRecord(&header, text, &repaired).status());
    names = HeaderNames(header, files);
    break;
  }
  SLUICE_ASSIGN(auto types, CsvTableInference::Make(files.records, names.size()));
  for (size_t i = 0; files.infer && i < table.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(AddRecords(table[i], files, &memory, &types));
  }
  arrow::FieldVector fields;
  for (size_t i = 0; i < names.size(); ++i) fields.push_back(arrow::field(names[i], types.TypeOf(i)));
  return arrow::schema(std::move(fields));
}

class CsvRows : public TextRows {
 public:
  CsvRows(CsvWriter writer, std::vector<int> columns, std::string header, std::string separator)
      : writer_(std::move(writer)),
        columns_(std::move(columns)),
        header_(std::move(header)),
        separator_(std::move(separator)) {}

  void Begin(std::string* out) override { *out += header_; }
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
    SLUICE_RETURN_IF_ERROR(writer_.Write(*structs_, row, out).status());
    *out += separator_;
    return Status::OK();
  }

 private:
  CsvWriter writer_;
  const std::vector<int> columns_;
  const std::string header_;
  const std::string separator_;
  std::shared_ptr<arrow::StructArray> structs_;
};

// The names as a line of their own.
Result<std::string> HeaderLine(CsvWriter writer, const arrow::Schema& schema, const std::vector<int>& columns) {
  arrow::ArrayVector arrays;
  arrow::FieldVector fields;
  for (const int column : columns) {
    arrow::StringViewBuilder builder;
    SLUICE_RETURN_IF_ERROR(builder.Append(schema.field(column)->name()));
    SLUICE_ASSIGN(auto array, builder.Finish());
    arrays.push_back(std::move(array));
    fields.push_back(arrow::field(schema.field(column)->name(), StringType()));
  }
  const arrow::StructArray structs(arrow::struct_(std::move(fields)), 1, std::move(arrays));
  std::string line;
  SLUICE_RETURN_IF_ERROR(writer.Write(structs, 0, &line).status());
  return line;
}

Result<std::shared_ptr<const FileEncoding>> Encoding(const SinkContext& context, const std::vector<int>& columns) {
  const TextOptions text = TextOptionsOf(context.options);
  SLUICE_ASSIGN(const CsvOptions csv, ReadCsvOptions(text));
  SLUICE_RETURN_IF_ERROR(CheckEncoding(context.options));
  SLUICE_ASSIGN(std::string separator, LineSeparatorOf(context.options));
  if (separator.empty()) separator = "\n";
  SLUICE_ASSIGN(const bool header, text.Bool("header", false));
  SLUICE_ASSIGN(const TextCodec codec, CodecOf(context.options));
  for (const int column : columns) {
    if (!IsCsvType(*context.schema->field(column)->type()))
      return UnsupportedType("CSV", *context.schema->field(column));
  }
  SLUICE_ASSIGN(const CsvWriter writer, CsvWriter::Make(csv, context.conf.time_zone()));
  std::string first;
  if (header) {
    SLUICE_ASSIGN(first, HeaderLine(writer, *context.schema, columns));
    first += separator;
  }
  auto make_rows = [=]() -> Result<std::unique_ptr<TextRows>> {
    return std::make_unique<CsvRows>(writer, columns, first, separator);
  };
  return std::make_shared<TextEncoding>(columns, ".csv", codec, std::move(make_rows));
}

}  // namespace

const FileFormat kCsvFormat = {"csv",
                               "CSV",
                               /*stream_needs_schema=*/true,
                               ReadOptions,
                               WriteOptions,
                               CheckRead,
                               Infer,
                               OpenReaders,
                               Encoding};

}  // namespace sluice
