// SPDX-License-Identifier: Apache-2.0
#include <arrow/record_batch.h>

#include "base/spark_error.h"
#include "connectors/rate/rate_micro_batch_source.h"
#include "connectors/rate/rate_rows.h"
#include "connectors/rate/rate_source.h"
#include "connectors/registry.h"

namespace sluice {
namespace {

Status StreamsOnly(bool streaming, const char* format) {
  if (streaming) return Status::OK();
  return UserError("DATA_SOURCE_NOT_FOUND", std::string(format) + " can be read as a stream only (readStream).");
}

Result<std::shared_ptr<arrow::Schema>> RateSchemaOf(const SourceContext& context, bool streaming) {
  SLUICE_RETURN_IF_ERROR(StreamsOnly(streaming, "rate"));
  SLUICE_RETURN_IF_ERROR(ParseRateOptions(context.options).status());
  return RateSchema();
}

Result<std::unique_ptr<StreamSource>> OpenRate(const SourceContext& context) {
  SLUICE_ASSIGN(const RateOptions options, ParseRateOptions(context.options));
  return std::make_unique<RateSource>(context, options);
}

Result<std::shared_ptr<arrow::Schema>> MicroBatchSchemaOf(const SourceContext& context, bool streaming) {
  SLUICE_RETURN_IF_ERROR(StreamsOnly(streaming, "rate-micro-batch"));
  SLUICE_RETURN_IF_ERROR(ParseRateMicroBatchOptions(context.options).status());
  return RateSchema();
}

Result<std::unique_ptr<StreamSource>> OpenMicroBatch(const SourceContext& context) {
  SLUICE_ASSIGN(const RateMicroBatchOptions options, ParseRateMicroBatchOptions(context.options));
  return std::make_unique<RateMicroBatchSource>(context, options);
}

}  // namespace

extern const Connector kRateConnector;
extern const Connector kRateMicroBatchConnector;
const Connector kRateConnector = {
    "rate", "Rows by the clock, for tests and first steps", RateSchemaOf, OpenRate, nullptr, nullptr};
const Connector kRateMicroBatchConnector = {
    "rate-micro-batch", "The same number of rows in every batch", MicroBatchSchemaOf, OpenMicroBatch, nullptr, nullptr};

}  // namespace sluice
