// SPDX-License-Identifier: Apache-2.0
#include "analysis/connect_types.h"
#include "base/spark_error.h"
#include "service/handlers.h"
#include "session/session.h"
#include "types/spark_type.h"
#include "types/tree_string.h"

namespace sluice::service {

using spark::connect::AnalyzePlanRequest;
using spark::connect::AnalyzePlanResponse;

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
    case AnalyzePlanRequest::kIsLocal:
      response.mutable_is_local()->set_is_local(false);
      break;
    case AnalyzePlanRequest::kSparkVersion:
      response.mutable_spark_version()->set_version(SLUICE_SPARK_VERSION);
      break;
    case AnalyzePlanRequest::kDdlParse: {
      SLUICE_ASSIGN(const auto schema, ParseSparkSchema(request.ddl_parse().ddl_string()));
      SLUICE_ASSIGN(*response.mutable_ddl_parse()->mutable_parsed(), SchemaToConnect(*schema));
      break;
    }
    default:
      return NotSupported("This kind of analysis is not supported.");
  }
  return response;
}

}  // namespace sluice::service
