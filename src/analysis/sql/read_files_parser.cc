// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/query_parser.h"
#include "base/closest_name.h"
#include "connectors/file/file_stream.h"

namespace sluice::sql {
namespace {

using spark::connect::Read;

// What a file's name says of its format.
struct NameEnding {
  const char* ending;
  const char* format;
  const char* separator;  // of csv
};

constexpr NameEnding kEndings[] = {{".csv", "csv", nullptr},        {".tsv", "csv", "\t"},
                                   {".json", "json", nullptr},      {".jsonl", "json", nullptr},
                                   {".ndjson", "json", nullptr},    {".txt", "text", nullptr},
                                   {".parquet", "parquet", nullptr}};

const NameEnding* EndingOf(const std::string& path) {
  std::string lower = LowerCase(path);
  for (const char* compressed : {".gz", ".zst", ".bz2", ".deflate"}) {
    if (lower.ends_with(compressed)) lower.resize(lower.size() - std::string_view(compressed).size());
  }
  const auto* found = std::find_if(std::begin(kEndings), std::end(kEndings),
                                   [&](const NameEnding& ending) { return lower.ends_with(ending.ending); });
  return found == std::end(kEndings) ? nullptr : found;
}

// A program may give a source options that nobody knows, as in Spark; the text of a statement may not.
Status CheckFileOption(const FileFormat& format, const std::string& name) {
  std::vector<std::string> names;
  for (const OptionRow& row : FileStreamOptionRows(format)) {
    if (EqualsIgnoringCase(row.name, name)) return Status::OK();
    names.emplace_back(row.name);
  }
  return UserError("SLUICE_INVALID_OPTION", fmt::format("read_files has no argument {} for {} files.{}", name,
                                                        format.name, DidYouMean(name, names)));
}

}  // namespace

std::optional<std::string> OptionText(const spark::connect::Expression& value) {
  if (!value.has_literal()) return std::nullopt;
  const auto& literal = value.literal();
  if (literal.has_string()) return literal.string();
  if (literal.has_integer()) return std::to_string(literal.integer());
  if (literal.has_long_()) return std::to_string(literal.long_());
  if (literal.has_boolean()) return literal.boolean() ? "true" : "false";
  return std::nullopt;
}

// FROM 's3a://bucket/table': the same as parquet.`s3a://bucket/table`, and can stand between a shell's double quotes. A
// name that ends in .csv, .json or .txt is read as such.
Result<Relation> QueryParser::ParsePath(bool streaming) {
  const size_t begin = cursor_.position();
  const std::string path = cursor_.Next().text;
  const NameEnding* ending = EndingOf(path);
  Relation relation;
  auto* table = relation.mutable_read()->mutable_named_table();
  table->set_unparsed_identifier(fmt::format("{}.{}", ending == nullptr ? "parquet" : ending->format, QuoteName(path)));
  if (ending != nullptr && ending->separator != nullptr) (*table->mutable_options())["sep"] = ending->separator;
  relation.mutable_read()->set_is_streaming(streaming);
  cursor_.SetOrigin(&relation, begin);
  return relation;
}

// 'path' first, or name => constant.
Status QueryParser::ParseReadFilesArgument(Read::DataSource* source) {
  const size_t at = cursor_.position();
  const bool named = cursor_.IsName() && cursor_.IsSymbol("=>", 1);
  std::string name = "path";
  if (named) {
    name = cursor_.Next().text;
    cursor_.Next();
  }
  SLUICE_ASSIGN(const Expression value, expressions_.Parse());
  const std::optional<std::string> text = OptionText(value);
  if (!text) {
    return WithPlace(
        UserError("NON_FOLDABLE_ARGUMENT", fmt::format("The argument {} of read_files must be a constant.", name)),
        cursor_.PlaceOf(at));
  }
  const bool is_path = EqualsIgnoringCase(name, "path");
  const bool is_format = EqualsIgnoringCase(name, "format");
  const bool is_schema = EqualsIgnoringCase(name, "schema");
  const bool twice = (is_path && source->paths_size() > 0) || (is_format && !source->format().empty()) ||
                     (is_schema && !source->schema().empty()) || source->options().contains(name);
  if (twice) {
    return WithPlace(UserError("DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE",
                               fmt::format("The argument {} of read_files is given twice.", name)),
                     cursor_.PlaceOf(at));
  }
  if (is_path) {
    source->add_paths(*text);
  } else if (is_format) {
    source->set_format(*text);
  } else if (is_schema) {
    source->set_schema(*text);
  } else {
    (*source->mutable_options())[name] = *text;
  }
  return Status::OK();
}

// read_files('path' [, format => 'csv'] [, schema => 'a INT'] [, option => constant]..)
Result<Relation> QueryParser::ParseReadFiles(bool streaming) {
  const size_t begin = cursor_.position();
  Relation relation;
  relation.mutable_read()->set_is_streaming(streaming);
  auto* source = relation.mutable_read()->mutable_data_source();
  for (bool first = true; !cursor_.AcceptSymbol(")"); first = false) {
    if (!first) SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(","));
    SLUICE_RETURN_IF_ERROR(ParseReadFilesArgument(source));
  }
  const auto place = cursor_.PlaceOf(begin);
  if (source->paths_size() == 0) {
    return WithPlace(UserError("REQUIRED_PARAMETER_NOT_FOUND",
                               "read_files needs the path of files or of their folder: read_files('/path', ..)."),
                     place);
  }
  const NameEnding* ending = EndingOf(source->paths(0));
  if (source->format().empty() && ending == nullptr) {
    return WithPlace(
        UserError("SLUICE_INVALID_OPTION",
                  "read_files needs format => 'csv', 'json', 'parquet' or 'text': the path does not tell."),
        place);
  }
  if (source->format().empty()) {
    source->set_format(ending->format);
    const bool given = std::any_of(source->options().begin(), source->options().end(), [](const auto& option) {
      return EqualsIgnoringCase(option.first, "sep") || EqualsIgnoringCase(option.first, "delimiter");
    });
    if (ending->separator != nullptr && !given) (*source->mutable_options())["sep"] = ending->separator;
  }
  const FileFormat* format = FindFileFormat(source->format());
  if (format == nullptr) {
    return WithPlace(
        UserError("DATA_SOURCE_NOT_FOUND",
                  fmt::format("read_files reads csv, json, parquet and text files, not {}.", source->format()),
                  {{"provider", source->format()}}),
        place);
  }
  for (const auto& [name, value] : source->options()) {
    SLUICE_RETURN_IF_ERROR(WithPlace(CheckFileOption(*format, name), place));
  }
  return relation;
}

}  // namespace sluice::sql
