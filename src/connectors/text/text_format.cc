// SPDX-License-Identifier: Apache-2.0
#include "connectors/text/text_format.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "base/spark_error.h"
#include "connectors/file/file_table.h"
#include "connectors/text/record_parser.h"
#include "connectors/text/text_layout.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

struct TextFiles {
  bool whole = false;
  std::string separator;
};

const std::vector<OptionRow>& ReadOptions() {
  static const auto* table = new std::vector<OptionRow>(WithFileOptions({
      {"wholetext", "false", OptionUse::kHonoured, "True: a file is one row."},
      {"lineSep", "", OptionUse::kHonoured, "What ends a line."},
      {"encoding", "UTF-8", OptionUse::kHonoured, "Only UTF-8; also charset."},
      {"charset", "UTF-8", OptionUse::kHonoured, "The same as encoding."},
      {"compression", "none", OptionUse::kHonoured, "Of no meaning: a file's name decides."},
  }));
  return *table;
}

const std::vector<OptionRow>& WriteOptions() {
  static const auto* table = new std::vector<OptionRow>{
      {"compression", "none", OptionUse::kHonoured, "none, gzip, deflate, bzip2, zstd."},
      {"lineSep", "\\n", OptionUse::kHonoured, "What ends a line."},
      {"encoding", "UTF-8", OptionUse::kHonoured, "Only UTF-8."},
  };
  return *table;
}

Result<TextFiles> ReadOptionsOf(const Options& options) {
  TextFiles files;
  SLUICE_RETURN_IF_ERROR(CheckEncoding(options));
  SLUICE_ASSIGN(files.whole, options.GetBool("wholetext", false));
  SLUICE_ASSIGN(files.separator, LineSeparatorOf(options));
  return files;
}

Status CheckColumn(const arrow::FieldVector& fields) {
  if (fields.size() != 1) {
    return UserError(
        "_LEGACY_ERROR_TEMP_1290",
        fmt::format("Text data source supports only a single column, and you have {} columns.", fields.size()));
  }
  return fields[0]->type()->Equals(StringType()) ? Status::OK() : UnsupportedType("Text", *fields[0]);
}

Status CheckRead(const SourceContext& context) {
  return ReadOptionsOf(context.options).status();
}

class TextParser : public RecordParser {
 public:
  explicit TextParser(bool wanted) : wanted_(wanted) {}
  Status Add(std::string_view record) override {
    ++rows_;
    return wanted_ ? builder_.Append(record) : Status::OK();
  }
  int64_t rows() const override { return rows_; }
  Result<arrow::ArrayVector> Take() override {
    rows_ = 0;
    if (!wanted_) return arrow::ArrayVector();
    SLUICE_ASSIGN(auto column, builder_.Finish());
    return arrow::ArrayVector{std::move(column)};
  }

 private:
  const bool wanted_;
  arrow::StringViewBuilder builder_;
  int64_t rows_ = 0;
};

class TextReaders : public FileReaders {
 public:
  TextReaders(std::shared_ptr<const TableRead> table, TextFiles files)
      : FileReaders(std::move(table)), files_(std::move(files)) {}

  bool CanCut(const TableFile& file) const override { return !files_.whole && IsPlainText(file.path); }

  Result<std::unique_ptr<SliceReader>> Open(std::shared_ptr<const FilePart> part, ReadRequest request) const override {
    const auto records = [this](const TextRead& read, ReaderMemory* memory) {
      return files_.whole ? OpenWholeFile(*read.part, memory) : OpenLines(*read.part, files_.separator, memory);
    };
    const auto parser = [](const TextRead& read) -> Result<std::unique_ptr<RecordParser>> {
      return std::make_unique<TextParser>(!read.columns.empty());
    };
    return OpenTextSlices(std::move(part), table_, std::move(request), records, parser);
  }

 private:
  const TextFiles files_;
};

Result<std::shared_ptr<FileReaders>> OpenReaders(const SourceContext& context, std::shared_ptr<const TableRead> table) {
  SLUICE_ASSIGN(TextFiles files, ReadOptionsOf(context.options));
  SLUICE_RETURN_IF_ERROR(CheckColumn(table->of_files->fields()));
  return std::make_shared<TextReaders>(std::move(table), std::move(files));
}

Result<std::shared_ptr<arrow::Schema>> Infer(const SourceContext&, const std::vector<TableFile>&) {
  return arrow::schema({arrow::field("value", StringType())});
}

class LineRows : public TextRows {
 public:
  LineRows(int column, std::string separator) : column_(column), separator_(std::move(separator)) {}
  Status Open(const arrow::RecordBatch& slice) override {
    values_ = slice.column(column_);
    return Status::OK();
  }
  Status Append(int64_t row, std::string* out) override {
    const auto& values = static_cast<const arrow::StringViewArray&>(*values_);
    if (!values.IsNull(row)) *out += values.GetView(row);
    *out += separator_;
    return Status::OK();
  }

 private:
  const int column_;
  const std::string separator_;
  std::shared_ptr<arrow::Array> values_;
};

Result<std::shared_ptr<const FileEncoding>> Encoding(const SinkContext& context, const std::vector<int>& columns) {
  SLUICE_RETURN_IF_ERROR(CheckEncoding(context.options));
  arrow::FieldVector fields;
  for (const int column : columns) fields.push_back(context.schema->field(column));
  SLUICE_RETURN_IF_ERROR(CheckColumn(fields));
  SLUICE_ASSIGN(std::string separator, LineSeparatorOf(context.options));
  if (separator.empty()) separator = "\n";
  SLUICE_ASSIGN(const TextCodec codec, CodecOf(context.options));
  auto make_rows = [column = columns[0], separator]() -> Result<std::unique_ptr<TextRows>> {
    return std::make_unique<LineRows>(column, separator);
  };
  return std::make_shared<TextEncoding>(columns, ".txt", codec, std::move(make_rows));
}

}  // namespace

const FileFormat kTextFormat = {"text",
                                "Text",
                                /*stream_needs_schema=*/false,
                                ReadOptions,
                                WriteOptions,
                                CheckRead,
                                Infer,
                                OpenReaders,
                                Encoding};

}  // namespace sluice
