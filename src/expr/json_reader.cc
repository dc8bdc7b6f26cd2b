// SPDX-License-Identifier: Apache-2.0
#include "expr/json_reader.h"

#include <arrow/api.h>

#include <cmath>
#include <limits>
#include <unordered_map>

#include "expr/base64.h"
#include "expr/json_generator.h"
#include "types/calendar.h"
#include "types/number_text.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

struct IntegerRange {
  int64_t min;
  int64_t max;
};

// What fits into a whole number's type. Jackson takes 128 to 255 for bytes too, and they become negative.
IntegerRange RangeOf(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::INT8:
      return {-128, 255};
    case arrow::Type::INT16:
      return {INT16_MIN, INT16_MAX};
    case arrow::Type::INT32:
      return {INT32_MIN, INT32_MAX};
    default:
      return {INT64_MIN, INT64_MAX};
  }
}

// Whether a text is Base64 with all its padding; blanks may stand between its groups of four.
bool IsWholeBase64(std::string_view text) {
  int in_group = 0;
  for (const char c : text) {
    if (in_group == 0 && static_cast<unsigned char>(c) <= ' ') continue;
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/';
    if (!letter && (c != '=' || in_group < 2)) return false;
    in_group = (in_group + 1) % 4;
  }
  return in_group == 0;
}

}  // namespace

// A type, compiled.
struct JsonReader::Node {
  arrow::Type::type id;
  const arrow::DataType* type;
  bool zoned = false;  // TIMESTAMP, and not TIMESTAMP_NTZ
  std::vector<Node> children;
  std::vector<std::string> names;
  std::unordered_map<std::string_view, size_t> fields;

  explicit Node(const arrow::DataType& data_type) : id(data_type.id()), type(&data_type) {
    if (id == arrow::Type::TIMESTAMP) zoned = data_type.Equals(TimestampType());
    if (id == arrow::Type::MAP) {
      children.emplace_back(*static_cast<const arrow::MapType&>(data_type).item_type());
      return;
    }
    children.reserve(static_cast<size_t>(data_type.num_fields()));
    for (const auto& field : data_type.fields()) {
      children.emplace_back(*field->type());
      names.push_back(field->name());
    }
    // Of fields with the same name the last one is filled.
    for (size_t i = 0; i < names.size(); ++i) fields[names[i]] = i;
  }

  // `hint`: where the name is looked for first.
  std::optional<size_t> Find(std::string_view name, size_t hint) const {
    if (hint < names.size() && names[hint] == name && fields.size() == names.size()) return hint;
    const auto found = fields.find(name);
    return found == fields.end() ? std::nullopt : std::optional<size_t>(found->second);
  }
};

JsonReader::JsonReader(const arrow::DataType& type, const JsonOptions& options, DatetimeFormats formats,
                       int64_t most_bytes)
    : root_(std::make_unique<Node>(type)),
      formats_(std::move(formats)),
      words_(options.syntax.non_numeric_numbers),
      exact_strings_(options.exact_strings),
      most_bytes_(most_bytes),
      tokenizer_(options.syntax) {}

JsonReader::~JsonReader() = default;

std::string_view JsonReader::Keep(std::string_view text) {
  if (kept_used_ == kept_.size()) kept_.emplace_back();
  std::string& kept = kept_[kept_used_++];
  kept.assign(text);
  return kept;
}

bool JsonReader::HasRoom() {
  // Vectors that grow hold up to twice what they need.
  const auto bytes = static_cast<int64_t>(2 * sizeof(ReadValue) * (values_.size() + pending_.size()));
  if (bytes > most_bytes_) too_large_ = bytes;
  return too_large_ == 0;
}

void JsonReader::TakePending(size_t begin, ReadValue* out) {
  out->kind = ReadValue::kSet;
  out->size = static_cast<uint32_t>(pending_.size() - begin);
  out->first = values_.Add(out->size);
  for (size_t i = 0; i < out->size; ++i) values_[out->first + i] = pending_[begin + i];
  pending_.resize(begin);
}

RecordOutcome JsonReader::Read(std::string_view text) {
  if (!IsUtf8(text)) {
    repaired_.clear();
    AppendRepaired(text, &repaired_);
    text = repaired_;
  }
  tokenizer_.Reset(text);
  values_.Clear();
  pending_.clear();
  kept_used_ = 0;
  value_ = {};
  cause_ = {};
  too_large_ = 0;
  const RecordOutcome outcome = ReadRoot();
  return too_large_ > 0 ? RecordOutcome::kMalformed : outcome;
}

RecordOutcome JsonReader::ReadRoot() {
  if (!tokenizer_.Next()) return RecordOutcome::kMalformed;
  const JsonToken token = tokenizer_.token();
  if (token == JsonToken::kNone) return RecordOutcome::kAbsent;
  Outcome outcome = Outcome::kBad;
  if (token == JsonToken::kObjectStart && root_->id == arrow::Type::STRUCT) {
    outcome = ConvertObject(*root_, &value_);
  } else if (token == JsonToken::kObjectStart && root_->id == arrow::Type::MAP) {
    outcome = ConvertMap(*root_, &value_);
  } else if (token == JsonToken::kArrayStart && root_->id == arrow::Type::LIST) {
    outcome = ConvertArray(*root_, &value_);
  } else if (token == JsonToken::kObjectStart && root_->id == arrow::Type::LIST &&
             root_->children[0].id == arrow::Type::STRUCT) {
    // One object stands for an array of one.
    ReadValue element;
    outcome = ConvertObject(root_->children[0], &element);
    if (outcome != Outcome::kBad) {
      pending_.push_back(element);
      TakePending(0, &value_);
    }
  } else if (token == JsonToken::kArrayStart && root_->id == arrow::Type::STRUCT) {
    cause_ = "CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS";
  }
  return outcome == Outcome::kGood      ? RecordOutcome::kGood
         : outcome == Outcome::kPartial ? RecordOutcome::kPartial
                                        : RecordOutcome::kMalformed;
}

JsonReader::Outcome JsonReader::Convert(const Node& node, ReadValue* out) {
  *out = {};
  while (tokenizer_.token() == JsonToken::kName) {
    if (!tokenizer_.Next()) return Outcome::kBad;
  }
  const JsonToken token = tokenizer_.token();
  if (token == JsonToken::kNone || token == JsonToken::kNull) return Outcome::kGood;
  switch (node.id) {
    case arrow::Type::STRUCT:
      return token == JsonToken::kObjectStart ? ConvertObject(node, out) : Outcome::kBad;
    case arrow::Type::LIST:
      return token == JsonToken::kArrayStart ? ConvertArray(node, out) : Outcome::kBad;
    case arrow::Type::MAP:
      return token == JsonToken::kObjectStart ? ConvertMap(node, out) : Outcome::kBad;
    default:
      return ConvertScalar(node, out);
  }
}

JsonReader::Outcome JsonReader::ConvertObject(const Node& node, ReadValue* out) {
  if (!HasRoom()) return Outcome::kBad;
  ReadValue object;
  object.kind = ReadValue::kSet;
  object.size = static_cast<uint32_t>(node.children.size());
  object.first = values_.Add(node.children.size());
  bool whole = true;
  size_t next = 0;
  for (;;) {
    if (!tokenizer_.Next()) return Outcome::kBad;
    if (tokenizer_.token() == JsonToken::kNone || tokenizer_.token() == JsonToken::kObjectEnd) break;
    const auto name = tokenizer_.name();
    const auto field = name ? node.Find(*name, next) : std::nullopt;
    if (!field) {
      if (!tokenizer_.SkipChildren()) return Outcome::kBad;
      continue;
    }
    next = *field + 1;
    ReadValue value;
    const Outcome outcome = Convert(node.children[*field], &value);
    whole = whole && outcome == Outcome::kGood;
    if (outcome == Outcome::kBad) {
      if (!tokenizer_.SkipChildren()) return Outcome::kBad;
    } else {
      values_[object.first + *field] = value;
    }
  }
  *out = object;
  return whole ? Outcome::kGood : Outcome::kPartial;
}

// An element that is bad as a whole makes the array bad.
JsonReader::Outcome JsonReader::ConvertArray(const Node& node, ReadValue* out) {
  const size_t begin = pending_.size();
  bool whole = true;
  for (;;) {
    Outcome outcome = Outcome::kBad;
    ReadValue element;
    if (tokenizer_.Next()) {
      if (tokenizer_.token() == JsonToken::kNone || tokenizer_.token() == JsonToken::kArrayEnd) break;
      outcome = Convert(node.children[0], &element);
    }
    if (outcome == Outcome::kBad || !HasRoom()) {
      pending_.resize(begin);
      return Outcome::kBad;
    }
    whole = whole && outcome == Outcome::kGood;
    pending_.push_back(element);
  }
  TakePending(begin, out);
  return whole ? Outcome::kGood : Outcome::kPartial;
}

// The map is read to its end, and is bad if one of its values is.
JsonReader::Outcome JsonReader::ConvertMap(const Node& node, ReadValue* out) {
  const size_t begin = pending_.size();
  bool whole = true;
  bool bad = false;
  for (;;) {
    if (!tokenizer_.Next()) {
      pending_.resize(begin);
      return Outcome::kBad;
    }
    if (tokenizer_.token() == JsonToken::kNone || tokenizer_.token() == JsonToken::kObjectEnd) break;
    ReadValue key;
    key.kind = ReadValue::kSet;
    key.text = tokenizer_.name().value_or(std::string_view());
    ReadValue item;
    const Outcome outcome = Convert(node.children[0], &item);
    whole = whole && outcome == Outcome::kGood;
    if (outcome == Outcome::kBad) {
      bad = true;
      if (!tokenizer_.SkipChildren()) {
        pending_.resize(begin);
        return Outcome::kBad;
      }
      continue;
    }
    if (!HasRoom()) bad = true;
    if (bad) continue;
    pending_.push_back(key);
    pending_.push_back(item);
  }
  if (bad) {
    pending_.resize(begin);
    return Outcome::kBad;
  }
  TakePending(begin, out);
  return whole ? Outcome::kGood : Outcome::kPartial;
}

JsonReader::Outcome JsonReader::ConvertScalar(const Node& node, ReadValue* out) {
  const JsonToken token = tokenizer_.token();
  if (node.id == arrow::Type::STRING_VIEW) return ConvertToString(out);
  if (node.id == arrow::Type::NA) return Outcome::kGood;
  if (node.id == arrow::Type::BOOL) {
    if (token != JsonToken::kTrue && token != JsonToken::kFalse) return Outcome::kBad;
    out->kind = ReadValue::kSet;
    out->integer = token == JsonToken::kTrue;
    return Outcome::kGood;
  }
  if (token == JsonToken::kInteger || token == JsonToken::kFloat) return ConvertNumber(node, out);
  if (token != JsonToken::kString) return Outcome::kBad;
  std::string_view text;
  if (!tokenizer_.Text(&text)) return Outcome::kBad;
  // Only binaries may be empty.
  if (text.empty() && node.id != arrow::Type::BINARY_VIEW) return Outcome::kBad;
  return ConvertText(node, text, out);
}

JsonReader::Outcome JsonReader::ConvertNumber(const Node& node, ReadValue* out) {
  std::string_view text;
  if (!tokenizer_.Text(&text)) return Outcome::kBad;
  const bool whole = tokenizer_.token() == JsonToken::kInteger;
  const auto take = [out](const auto& value, auto* to) {
    if (!value) return Outcome::kBad;
    out->kind = ReadValue::kSet;
    *to = *value;
    return Outcome::kGood;
  };
  switch (node.id) {
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64: {
      const IntegerRange range = RangeOf(node.id);
      return whole ? take(ReadJavaInteger(text, range.min, range.max), &out->integer) : Outcome::kBad;
    }
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE: {
      const auto value = node.id == arrow::Type::FLOAT ? std::optional<double>(ParseFloat(text)) : ParseDouble(text);
      const Outcome outcome = take(value, &out->real);
      if (whole && out->real == 0) out->real = 0;  // a whole -0 has no sign
      return outcome;
    }
    case arrow::Type::DECIMAL128:
      return tokenizer_.is_word() ? Outcome::kBad : take(ReadDecimal(text, *node.type), &out->decimal);
    case arrow::Type::TIMESTAMP: {
      const auto seconds = whole && node.zoned ? ReadJavaInteger(text, INT64_MIN, INT64_MAX) : std::optional<int64_t>();
      const Outcome outcome = take(seconds, &out->integer);
      // Wraps, as in Spark.
      out->integer = static_cast<int64_t>(static_cast<uint64_t>(out->integer) * uint64_t{kMicrosPerSecond});
      return outcome;
    }
    default:
      return Outcome::kBad;
  }
}

// The numbers that JSON has no numbers for, in quotes.
JsonReader::Outcome JsonReader::ConvertWord(std::string_view text, ReadValue* out) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool plus = text == "+INF" || text == "+Infinity" || text == "Infinity";
  const bool minus = text == "-INF" || text == "-Infinity";
  if (!words_ || (!plus && !minus && text != "NaN")) {
    if (cause_.empty()) cause_ = "CANNOT_PARSE_STRING_AS_DATATYPE";
    return Outcome::kBad;
  }
  out->kind = ReadValue::kSet;
  out->real = plus ? kInfinity : minus ? -kInfinity : std::numeric_limits<double>::quiet_NaN();
  return Outcome::kGood;
}

JsonReader::Outcome JsonReader::ConvertText(const Node& node, std::string_view text, ReadValue* out) {
  std::optional<int64_t> integer;
  switch (node.id) {
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return ConvertWord(text, out);
    case arrow::Type::BINARY_VIEW: {
      const auto bytes = IsWholeBase64(text) ? DecodeBase64(text) : std::nullopt;
      if (!bytes) return Outcome::kBad;
      out->text = Keep(*bytes);
      break;
    }
    case arrow::Type::DECIMAL128: {
      const auto value = ReadDecimal(text, *node.type);
      if (!value) return Outcome::kBad;
      out->decimal = *value;
      break;
    }
    case arrow::Type::DATE32:
      integer = ReadDate(text, &formats_);
      // Spark 1.5 wrote days since 1970.
      if (!integer && formats_.date_falls_back) integer = ReadJavaInteger(text, INT32_MIN, INT32_MAX);
      if (!integer) return Outcome::kBad;
      break;
    case arrow::Type::TIMESTAMP:
      integer = node.zoned ? ReadTimestamp(text, &formats_) : ReadTimestampNtz(text, &formats_);
      if (!integer) return Outcome::kBad;
      break;
    default:
      return Outcome::kBad;
  }
  out->kind = ReadValue::kSet;
  if (integer) out->integer = *integer;
  return Outcome::kGood;
}

// Anything but a string is written out as JSON, or stays as it is.
JsonReader::Outcome JsonReader::ConvertToString(ReadValue* out) {
  if (tokenizer_.token() == JsonToken::kString) {
    if (!tokenizer_.Text(&out->text)) return Outcome::kBad;
    if (tokenizer_.has_lone_surrogate()) out->text = Keep(WithoutHalves(out->text));
  } else if (exact_strings_) {
    const size_t begin = tokenizer_.value_begin();
    if (!tokenizer_.SkipChildren()) return Outcome::kBad;
    out->text = tokenizer_.TextFrom(begin);
  } else {
    copied_.clear();
    JsonGenerator generator(&copied_, true);
    if (!generator.Copy(&tokenizer_)) return Outcome::kBad;
    out->text = Keep(copied_);
  }
  out->kind = ReadValue::kSet;
  return Outcome::kGood;
}

}  // namespace sluice
