// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include "connectors/kafka/client_config.h"
#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_source.h"
#include "connectors/kafka/rdkafka_consumer.h"
#include "connectors/kafka/row_slice.h"
#include "connectors/registry.h"

namespace sluice {
namespace {

Result<std::shared_ptr<arrow::Schema>> Schema(const SourceContext& context, bool streaming) {
  SLUICE_ASSIGN(const KafkaOptions options, ParseKafkaOptions(context.options, streaming));
  // Wrong client properties are told here as well, before a query is started.
  SLUICE_RETURN_IF_ERROR(MakeClientConfig(context.options, ClientScope::kConsumer, context.env.get()).status());
  return KafkaSchema(options.include_headers);
}

Result<std::shared_ptr<KafkaConsumer>> Connect(const SourceContext& context) {
  SLUICE_ASSIGN(ClientConfig config, MakeClientConfig(context.options, ClientScope::kConsumer, context.env.get()));
  return MakeRdKafkaConsumer(std::move(config), context.budget);
}

Result<std::unique_ptr<StreamSource>> OpenStream(const SourceContext& context) {
  SLUICE_ASSIGN(KafkaOptions options, ParseKafkaOptions(context.options, /*streaming=*/true));
  SLUICE_ASSIGN(auto consumer, Connect(context));
  return std::make_unique<KafkaSource>(context, std::move(options), std::move(consumer));
}

Result<std::unique_ptr<BatchSource>> OpenBatch(const SourceContext& context) {
  SLUICE_ASSIGN(KafkaOptions options, ParseKafkaOptions(context.options, /*streaming=*/false));
  SLUICE_ASSIGN(auto consumer, Connect(context));
  return std::make_unique<KafkaBatchSource>(context, std::move(options), std::move(consumer));
}

}  // namespace

extern const Connector kKafkaConnector;
const Connector kKafkaConnector = {"kafka", "Apache Kafka topics", Schema,  OpenStream, OpenBatch, KafkaSink::Open,
                                   false,   KafkaSourceOptions,    "kafka."};

}  // namespace sluice
