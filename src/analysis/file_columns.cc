// SPDX-License-Identifier: Apache-2.0
#include "analysis/file_columns.h"

#include <arrow/api.h>
#include <spark/connect/expressions.pb.h>

#include <algorithm>
#include <array>

#include "analysis/name_parts.h"
#include "analysis/sql/parser.h"
#include "base/spark_error.h"
#include "connectors/file/file_facts.h"
#include "connectors/file/file_table.h"
#include "expr/function_registry.h"

namespace sluice {
namespace {

using google::protobuf::Message;
using spark::connect::Expression;

constexpr const char* kMetadata = "_metadata";
constexpr std::array<const char*, 3> kCalls = {"input_file_name", "input_file_block_start", "input_file_block_length"};

std::string NameOfCall(const std::string& function) {
  const auto call =
      std::find_if(kCalls.begin(), kCalls.end(), [&](const char* one) { return SameName(one, function); });
  return call == kCalls.end() ? "" : std::string(*call) + "()";
}

std::string CallOf(const Expression& expression) {
  if (expression.has_call_function() && expression.call_function().arguments_size() == 0)
    return NameOfCall(expression.call_function().function_name());
  if (expression.has_unresolved_function() && expression.unresolved_function().arguments_size() == 0)
    return NameOfCall(expression.unresolved_function().function_name());
  return "";
}

FileNaming NamedBy(const Expression& expression) {
  if (!CallOf(expression).empty()) return FileNaming::kCalls;
  if (expression.has_unresolved_attribute()) {
    const auto parts = ParseNameParts(expression.unresolved_attribute().unparsed_identifier());
    const bool named = parts.ok() && std::any_of(parts->begin(), parts->end(),
                                                 [](const std::string& part) { return SameName(part, kMetadata); });
    return named ? FileNaming::kMetadata : FileNaming::kNone;
  }
  if (!expression.has_expression_string()) return FileNaming::kNone;
  const std::string& text = expression.expression_string().expression();
  if (text.find("input_file_") != std::string::npos) return FileNaming::kCalls;
  return text.find(kMetadata) == std::string::npos ? FileNaming::kNone : FileNaming::kMetadata;
}

// Calls `visit` with each message inside of one, but not with relations: those are resolved by themselves.
template <typename Visit>
void VisitParts(const Message& message, Visit visit) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (field->message_type()->name() == "Relation") continue;
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      visit(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                 : reflection->GetMessage(message, field));
    }
  }
}

std::shared_ptr<const ResolvedTable> TableOf(const PlanNode& node) {
  const auto* scan = node.As<plan::Scan>();
  if (scan == nullptr || scan->source.resolved == nullptr) return nullptr;
  const auto& formats = AllFileFormats();
  const bool files = std::any_of(formats.begin(), formats.end(),
                                 [&](const FileFormat* format) { return SameName(format->name, scan->source.format); });
  return files ? std::static_pointer_cast<const ResolvedTable>(scan->source.resolved->found) : nullptr;
}

bool ReadsFiles(const PlanNode& node) {
  if (TableOf(node) != nullptr) return true;
  return std::any_of(node.inputs.begin(), node.inputs.end(), [](const PlanPtr& input) { return ReadsFiles(*input); });
}

// A scan that has the files' columns already, with them once more behind its own.
PlanPtr WithColumnsAgain(const PlanPtr& scan) {
  arrow::FieldVector fields = scan->schema->fields();
  std::vector<ExprPtr> columns;
  const auto add = [&](int i) {
    const auto& field = *scan->schema->field(i);
    columns.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
  };
  const int width = scan->schema->num_fields();
  for (int i = 0; i < width; ++i) add(i);
  for (int i = width - static_cast<int>(FileFacts().size()); i < width; ++i) {
    add(i);
    fields.push_back(scan->schema->field(i));
  }
  return MakeProject(scan, std::move(columns), arrow::schema(std::move(fields)));
}

// The scan with a column for each of FileFacts.
PlanPtr ScanWithColumns(const PlanPtr& plan, const ResolvedTable& table) {
  const PlanNode& scan = *plan;
  ScanSpec source = scan.Get<plan::Scan>().source;
  if (source.file_facts) return WithColumnsAgain(plan);
  auto wider = std::make_shared<ResolvedTable>(table);
  AddFileFacts(wider.get());
  const int own = table.schema->num_fields();
  arrow::FieldVector read = scan.schema->fields();
  for (int i = own; i < wider->schema->num_fields(); ++i) {
    source.columns.push_back(i);
    read.push_back(wider->schema->field(i));
  }
  source.source_schema = wider->schema;
  source.file_facts = true;
  source.resolved = std::make_shared<ResolvedSource>(ResolvedSource{std::move(wider)});
  return MakeNode(plan::Scan{std::move(source)}, {}, arrow::schema(std::move(read)));
}

// The plan with the files' columns behind its own, or null where they do not come through. `moved`: also through what
// moves rows to other tasks, where Spark's calls know the file no more.
PlanPtr WithColumns(const PlanPtr& plan, bool moved) {
  if (const auto table = TableOf(*plan)) return ScanWithColumns(plan, *table);
  const bool moves = plan->Is<plan::Sort>() || plan->Is<plan::Limit>() || plan->Is<plan::Repartition>();
  const bool passes = plan->Is<plan::Project>() || plan->Is<plan::Filter>() || plan->Is<plan::Sample>() ||
                      plan->Is<plan::Union>() || plan->Is<plan::Observe>() || plan->Is<plan::Watermark>() ||
                      (moved && moves);
  if (!passes) return nullptr;
  auto node = std::make_shared<PlanNode>(*plan);
  for (PlanPtr& input : node->inputs) {
    input = WithColumns(input, moved);
    if (input == nullptr) return nullptr;
  }
  arrow::FieldVector fields = plan->schema->fields();
  const arrow::Schema& below = *node->inputs[0]->schema;
  for (int i = below.num_fields() - static_cast<int>(FileFacts().size()); i < below.num_fields(); ++i) {
    const auto& field = below.field(i);
    fields.push_back(field);
    if (node->Is<plan::Project>()) {
      node->Get<plan::Project>().exprs.push_back(
          std::make_shared<ColumnExpr>(i, field->name(), field->type(), field->nullable()));
    }
  }
  node->schema = arrow::schema(std::move(fields));
  return node;
}

ExprPtr Long(int64_t value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int64Scalar>(value));
}

ExprPtr Text(const std::string& text) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(text)));
}

void AddCalls(const ExprPtr& uri, const ExprPtr& begin, const ExprPtr& length, Scope* scope) {
  const std::array<ExprPtr, 3> values = {uri, begin, length};
  for (size_t i = 0; i < kCalls.size(); ++i) scope->Add({std::string(kCalls[i]) + "()", {}, values[i], {}});
}

}  // namespace

FileNaming NamesFile(const Message& message) {
  FileNaming named = FileNaming::kNone;
  if (const auto* expression = dynamic_cast<const Expression*>(&message)) named = NamedBy(*expression);
  VisitParts(message, [&](const Message& part) { named = std::max(named, NamesFile(part)); });
  return named;
}

Status NameFileCalls(Message* message, const SessionOptions& options) {
  if (auto* expression = dynamic_cast<Expression*>(message)) {
    if (expression->has_expression_string() && NamedBy(*expression) == FileNaming::kCalls) {
      SLUICE_ASSIGN(*expression,
                    ParseExpressionSql(expression->expression_string().expression(), ParseOptions{options, ""}));
    }
    if (const std::string name = CallOf(*expression); !name.empty()) {
      expression->mutable_unresolved_attribute()->set_unparsed_identifier("`" + name + "`");
      return Status::OK();
    }
  }
  Status status;
  VisitParts(*message, [&](const Message& part) {
    // The parts are those of a message that may be changed.
    if (status.ok()) status = NameFileCalls(const_cast<Message*>(&part), options);
  });
  return status;
}

Result<Scope> AddFileColumns(PlanPtr* plan, FileNaming naming, const SessionOptions& options) {
  Scope scope;
  PlanPtr wider = WithColumns(*plan, naming == FileNaming::kMetadata);
  if (wider == nullptr && naming == FileNaming::kCalls) {
    if (ReadsFiles(**plan) || IsStreaming(**plan)) {
      return NotSupported(
          "input_file_name() and its like in this place are not supported by Sluice: put them right above "
          "the table that is read.");
    }
    AddCalls(Text(""), Long(-1), Long(-1), &scope);
  }
  if (wider == nullptr) return scope;
  std::vector<ExprPtr> columns;
  const int width = (*plan)->schema->num_fields();
  for (int i = width; i < wider->schema->num_fields(); ++i) {
    // Each under the name that Spark gives its call.
    const bool uri = i == width;
    columns.push_back(
        std::make_shared<ColumnExpr>(i, uri ? "input_file_name()" : FileFacts()[static_cast<size_t>(i - width)].name,
                                     wider->schema->field(i)->type(), false));
  }
  SLUICE_ASSIGN(const ExprPtr modified, ResolveFunction("timestamp_micros", {columns[4]}, options));
  SLUICE_ASSIGN(const ExprPtr metadata,
                ResolveFunction("named_struct",
                                {Text("file_path"), columns[1], Text("file_name"), columns[2], Text("file_size"),
                                 columns[3], Text("file_block_start"), Long(0), Text("file_block_length"), columns[3],
                                 Text("file_modification_time"), modified},
                                options));
  scope.Add({kMetadata, {}, metadata, {}});
  AddCalls(columns[0], Long(0), columns[3], &scope);
  *plan = std::move(wider);
  return scope;
}

std::vector<std::string> FilesOf(const PlanNode& plan) {
  std::vector<std::string> files;
  if (const auto table = TableOf(plan); table != nullptr && !IsStreaming(plan)) {
    for (const TableFile& file : table->files.files) files.push_back(UriOf(file));
  }
  for (const PlanPtr& input : plan.inputs) {
    for (std::string& file : FilesOf(*input)) {
      if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace sluice
