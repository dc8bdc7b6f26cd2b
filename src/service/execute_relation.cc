// SPDX-License-Identifier: Apache-2.0
#include <arrow/record_batch.h>

#include <optional>

#include "base/spark_error.h"
#include "exec/observe.h"
#include "exec/operator.h"
#include "exec/retained_batch.h"
#include "service/catalog_rows.h"
#include "service/handlers.h"
#include "service/observed_metrics.h"
#include "service/show_string.h"
#include "session/session.h"
#include "types/spark_batch.h"

namespace sluice::service {
namespace {

using spark::connect::Relation;

// Where a relation with one input holds it.
struct InputPlace {
  const google::protobuf::FieldDescriptor* node;   // of the relation
  const google::protobuf::FieldDescriptor* input;  // of the node
};

std::optional<InputPlace> InputOf(const Relation& relation) {
  const auto* node =
      relation.GetReflection()->GetOneofFieldDescriptor(relation, Relation::descriptor()->FindOneofByName("rel_type"));
  if (node == nullptr) return std::nullopt;
  const auto* input = node->message_type()->FindFieldByName("input");
  if (input == nullptr || input->is_repeated() || input->message_type() != Relation::descriptor()) return std::nullopt;
  const google::protobuf::Message& held = relation.GetReflection()->GetMessage(relation, node);
  if (!held.GetReflection()->HasField(held, input)) return std::nullopt;
  return InputPlace{node, input};
}

const Relation* FindInput(const Relation& relation) {
  const auto place = InputOf(relation);
  if (!place) return nullptr;
  const google::protobuf::Message& node = relation.GetReflection()->GetMessage(relation, place->node);
  return &static_cast<const Relation&>(node.GetReflection()->GetMessage(node, place->input));
}

Relation* FindInput(Relation* relation) {
  const auto place = InputOf(*relation);
  if (!place) return nullptr;
  google::protobuf::Message* node = relation->GetReflection()->MutableMessage(relation, place->node);
  return static_cast<Relation*>(node->GetReflection()->MutableMessage(node, place->input));
}

const Relation* FindCatalogCall(const Relation& relation) {
  const Relation* at = &relation;
  while (at != nullptr && !at->has_catalog()) at = FindInput(*at);
  return at;
}

// The answer to the call as local data.
Result<Relation> AnswerOf(Session* session, const Relation& call) {
  SLUICE_ASSIGN(const auto rows, CatalogRows(session, call.catalog()));
  SLUICE_ASSIGN(auto answer, rows->Next());
  if (answer == nullptr) {
    SLUICE_ASSIGN(answer, arrow::RecordBatch::MakeEmpty(rows->schema()));
  }
  SLUICE_ASSIGN(const auto plain, ToSparkBatch(answer, *rows->schema(), session->conf().time_zone()));
  Relation local;
  SLUICE_ASSIGN(*local.mutable_local_relation()->mutable_data(), ArrowStreamOf(*plain));
  return local;
}

// Clients of the JVM ask for the first row of a call's answer, or for all of them in an order.
Result<Relation> WithAnswer(Session* session, const Relation& relation, const Relation& call) {
  SLUICE_ASSIGN(const Relation answer, AnswerOf(session, call));
  Relation answered = relation;
  Relation* at = &answered;
  while (!at->has_catalog()) at = FindInput(at);
  *at = answer;
  return answered;
}

Result<std::unique_ptr<Operator>> RunBatch(Session* session, const Relation& relation, Measurements* measurements) {
  SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(relation));
  if (IsStreaming(*plan)) {
    return UserError("SLUICE_STREAMING_NEEDS_START",
                     "A streaming relation has no rows to give: start it with writeStream.start(), or in SQL by CREATE "
                     "STREAMING TABLE and `sluice run`; without STREAM the rows that are there now are read.");
  }
  if (measurements == nullptr) return session->Run(plan);
  return session->Run(WithMeasurements(plan, &session->process().budget(), measurements));
}

}  // namespace

Result<Execution> ExecuteRelation(const std::shared_ptr<Session>& session, const Relation& relation) {
  return ExecuteMeasured(session, relation, nullptr);
}

Result<Execution> ExecuteMeasured(const std::shared_ptr<Session>& session, const Relation& relation,
                                  Measurements* measurements) {
  const Relation* const call = relation.has_catalog() ? nullptr : FindCatalogCall(relation);
  if (call != nullptr) {
    SLUICE_ASSIGN(const Relation answered, WithAnswer(session.get(), relation, *call));
    return ExecuteMeasured(session, answered, measurements);
  }
  Execution execution;
  execution.session = session;
  if (relation.has_show_string()) {
    SLUICE_ASSIGN(execution.rows, ShowString(session.get(), relation.show_string(), measurements));
  } else if (relation.has_catalog()) {
    SLUICE_ASSIGN(execution.rows, CatalogRows(session.get(), relation.catalog()));
  } else {
    SLUICE_ASSIGN(execution.rows, RunBatch(session.get(), relation, measurements));
  }
  execution.schema = execution.rows->schema();
  return execution;
}

}  // namespace sluice::service
