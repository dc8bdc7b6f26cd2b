// SPDX-License-Identifier: Apache-2.0
// Spark's DDL for types and schemas.
#include <arrow/api.h>
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/spark_error.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int kMaxDepth = 100;
using TypePtr = std::shared_ptr<arrow::DataType>;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

class TypeParser {
 public:
  explicit TypeParser(const std::string& text) : text_(text) { Next(); }

  Result<TypePtr> WholeType() {
    SLUICE_ASSIGN(auto type, Type());
    if (!token_.empty()) return Unexpected();
    return type;
  }

  Result<std::shared_ptr<arrow::Schema>> WholeSchema() {
    arrow::FieldVector fields;
    while (!token_.empty()) {
      SLUICE_ASSIGN(auto field, Field());
      fields.push_back(std::move(field));
      if (token_.empty()) break;
      SLUICE_RETURN_IF_ERROR(Expect(","));
      if (token_.empty()) return Unexpected();
    }
    return arrow::schema(std::move(fields));
  }

 private:
  Status Unexpected() const {
    const std::string near = token_.empty() ? "end of input" : "'" + token_ + "'";
    return UserError("PARSE_SYNTAX_ERROR", fmt::format("Cannot read the type '{}': unexpected {}.", text_, near),
                     {{"error", near}, {"hint", ""}});
  }

  // Tokens: a name, a `quoted name`, a 'string', or one sign. Empty at the end.
  void Next() {
    while (position_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[position_]))) ++position_;
    quoted_ = false;
    token_.clear();
    if (position_ >= text_.size()) return;
    const char first = text_[position_];
    if (first == '`' || first == '\'' || first == '"') {
      quoted_ = true;
      for (++position_; position_ < text_.size(); ++position_) {
        if (text_[position_] == first) {
          if (position_ + 1 >= text_.size() || text_[position_ + 1] != first) break;
          ++position_;
        }
        // In a string, not in a name, a backslash takes the meaning from a quote or another backslash.
        const char next = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
        const bool escaped = first != '`' && text_[position_] == '\\' && (next == '\'' || next == '"' || next == '\\');
        if (escaped) ++position_;
        token_ += text_[position_];
      }
      if (position_ < text_.size()) ++position_;
      return;
    }
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80); };
    while (position_ < text_.size() && is_word(text_[position_])) token_ += text_[position_++];
    if (token_.empty()) token_ = text_[position_++];
  }

  bool Is(const char* word) const { return !quoted_ && Lower(token_) == word; }

  Status Expect(const char* word) {
    if (!Is(word)) return Unexpected();
    Next();
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Field>> Field() {
    if (token_.empty() ||
        (!quoted_ && !std::isalnum(static_cast<unsigned char>(token_[0])) && token_[0] != '_' && !(token_[0] & 0x80))) {
      return Unexpected();
    }
    const std::string name = token_;
    Next();
    if (Is(":")) Next();
    SLUICE_ASSIGN(auto type, Type());
    bool nullable = true;
    if (Is("not")) {
      Next();
      SLUICE_RETURN_IF_ERROR(Expect("null"));
      nullable = false;
    }
    std::shared_ptr<const arrow::KeyValueMetadata> metadata;
    if (Is("comment")) {
      Next();
      if (!quoted_) return Unexpected();
      metadata = arrow::key_value_metadata({"comment"}, {token_});
      Next();
    }
    return arrow::field(name, std::move(type), nullable, metadata);
  }

  Result<TypePtr> Type() {
    if (++depth_ > kMaxDepth) return UserError("PARSE_SYNTAX_ERROR", "A type is nested too deeply.");
    if (token_.empty() || quoted_) return Unexpected();
    const std::string word = Lower(token_);
    const std::string written = token_;
    Next();
    Result<TypePtr> type = TypeNamed(word, written);
    --depth_;
    return type;
  }

  Result<TypePtr> TypeNamed(const std::string& word, const std::string& written) {
    if (word == "boolean") return arrow::boolean();
    if (word == "tinyint" || word == "byte") return arrow::int8();
    if (word == "smallint" || word == "short") return arrow::int16();
    if (word == "int" || word == "integer") return arrow::int32();
    if (word == "bigint" || word == "long") return arrow::int64();
    if (word == "float" || word == "real") return arrow::float32();
    if (word == "double") return arrow::float64();
    if (word == "string") {
      // The one collation that there is.
      if (Is("collate")) {
        Next();
        SLUICE_RETURN_IF_ERROR(Expect("utf8_binary"));
      }
      return StringType();
    }
    if (word == "binary") return BinaryType();
    if (word == "date") return arrow::date32();
    if (word == "timestamp" || word == "timestamp_ltz") return TimestampType();
    if (word == "timestamp_ntz") return TimestampNtzType();
    if (word == "void") return arrow::null();
    if (word == "decimal" || word == "dec" || word == "numeric") return Decimal();
    if (word == "char" || word == "character" || word == "varchar") {
      SLUICE_RETURN_IF_ERROR(Expect("("));
      SLUICE_RETURN_IF_ERROR(Number().status());
      SLUICE_RETURN_IF_ERROR(Expect(")"));
      return StringType();  // as Spark's CAST does
    }
    if (word == "array") {
      SLUICE_RETURN_IF_ERROR(Expect("<"));
      SLUICE_ASSIGN(auto element, Type());
      SLUICE_RETURN_IF_ERROR(Expect(">"));
      return ArrayType(std::move(element));
    }
    if (word == "map") {
      SLUICE_RETURN_IF_ERROR(Expect("<"));
      SLUICE_ASSIGN(auto key, Type());
      SLUICE_RETURN_IF_ERROR(Expect(","));
      SLUICE_ASSIGN(auto value, Type());
      SLUICE_RETURN_IF_ERROR(Expect(">"));
      return MapOf(std::move(key), std::move(value));
    }
    if (word == "struct") return Struct();
    if (word == "interval") return Interval();
    return UserError("UNSUPPORTED_DATATYPE", fmt::format("There is no data type \"{}\" here.", written),
                     {{"typeName", "\"" + written + "\""}});
  }

  // interval day to second
  Result<TypePtr> Interval() {
    std::string name = "interval " + Lower(token_);
    Next();
    if (Is("to")) {
      Next();
      name += " to " + Lower(token_);
      Next();
    }
    const auto fields = ParseIntervalName(name);
    if (fields) return IntervalType(*fields);
    return UserError("UNSUPPORTED_DATATYPE", fmt::format("There is no data type \"{}\" here.", name),
                     {{"typeName", "\"" + name + "\""}});
  }

  Result<TypePtr> Struct() {
    SLUICE_RETURN_IF_ERROR(Expect("<"));
    arrow::FieldVector fields;
    while (!Is(">")) {
      if (!fields.empty()) SLUICE_RETURN_IF_ERROR(Expect(","));
      SLUICE_ASSIGN(auto field, Field());
      fields.push_back(std::move(field));
    }
    Next();
    return arrow::struct_(std::move(fields));
  }

  Result<int> Number() {
    int value = 0;
    const auto [end, error] = std::from_chars(token_.data(), token_.data() + token_.size(), value);
    if (token_.empty() || error != std::errc() || end != token_.data() + token_.size()) return Unexpected();
    Next();
    return value;
  }

  Result<TypePtr> Decimal() {
    int precision = 10;
    int scale = 0;
    if (Is("(")) {
      Next();
      SLUICE_ASSIGN(precision, Number());
      if (Is(",")) {
        Next();
        SLUICE_ASSIGN(scale, Number());
      }
      SLUICE_RETURN_IF_ERROR(Expect(")"));
    }
    if (precision > 38) {
      return UserError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                       fmt::format("A decimal has at most 38 digits, not {}.", precision),
                       {{"precision", std::to_string(precision)}, {"maxPrecision", "38"}});
    }
    if (precision < 1) return NotSupported("A DECIMAL without a digit is not supported.");
    if (scale > precision) {
      return UserError("PARSE_SYNTAX_ERROR",
                       fmt::format("The scale of DECIMAL({},{}) is larger than its precision.", precision, scale));
    }
    return arrow::decimal128(precision, scale);
  }

  const std::string text_;
  size_t position_ = 0;
  std::string token_;
  bool quoted_ = false;
  int depth_ = 0;
};

bool StartsWithStruct(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string::npos && Lower(std::string_view(text).substr(begin, 6)) == "struct" &&
         text.find_first_not_of(" \t\r\n", begin + 6) != std::string::npos &&
         text[text.find_first_not_of(" \t\r\n", begin + 6)] == '<';
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ParseSparkType(const std::string& text) {
  return TypeParser(text).WholeType();
}

Result<std::shared_ptr<arrow::Schema>> ParseSparkSchema(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string::npos && text[begin] == '{') return SchemaFromSparkJson(text);
  if (StartsWithStruct(text)) {
    auto type = TypeParser(text).WholeType();
    if (type.ok()) return arrow::schema((*type)->fields());
  }
  return TypeParser(text).WholeSchema();
}

}  // namespace sluice
