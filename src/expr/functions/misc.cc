// SPDX-License-Identifier: Apache-2.0
// typeof and uuid.
#include <arrow/api.h>
#include <fmt/format.h>
#include <openssl/rand.h>

#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Result<ArrayPtr> Typeof(const KernelCall& call) {
  ViewWriter writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  const std::string name = SparkSimpleString(*call.args[0]->type());
  for (int64_t row = 0; row < call.rows; ++row) SLUICE_RETURN_IF_ERROR(writer.Set(row, name));
  return writer.Finish(StringType());
}

// Version 4: random in each row and run.
Result<ArrayPtr> Uuid(const KernelCall& call) {
  ViewWriter writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (int64_t row = 0; row < call.rows; ++row) {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) return EnvironmentError("", "The system gives no random numbers.");
    bytes[6] = (bytes[6] & 0x0F) | 0x40;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    std::string text;
    for (int i = 0; i < 16; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
      text += fmt::format("{:02x}", bytes[i]);
    }
    SLUICE_RETURN_IF_ERROR(writer.Set(row, text));
  }
  return writer.Finish(StringType());
}

}  // namespace

void AddMisc(FunctionTable* table) {
  table->push_back(Function("typeof", "typeof(a)", "The type's name.", "typeof(1)", "3.0.0",
                            {.args = {Arg::kAny}, .type = StringType(), .kernel = Typeof, .nulls = Nulls::kNever}));
  table->push_back(Function("uuid", "uuid()", "A random UUID, another one in each row and run.", "uuid()", "2.3.0",
                            {.type = StringType(), .kernel = Uuid, .nulls = Nulls::kNever, .deterministic = false}));
}

}  // namespace sluice
