// SPDX-License-Identifier: Apache-2.0
// concat (also ||) and concat_ws.
#include <arrow/api.h>

#include <algorithm>

#include "expr/gather.h"
#include "expr/map_rows.h"
#include "expr/result_pool.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Result<ArrayPtr> ConcatStrings(const KernelCall& call) {
  ViewWriter writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  std::vector<ColumnReader<std::string_view>> readers;
  for (const auto& arg : call.args) readers.emplace_back(*arg);
  ValueText text(call.context);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    text.Clear();
    Status status;
    for (size_t i = 0; i < readers.size() && status.ok(); ++i) status = text.Append(readers[i][row]);
    if (!status.ok()) return WithRow(status, row);
    SLUICE_RETURN_IF_ERROR(writer.Set(row, text.text()));
  }
  return writer.Finish(call.node.type());
}

// The entries of all lists of a row, one after another.
Result<ArrayPtr> ConcatArrays(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  arrow::ArrayVector values;
  std::vector<int64_t> bases;
  int64_t base = 0;
  for (const auto& arg : call.args) {
    values.push_back(arrow::MakeArray(arg->data()->child_data[0]));
    bases.push_back(base);
    base += values.back()->length();
  }
  std::vector<int64_t> picked;
  int64_t elements = 0;
  for (int64_t row = 0; row < call.rows; ++row) {
    int64_t of_row = 0;
    for (size_t i = 0; i < call.args.size() && !validity.IsNull(row); ++i)
      of_row += static_cast<const arrow::ListArray&>(*call.args[i]).value_length(row);
    const Status fits = CheckListSize(call.context, of_row);
    if (!fits.ok()) return WithRow(fits, row);
    elements += of_row;
  }
  SLUICE_RETURN_IF_ERROR(CheckElements(PoolOf(call.context), elements));
  picked.reserve(static_cast<size_t>(elements));
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> offsets,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* out = reinterpret_cast<int32_t*>(offsets->mutable_data());
  out[0] = 0;
  for (int64_t row = 0; row < call.rows; ++row) {
    for (size_t i = 0; i < call.args.size() && !validity.IsNull(row); ++i) {
      const auto& list = static_cast<const arrow::ListArray&>(*call.args[i]);
      for (int64_t e = list.value_offset(row); e < list.value_offset(row + 1); ++e) picked.push_back(bases[i] + e);
    }
    out[row + 1] = static_cast<int32_t>(picked.size());
  }
  SLUICE_ASSIGN(auto all, arrow::Concatenate(values, PoolOf(call.context)));
  SLUICE_ASSIGN(auto taken, TakeRows(all, picked, PoolOf(call.context)));
  auto data = arrow::ArrayData::Make(call.node.type(), call.rows, {validity.buffer(), std::move(offsets)});
  data->child_data = {taken->data()};
  return arrow::MakeArray(std::move(data));
}

Result<ExprPtr> ResolveConcat(std::vector<ExprPtr> args, const ResolveOptions& options) {
  const auto is = [&](arrow::Type::type id) {
    return !args.empty() &&
           std::all_of(args.begin(), args.end(), [id](const ExprPtr& arg) { return arg->type()->id() == id; });
  };
  const bool some_list =
      std::any_of(args.begin(), args.end(), [](const ExprPtr& arg) { return arg->type()->id() == arrow::Type::LIST; });
  const bool plain = std::all_of(args.begin(), args.end(), [](const ExprPtr& arg) {
    return arg->type()->num_fields() == 0 || arg->type()->id() == arrow::Type::LIST;
  });
  if (some_list && plain && !is(arrow::Type::LIST)) {
    return UserError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", "concat cannot put arrays and other values together.",
                     {{"functionName", "`concat`"}});
  }
  Kernel kernel = ConcatStrings;
  TypePtr type = is(arrow::Type::BINARY_VIEW) ? BinaryType() : StringType();
  if (is(arrow::Type::LIST)) {
    kernel = ConcatArrays;
    SLUICE_ASSIGN(args, CastToCommonType("concat", std::move(args), options.ansi));
    type = args[0]->type();
  } else {
    for (size_t i = 0; i < args.size(); ++i) {
      SLUICE_ASSIGN(args[i], type->Equals(BinaryType())
                                 ? Result<ExprPtr>(args[i])
                                 : CoerceArgument("concat", i, args[i], Arg::kString, options.ansi));
    }
  }
  const bool nullable = std::any_of(args.begin(), args.end(), [](const ExprPtr& arg) { return arg->nullable(); });
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "concat", .kernel = kernel, .ansi = options.ansi, .order = Order::kAll}, type, nullable,
      std::move(args));
}

Status AppendWithSeparator(std::string_view piece, std::string_view separator, bool* first, ValueText* text) {
  if (!*first) SLUICE_RETURN_IF_ERROR(text->Append(separator));
  *first = false;
  return text->Append(piece);
}

// What concat_ws makes of one row.
Status JoinRow(const KernelCall& call, int64_t row, std::string_view separator, ValueText* text) {
  bool first = true;
  for (size_t i = 1; i < call.args.size(); ++i) {
    const arrow::Array& arg = *call.args[i];
    if (arg.IsNull(row)) continue;
    if (arg.type_id() != arrow::Type::LIST) {
      const std::string_view piece = static_cast<const arrow::StringViewArray&>(arg).GetView(row);
      SLUICE_RETURN_IF_ERROR(AppendWithSeparator(piece, separator, &first, text));
      continue;
    }
    const auto& list = static_cast<const arrow::ListArray&>(arg);
    const auto& values = static_cast<const arrow::StringViewArray&>(*list.values());
    for (int64_t e = list.value_offset(row); e < list.value_offset(row + 1); ++e) {
      if (values.IsNull(e)) continue;
      SLUICE_RETURN_IF_ERROR(AppendWithSeparator(values.GetView(e), separator, &first, text));
    }
  }
  return Status::OK();
}

// NULL arguments and elements are skipped; only a NULL separator gives NULL.
Result<ArrayPtr> ConcatWithSeparator(const KernelCall& call) {
  ViewWriter writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({call.args[0]}));
  const ColumnReader<std::string_view> separators(*call.args[0]);
  ValueText text(call.context);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    text.Clear();
    const Status joined = JoinRow(call, row, separators[row], &text);
    if (!joined.ok()) return WithRow(joined, row);
    SLUICE_RETURN_IF_ERROR(writer.Set(row, text.text()));
  }
  return writer.Finish(call.node.type());
}

Result<ExprPtr> ResolveConcatWs(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("concat_ws", args.size(), 1, -1));
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0 && args[i]->type()->id() == arrow::Type::LIST) {
      SLUICE_ASSIGN(args[i], MakeImplicitCast(args[i], ArrayType(StringType()), options.ansi));
    } else {
      SLUICE_ASSIGN(args[i], CoerceArgument("concat_ws", i, args[i], Arg::kString, options.ansi));
    }
  }
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "concat_ws", .kernel = ConcatWithSeparator, .ansi = options.ansi, .order = Order::kAll},
      StringType(), nullable, std::move(args));
}

}  // namespace

void AddConcat(FunctionTable* table) {
  table->push_back({"concat", "concat(a, b, ...)", "Strings, binaries or arrays put together; NULL when one is.",
                    "concat('a', 'b')", "1.5.0", ResolveConcat});
  table->push_back({"||", "a || b", "Both put together; NULL when one is.", "'a' || 'b'", "2.3.0", ResolveConcat});
  table->push_back({"concat_ws", "concat_ws(separator, a, b, ...)",
                    "Strings and elements of arrays with a separator in between; NULLs are skipped.",
                    "concat_ws('-', 'a', 'b')", "1.5.0", ResolveConcatWs});
}

}  // namespace sluice
