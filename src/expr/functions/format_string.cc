// SPDX-License-Identifier: Apache-2.0
// format_string and printf (java.util.Formatter's conversions d s f e x o c b and %).
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "expr/case_mapping.h"
#include "expr/cast.h"
#include "expr/characters.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/number_text.h"
#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

// %[flags][width][.precision]conversion
struct Directive {
  std::string flags;
  int width = 0;
  int precision = -1;
  char conversion = 0;
  bool Has(char flag) const { return flags.find(flag) != std::string::npos; }
};

struct Piece {
  std::string text;
  Directive directive;  // of the argument behind the text; conversion 0: none
};

Status BadFormat(std::string_view format, const std::string& why) {
  return UserError("INVALID_PARAMETER_VALUE.PATTERN", fmt::format("The format '{}' cannot be used: {}.", format, why));
}

Result<std::vector<Piece>> ParseFormat(std::string_view format) {
  std::vector<Piece> pieces(1);
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      pieces.back().text += format[i];
      continue;
    }
    Directive directive;
    for (++i; i < format.size() && std::string_view("-#+ 0,(").find(format[i]) != std::string_view::npos; ++i)
      directive.flags += format[i];
    const auto number = [&](int* to) {
      for (*to = 0; i < format.size() && format[i] >= '0' && format[i] <= '9'; ++i)
        *to = std::min(*to, INT32_MAX / 10 - 1) * 10 + (format[i] - '0');
    };
    number(&directive.width);
    if (i < format.size() && format[i] == '$')
      return NotSupported("Numbered arguments (%1$s) of format_string are not supported.");
    if (i < format.size() && format[i] == '.') {
      ++i;
      number(&directive.precision);
    }
    if (i >= format.size()) return BadFormat(format, "it ends inside of a directive");
    directive.conversion = format[i];
    if (directive.conversion == 'n' || directive.conversion == '%') {
      pieces.back().text += directive.conversion == 'n' ? '\n' : '%';
      continue;
    }
    if (std::string_view("dsSfexXocb").find(directive.conversion) == std::string_view::npos) {
      return BadFormat(format, fmt::format("there is no conversion '{}'", directive.conversion));
    }
    pieces.back().directive = directive;
    pieces.emplace_back();
  }
  return pieces;
}

// 1234567.5 as 1,234,567.5
std::string WithCommas(const std::string& number) {
  const size_t end = std::min(number.find('.'), number.size());
  const size_t begin = number[0] == '-' ? 1 : 0;
  std::string text = number;
  for (size_t at = end; at > begin + 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string Padded(const Directive& directive, std::string text, bool number) {
  const int64_t missing = directive.width - CountCharacters(text);
  if (missing <= 0) return text;
  const auto fill = static_cast<size_t>(missing);
  if (directive.Has('-')) return text + std::string(fill, ' ');
  if (number && directive.Has('0')) return text.insert(text[0] == '-' || text[0] == '+' ? 1 : 0, fill, '0');
  return std::string(fill, ' ') + text;
}

std::string SignedNumber(const Directive& directive, std::string text) {
  if (directive.Has(',')) text = WithCommas(text);
  if (text[0] != '-' && directive.Has('+')) text.insert(0, 1, '+');
  if (text[0] != '-' && directive.Has(' ')) text.insert(0, 1, ' ');
  if (text[0] == '-' && directive.Has('(')) text = "(" + text.substr(1) + ")";
  return Padded(directive, text, true);
}

// Spark hands dates and timestamps over as it holds them: as days and microseconds.
bool IsWholeNumber(const arrow::DataType& type) {
  return IsIntegralType(type) || type.id() == arrow::Type::DATE32 || type.id() == arrow::Type::TIMESTAMP;
}

// The number of a column of whole numbers.
int64_t IntegerAt(const arrow::Array& column, int64_t row) {
  switch (column.type_id()) {
    case arrow::Type::INT8:
      return ColumnReader<int8_t>(column)[row];
    case arrow::Type::INT16:
      return ColumnReader<int16_t>(column)[row];
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return ColumnReader<int32_t>(column)[row];
    default:
      return ColumnReader<int64_t>(column)[row];
  }
}

std::string FloatingText(const Directive& directive, double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  const int precision = directive.precision < 0 ? 6 : directive.precision;
  return directive.conversion == 'f' ? fmt::format("{:.{}f}", value, precision)
                                     : fmt::format("{:.{}e}", value, precision);
}

class Formatter {
 public:
  explicit Formatter(TimeZone zone) : values_(std::move(zone)) {}

  Status Append(const Directive& directive, const arrow::Array& column, int64_t row, std::string* out) {
    const bool integer = IsWholeNumber(*column.type());
    const bool floating = arrow::is_floating(column.type_id());
    switch (directive.conversion) {
      case 'd':
        if (column.IsNull(row)) break;
        if (!integer) return Mismatch(directive, column);
        *out += SignedNumber(directive, std::to_string(IntegerAt(column, row)));
        return Status::OK();
      case 'x':
      case 'X':
      case 'o':
        return AppendRadix(directive, column, row, out);
      case 'f':
      case 'e': {
        if (column.IsNull(row)) break;
        if (!floating && column.type_id() != arrow::Type::DECIMAL128) return Mismatch(directive, column);
        std::string text;
        SLUICE_RETURN_IF_ERROR(values_.Append(column, row, &text));
        const double value = *ParseDouble(text);
        const std::string shown = FloatingText(directive, value);
        // NaN and the infinities take no sign but their own, no commas and no zeros.
        *out += std::isfinite(value) ? SignedNumber(directive, shown) : Padded(directive, shown, false);
        return Status::OK();
      }
      case 'c': {
        if (column.IsNull(row)) break;
        if (!integer) return Mismatch(directive, column);
        std::string text;
        AppendCodePoint(static_cast<uint32_t>(IntegerAt(column, row)), &text);
        *out += Padded(directive, text, false);
        return Status::OK();
      }
      case 'b': {
        const bool truth =
            column.IsValid(row) && (column.type_id() != arrow::Type::BOOL || ColumnReader<bool>(column)[row]);
        *out += Padded(directive, truth ? "true" : "false", false);
        return Status::OK();
      }
      default:
        break;
    }
    return AppendText(directive, column, row, out);
  }

 private:
  static Status Mismatch(const Directive& directive, const arrow::Array& column) {
    return UserError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                     fmt::format("%{} cannot print a {}.", directive.conversion, SparkTypeName(*column.type())));
  }

  Status AppendRadix(const Directive& directive, const arrow::Array& column, int64_t row, std::string* out) {
    if (column.IsNull(row)) return AppendText(directive, column, row, out);
    if (!IsWholeNumber(*column.type())) return Mismatch(directive, column);
    auto bits = static_cast<uint64_t>(IntegerAt(column, row));
    const int width = column.type()->byte_width() * 8;
    if (width < 64) bits &= (uint64_t{1} << width) - 1;
    const std::string text = directive.conversion == 'o'   ? fmt::format("{:o}", bits)
                             : directive.conversion == 'x' ? fmt::format("{:x}", bits)
                                                           : fmt::format("{:X}", bits);
    *out += Padded(directive, text, true);
    return Status::OK();
  }

  // A value as Java prints what Spark holds for it.
  Status AppendHeld(const arrow::Array& column, int64_t row, std::string* out) {
    if (column.IsNull(row)) {
      *out += "null";
      return Status::OK();
    }
    switch (column.type_id()) {
      case arrow::Type::DATE32:
      case arrow::Type::TIMESTAMP:
        *out += std::to_string(IntegerAt(column, row));
        return Status::OK();
      case arrow::Type::STRUCT: {
        const auto& fields = static_cast<const arrow::StructArray&>(column).fields();
        *out += '[';
        for (size_t i = 0; i < fields.size(); ++i) {
          if (i > 0) *out += ',';
          SLUICE_RETURN_IF_ERROR(AppendHeld(*fields[i], row, out));
        }
        *out += ']';
        return Status::OK();
      }
      case arrow::Type::LIST: {
        const auto& list = static_cast<const arrow::ListArray&>(column);
        return AppendElements(*list.values(), list.value_offset(row), list.value_offset(row + 1), out);
      }
      case arrow::Type::MAP: {
        const auto& map = static_cast<const arrow::MapArray&>(column);
        *out += "keys: ";
        SLUICE_RETURN_IF_ERROR(AppendElements(*map.keys(), map.value_offset(row), map.value_offset(row + 1), out));
        *out += ", values: ";
        return AppendElements(*map.items(), map.value_offset(row), map.value_offset(row + 1), out);
      }
      default:
        return values_.Append(column, row, out);
    }
  }

  Status AppendElements(const arrow::Array& elements, int64_t begin, int64_t end, std::string* out) {
    *out += '[';
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) *out += ',';
      SLUICE_RETURN_IF_ERROR(AppendHeld(elements, i, out));
    }
    *out += ']';
    return Status::OK();
  }

  Status AppendText(const Directive& directive, const arrow::Array& column, int64_t row, std::string* out) {
    std::string text;
    SLUICE_RETURN_IF_ERROR(AppendHeld(column, row, &text));
    if (directive.precision >= 0) text = std::string(Characters(text, 0, directive.precision));
    if (directive.conversion == 'S') {
      std::string upper;
      AppendUpper(text, &upper);
      text = upper;
    }
    *out += Padded(directive, text, false);
    return Status::OK();
  }

  ValueFormatter values_;
};

Result<ArrayPtr> FormatString(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  Formatter formatter(std::move(zone));
  ViewWriter writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({call.args[0]}));
  const ColumnReader<std::string_view> formats(*call.args[0]);
  std::string last;
  std::vector<Piece> pieces;
  std::string text;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    if (pieces.empty() || last != formats[row]) {
      last = formats[row];
      SLUICE_ASSIGN(pieces, ParseFormat(last));
    }
    text.clear();
    size_t arg = 1;
    for (const Piece& piece : pieces) {
      text += piece.text;
      if (piece.directive.conversion == 0) continue;
      if (arg >= call.args.size()) return WithRow(BadFormat(last, "it wants more arguments than there are"), row);
      const int64_t size = static_cast<int64_t>(text.size()) + piece.directive.width;
      Status status = CheckValueSize(call.context, size + std::max(piece.directive.precision, 0));
      if (status.ok()) status = formatter.Append(piece.directive, *call.args[arg++], row, &text);
      if (!status.ok()) return WithRow(status, row);
    }
    const Status set = writer.Set(row, text);
    if (!set.ok()) return WithRow(set, row);
  }
  return writer.Finish(call.node.type());
}

}  // namespace

void AddFormatting(FunctionTable* table) {
  for (const char* name : {"format_string", "printf"}) {
    table->push_back(
        {name, "format_string(format, a, b, ...)",
         "A text by a format of java.util.Formatter (conversions d s f e x o c b).",
         "format_string('Hello World %d %s', 100, 'days')", "1.5.0",
         [name](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
           SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 1, -1));
           SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kString, options.ansi));
           const bool nullable = args[0]->nullable();
           return std::make_shared<FunctionExpr>(
               FunctionTraits{
                   .name = name, .kernel = FormatString, .ansi = options.ansi, .java_text = true, .order = Order::kAll},
               StringType(), nullable, std::move(args));
         }});
  }
}

}  // namespace sluice
