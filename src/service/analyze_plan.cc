// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <functional>

#include "analysis/connect_types.h"
#include "analysis/file_columns.h"
#include "analysis/sql/parser.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "conf/session_options.h"
#include "service/handlers.h"
#include "session/session.h"
#include "types/spark_type.h"
#include "types/tree_string.h"

namespace sluice::service {

using spark::connect::AnalyzePlanRequest;
using spark::connect::AnalyzePlanResponse;

namespace {

// Takes out what says where a part of a plan comes from and how it was spelled, and nothing of what it means.
void ForgetSpelling(google::protobuf::Message* message, const SessionOptions& options) {
  if (auto* relation = dynamic_cast<spark::connect::Relation*>(message)) relation->clear_common();
  if (auto* expression = dynamic_cast<spark::connect::Expression*>(message)) {
    if (expression->has_expression_string()) {
      auto parsed = ParseExpressionSql(expression->expression_string().expression(), ParseOptions{options, ""});
      if (parsed.ok()) *expression = parsed.MoveValueUnsafe();
    }
    expression->clear_common();
  }
  if (auto* column = dynamic_cast<spark::connect::Expression::UnresolvedAttribute*>(message)) {
    column->clear_plan_id();
    column->set_unparsed_identifier(sql::LowerCase(column->unparsed_identifier()));
  }
  const auto* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) {
      ForgetSpelling(reflection->MutableMessage(message, field), options);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      ForgetSpelling(reflection->MutableRepeatedMessage(message, field, i), options);
    }
  }
}

std::string Meaning(const spark::connect::Plan& plan, const Session& session) {
  spark::connect::Relation relation = plan.root();
  ForgetSpelling(&relation, SessionOptions::Of(session.conf()));
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  {
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    relation.SerializeToCodedStream(&out);
  }
  return bytes;
}

}  // namespace

Result<AnalyzePlanResponse> AnalyzePlan(Session* session, const AnalyzePlanRequest& request) {
  AnalyzePlanResponse response;
  response.set_session_id(request.session_id());
  switch (request.analyze_case()) {
    case AnalyzePlanRequest::kSchema: {
      SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(request.schema().plan().root()));
      SLUICE_ASSIGN(*response.mutable_schema()->mutable_schema(), SchemaToConnect(*plan->schema));
      break;
    }
    case AnalyzePlanRequest::kExplain: {
      SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(request.explain().plan().root()));
      response.mutable_explain()->set_explain_string(Explain(*plan));
      break;
    }
    case AnalyzePlanRequest::kTreeString: {
      SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(request.tree_string().plan().root()));
      response.mutable_tree_string()->set_tree_string(SchemaTreeString(*plan->schema));
      break;
    }
    case AnalyzePlanRequest::kIsStreaming: {
      SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(request.is_streaming().plan().root()));
      response.mutable_is_streaming()->set_is_streaming(IsStreaming(*plan));
      break;
    }
    case AnalyzePlanRequest::kIsLocal: {
      SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(request.is_local().plan().root()));
      response.mutable_is_local()->set_is_local(plan->Is<plan::LocalRows>());
      break;
    }
    case AnalyzePlanRequest::kInputFiles: {
      SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(request.input_files().plan().root()));
      auto* files = response.mutable_input_files();
      for (std::string& file : FilesOf(*plan)) files->add_files(std::move(file));
      break;
    }
    case AnalyzePlanRequest::kSparkVersion:
      response.mutable_spark_version()->set_version(SLUICE_SPARK_VERSION);
      break;
    case AnalyzePlanRequest::kDdlParse: {
      // One type, as functions name that of their results, or the columns of a table.
      const auto type = ParseSparkType(request.ddl_parse().ddl_string());
      if (type.ok()) {
        SLUICE_ASSIGN(*response.mutable_ddl_parse()->mutable_parsed(), TypeToConnect(**type));
        break;
      }
      SLUICE_ASSIGN(const auto schema, ParseSparkSchema(request.ddl_parse().ddl_string()));
      SLUICE_ASSIGN(*response.mutable_ddl_parse()->mutable_parsed(), SchemaToConnect(*schema));
      break;
    }
    case AnalyzePlanRequest::kSameSemantics:
      response.mutable_same_semantics()->set_result(Meaning(request.same_semantics().target_plan(), *session) ==
                                                    Meaning(request.same_semantics().other_plan(), *session));
      break;
    case AnalyzePlanRequest::kSemanticHash:
      response.mutable_semantic_hash()->set_result(
          static_cast<int32_t>(std::hash<std::string>()(Meaning(request.semantic_hash().plan(), *session))));
      break;
    // Caching is a hint, and not taken.
    case AnalyzePlanRequest::kPersist:
      response.mutable_persist();
      break;
    case AnalyzePlanRequest::kUnpersist:
      response.mutable_unpersist();
      break;
    case AnalyzePlanRequest::kGetStorageLevel:
      response.mutable_get_storage_level()->mutable_storage_level()->set_replication(1);
      break;
    default: {
      const auto* field = AnalyzePlanRequest::descriptor()->FindFieldByNumber(request.analyze_case());
      return NotSupported(
          fmt::format("The analysis {} is not supported by Sluice.", field == nullptr ? "(none)" : field->name()));
    }
  }
  return response;
}

}  // namespace sluice::service
