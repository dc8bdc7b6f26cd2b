// SPDX-License-Identifier: Apache-2.0
// rand, randn, uniform, randstr: the numbers that Spark makes of a seed; and the numbers of tasks and their rows.
#include <arrow/api.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <mutex>
#include <random>

#include "expr/foldable.h"
#include "expr/functions/renamed.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

uint32_t Rotated(uint32_t value, int bits) {
  return value << bits | value >> (32 - bits);
}

// Murmur3 of the eight bytes of a seed, the highest first.
uint32_t HashOfSeed(uint64_t seed, uint32_t hash) {
  for (const int shift : {32, 0}) {
    uint32_t word = __builtin_bswap32(static_cast<uint32_t>(seed >> shift));
    word = Rotated(word * 0xcc9e2d51u, 15) * 0x1b873593u;
    hash = Rotated(hash ^ word, 13) * 5 + 0xe6546b64u;
  }
  hash ^= 8;
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

// Marsaglia's xorshift, as Spark begins and cuts it.
class Generator {
 public:
  explicit Generator(uint64_t seed) {
    constexpr uint32_t kArraySeed = 0x3c074a61;
    const uint32_t low = HashOfSeed(seed, kArraySeed);
    state_ = uint64_t{HashOfSeed(seed, low)} << 32 | low;
  }
  double NextDouble() {
    const uint64_t high = Next(26);
    return static_cast<double>((high << 27) + Next(27)) * 0x1.0p-53;
  }
  int32_t NextInt() { return static_cast<int32_t>(Next(32)); }
  double NextGaussian() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double a = 0;
    double b = 0;
    double squares = 0;
    do {
      a = 2 * NextDouble() - 1;
      b = 2 * NextDouble() - 1;
      squares = a * a + b * b;
    } while (squares >= 1 || squares == 0);
    const double factor = std::sqrt(-2 * std::log(squares) / squares);
    spare_ = b * factor;
    has_spare_ = true;
    return a * factor;
  }

 private:
  uint64_t Next(int bits) {
    state_ ^= state_ << 21;
    state_ ^= state_ >> 35;
    state_ ^= state_ << 4;
    return state_ & ((uint64_t{1} << bits) - 1);
  }

  uint64_t state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

// The last argument is the seed, a constant that resolving has put there.
uint64_t SeedOf(const FunctionExpr& node) {
  const arrow::Scalar* seed = LiteralArgument(node, node.children().size() - 1);
  return seed == nullptr ? 0 : static_cast<uint64_t>(static_cast<const arrow::Int64Scalar&>(*seed).value);
}

// What a call remembers from slice to slice, for each task of the query: tasks have seeds of their own.
template <typename State>
class RememberingExpr : public FunctionExpr {
 public:
  using FunctionExpr::FunctionExpr;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override {
    return std::make_shared<RememberingExpr>(traits(), type(), nullable(), std::move(children));
  }
  // Calls use(&state) with that of a task, which make() begins.
  template <typename Make, typename Use>
  Status With(uint64_t task, Make make, Use use) const {
    std::lock_guard lock(mutex_);
    auto found = states_.find(task);
    if (found == states_.end()) found = states_.emplace(task, make()).first;
    return use(&found->second);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<uint64_t, State> states_;
};

// Calls draw(generator) for each row, with the generator that goes on from slice to slice.
template <typename T, typename Draw>
Result<ArrayPtr> DrawRows(const KernelCall& call, Draw draw) {
  const auto& node = static_cast<const RememberingExpr<Generator>&>(call.node);
  const uint64_t task = call.context.task_seed;
  WriterOf<T> writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  const auto fill = [&](Generator* generator) -> Status {
    for (int64_t row = 0; row < call.rows; ++row) {
      if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
      const Status status = writer.Set(row, draw(generator));
      if (!status.ok()) return WithRow(status, row);
    }
    return Status::OK();
  };
  SLUICE_RETURN_IF_ERROR(node.With(
      task, [&] { return Generator(SeedOf(call.node) + task); }, fill));
  return writer.Finish(call.node.type());
}

Result<ArrayPtr> Rand(const KernelCall& call) {
  return DrawRows<double>(call, [](Generator* generator) { return generator->NextDouble(); });
}

Result<ArrayPtr> RandN(const KernelCall& call) {
  return DrawRows<double>(call, [](Generator* generator) { return generator->NextGaussian(); });
}

Result<ArrayPtr> RandStr(const KernelCall& call) {
  const arrow::Scalar* given = LiteralArgument(call.node, 0);
  const int32_t length = given == nullptr ? 0 : static_cast<const arrow::Int32Scalar&>(*given).value;
  SLUICE_RETURN_IF_ERROR(CheckValueSize(call.context, length));
  std::string text;
  return DrawRows<std::string_view>(call, [&](Generator* generator) {
    static constexpr char kSigns[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    text.clear();
    for (int32_t i = 0; i < length; ++i) text += kSigns[std::abs(generator->NextInt() % 62)];
    return std::string_view(text);
  });
}

Result<ArrayPtr> PartitionId(const KernelCall& call) {
  return arrow::MakeArrayFromScalar(arrow::Int32Scalar(static_cast<int32_t>(call.context.task_seed)), call.rows,
                                    PoolOf(call.context));
}

// The task's number in the upper 31 bits, the row's in the others.
Result<ArrayPtr> IncreasingId(const KernelCall& call) {
  const auto& node = static_cast<const RememberingExpr<int64_t>&>(call.node);
  ColumnWriter<int64_t> writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  const auto fill = [&](int64_t* next) -> Status {
    for (int64_t row = 0; row < call.rows; ++row) SLUICE_RETURN_IF_ERROR(writer.Set(row, (*next)++));
    return Status::OK();
  };
  const uint64_t task = call.context.task_seed;
  SLUICE_RETURN_IF_ERROR(node.With(
      task, [task] { return static_cast<int64_t>(task << 33); }, fill));
  return writer.Finish(arrow::int64());
}

Result<ExprPtr> ResolveIncreasingId(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("monotonically_increasing_id", args.size(), 0, 0));
  return std::make_shared<RememberingExpr<int64_t>>(
      FunctionTraits{
          .name = "monotonically_increasing_id", .kernel = IncreasingId, .ansi = options.ansi, .deterministic = false},
      arrow::int64(), false, std::move(args));
}

// The argument as a constant of a type.
Result<ExprPtr> Constant(const char* name, const char* argument, const ExprPtr& arg, const TypePtr& type, bool ansi) {
  if (!IsFoldable(*arg)) {
    return UserError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                     fmt::format("The {} of {} must be a constant.", argument, name),
                     {{"inputName", fmt::format("`{}`", argument)},
                      {"inputType", "\"" + SparkTypeName(*type) + "\""},
                      {"inputExpr", "\"" + arg->ToString() + "\""}});
  }
  SLUICE_ASSIGN(ExprPtr cast, MakeImplicitCast(arg, type, ansi));
  SLUICE_ASSIGN(auto value, EvalConstant(cast, EvalContext()));
  return std::make_shared<LiteralExpr>(std::move(value));
}

// Puts the seed last: the one that is given at `place`, or a random one.
Status TakeSeed(const char* name, size_t place, std::vector<ExprPtr>* args, bool ansi) {
  if (args->size() <= place) {
    std::random_device device;
    const uint64_t seed = uint64_t{device()} << 32 | device();
    args->push_back(std::make_shared<LiteralExpr>(std::make_shared<arrow::Int64Scalar>(static_cast<int64_t>(seed))));
    return Status::OK();
  }
  const arrow::DataType& type = *(*args)[place]->type();
  if (!IsIntegralType(type) && type.id() != arrow::Type::NA)
    return UnexpectedInput(name, place, *(*args)[place], "INT or BIGINT");
  SLUICE_ASSIGN((*args)[place], Constant(name, "seed", (*args)[place], arrow::int64(), ansi));
  return Status::OK();
}

ExprPtr Drawn(const char* name, Kernel kernel, TypePtr type, std::vector<ExprPtr> args, bool ansi, Display display) {
  return std::make_shared<RememberingExpr<Generator>>(
      FunctionTraits{.name = name, .kernel = kernel, .display = display, .ansi = ansi, .deterministic = false},
      std::move(type), false, std::move(args));
}

ScalarFunction RandRow(const char* name, const char* signature, const char* doc, const char* example, const char* since,
                       Kernel kernel) {
  return {name,
          signature,
          doc,
          example,
          since,
          [name, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 0, 1));
            const bool given = !args.empty();
            SLUICE_RETURN_IF_ERROR(TakeSeed(name, 0, &args, options.ansi));
            const Display display = given ? Display([](const FunctionExpr& node) {
              return (node.name() == "random" ? "rand(" : node.name() + "(") + JoinArguments(node) + ")";
            })
                                          : Display([](const FunctionExpr& node) { return node.name() + "()"; });
            return Drawn(name, kernel, arrow::float64(), std::move(args), options.ansi, display);
          }};
}

// min + (max - min) * rand(seed), cast to the wider type of both.
Result<ExprPtr> ResolveUniform(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("uniform", args.size(), 2, 3));
  for (size_t i = 0; i < 2; ++i) {
    const arrow::DataType& type = *args[i]->type();
    if (!IsNumericType(type) && type.id() != arrow::Type::NA)
      return UnexpectedInput("uniform", i, *args[i], "integer or floating-point");
    if (!IsFoldable(*args[i])) {
      return UserError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The bounds of uniform must be constants.",
                       {{"inputName", i == 0 ? "`min`" : "`max`"}});
    }
  }
  std::string shown = "uniform(" + args[0]->ToString() + ", " + args[1]->ToString() +
                      (args.size() > 2 ? ", " + args[2]->ToString() : std::string()) + ")";
  const TypePtr type = CommonType(args[0]->type(), args[1]->type(), options.ansi);
  SLUICE_RETURN_IF_ERROR(TakeSeed("uniform", 2, &args, options.ansi));
  const TypePtr wide = arrow::float64();
  SLUICE_ASSIGN(ExprPtr low, MakeImplicitCast(args[0], wide, options.ansi));
  SLUICE_ASSIGN(ExprPtr high, MakeImplicitCast(args[1], wide, options.ansi));
  ExprPtr random = Drawn("rand", Rand, wide, {args[2]}, options.ansi, nullptr);
  SLUICE_ASSIGN(ExprPtr span, ResolveFunction("-", {high, low}, options));
  SLUICE_ASSIGN(ExprPtr share, ResolveFunction("*", {std::move(span), std::move(random)}, options));
  SLUICE_ASSIGN(ExprPtr value, ResolveFunction("+", {low, std::move(share)}, options));
  SLUICE_ASSIGN(value, MakeImplicitCast(std::move(value), type, options.ansi));
  return std::make_shared<RenamedExpr>(std::move(value), std::move(shown), false);
}

Result<ExprPtr> ResolveRandStr(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("randstr", args.size(), 1, 2));
  if (!IsIntegralType(*args[0]->type()) || args[0]->type()->id() == arrow::Type::INT64) {
    return UnexpectedInput("randstr", 0, *args[0], "INT or SMALLINT");
  }
  SLUICE_ASSIGN(args[0], Constant("randstr", "length", args[0], arrow::int32(), options.ansi));
  const arrow::Scalar& length = *static_cast<const LiteralExpr&>(*args[0]).value();
  if (!length.is_valid || static_cast<const arrow::Int32Scalar&>(length).value < 0) {
    return UserError("INVALID_PARAMETER_VALUE.LENGTH", "The length of randstr must not be negative.",
                     {{"parameter", "`length`"}, {"functionName", "`randstr`"}, {"length", length.ToString()}});
  }
  SLUICE_RETURN_IF_ERROR(TakeSeed("randstr", 1, &args, options.ansi));
  return Drawn("randstr", RandStr, StringType(), std::move(args), options.ansi, nullptr);
}

}  // namespace

void AddRandom(FunctionTable* table) {
  for (const char* name : {"rand", "random"}) {
    table->push_back(RandRow(name, "rand([seed])", "A random number, from 0 to below 1.", "rand(0)", "1.5.0", Rand));
  }
  table->push_back(RandRow("randn", "randn([seed])", "A random number of the standard normal distribution.", "randn(0)",
                           "1.5.0", RandN));
  table->push_back({"uniform", "uniform(min, max[, seed])", "A random number between both.", "uniform(10, 20, 0)",
                    "4.0.0", ResolveUniform});
  table->push_back(
      {"randstr", "randstr(length[, seed])", "Random letters and digits.", "randstr(3, 0)", "4.0.0", ResolveRandStr});
  table->push_back(Function("spark_partition_id", "spark_partition_id()", "The number of the task, from 0.",
                            "spark_partition_id()", "1.4.0",
                            {.type = arrow::int32(),
                             .kernel = PartitionId,
                             .nulls = Nulls::kNever,
                             .display = [](const FunctionExpr&) { return std::string("SPARK_PARTITION_ID()"); },
                             .deterministic = false}));
  table->push_back({"monotonically_increasing_id", "monotonically_increasing_id()",
                    "A number that grows from row to row, and is another one in each.", "monotonically_increasing_id()",
                    "1.4.0", ResolveIncreasingId});
}

}  // namespace sluice
