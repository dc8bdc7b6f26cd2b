// SPDX-License-Identifier: Apache-2.0
#include "analysis/file_columns.h"

#include <arrow/api.h>
#include <spark/connect/expressions.pb.h>

#include <algorithm>
#include <array>

#include "analysis/name_parts.h"
#include "analysis/sql/parser.h"
#include "base/spark_error.h"
#include "connectors/file/file_table.h"
#include "expr/function_registry.h"
#include "types/spark_type.h"

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

// The columns that a scan of files can give besides the table's own.
struct FileColumn {
  const char* name;
  std::shared_ptr<arrow::DataType> (*type)();
  std::string (*text)(const TableFile& file);
};

std::string UriOf(const TableFile& file) {
  return file.fs->Uri(file.path);
}

// As Hadoop writes a path: file:/t, and not file:///t.
std::string PathOf(const TableFile& file) {
  std::string uri = UriOf(file);
  if (uri.starts_with("file:///")) uri.erase(5, 2);
  return uri;
}

constexpr std::array<FileColumn, 5> kColumns = {
    {{"file uri", [] { return StringType(); }, UriOf},
     {"file path", [] { return StringType(); }, PathOf},
     {"file name", [] { return StringType(); },
      [](const TableFile& file) { return file.path.substr(file.path.rfind('/') + 1); }},
     {"file size", [] { return arrow::int64(); }, [](const TableFile& file) { return std::to_string(file.size); }},
     {"file modified", [] { return arrow::int64(); },
      [](const TableFile& file) { return std::to_string(file.modified_ms * 1000); }}}};

std::shared_ptr<const ResolvedTable> TableOf(const PlanNode& node) {
  const auto* scan = node.As<plan::Scan>();
  if (scan == nullptr || scan->source.streaming || scan->source.resolved == nullptr) return nullptr;
  const auto& formats = AllFileFormats();
  const bool files = std::any_of(formats.begin(), formats.end(),
                                 [&](const FileFormat* format) { return SameName(format->name, scan->source.format); });
  return files ? std::static_pointer_cast<const ResolvedTable>(scan->source.resolved->found) : nullptr;
}

bool ReadsFiles(const PlanNode& node) {
  if (TableOf(node) != nullptr) return true;
  return std::any_of(node.inputs.begin(), node.inputs.end(), [](const PlanPtr& input) { return ReadsFiles(*input); });
}

// The files' columns are told of the file as those are that stand in the names of its folders.
PlanPtr ScanWithColumns(const PlanNode& scan, const ResolvedTable& table) {
  auto wider = std::make_shared<ResolvedTable>(table);
  ScanSpec source = scan.Get<plan::Scan>().source;
  arrow::FieldVector all = table.schema->fields();
  arrow::FieldVector read = scan.schema->fields();
  const size_t folders = table.files.partition_names.size();
  for (TableFile& file : wider->files.files) file.partition.resize(folders);
  for (const FileColumn& column : kColumns) {
    const auto field = arrow::field(column.name, column.type(), false);
    source.columns.push_back(static_cast<int>(all.size()));
    all.push_back(field);
    read.push_back(field);
    wider->folders.push_back(static_cast<int>(wider->files.partition_names.size()));
    wider->in_files.push_back(-1);
    wider->files.partition_names.emplace_back(column.name);
    for (TableFile& file : wider->files.files) file.partition.emplace_back(column.text(file));
  }
  wider->schema = arrow::schema(std::move(all));
  source.source_schema = wider->schema;
  source.resolved = std::make_shared<ResolvedSource>(ResolvedSource{std::move(wider)});
  return MakeNode(plan::Scan{std::move(source)}, {}, arrow::schema(std::move(read)));
}

// The plan with the files' columns behind its own, or null where they do not come through. `moved`: also through what
// moves rows to other tasks, where Spark's calls know the file no more.
PlanPtr WithColumns(const PlanPtr& plan, bool moved) {
  if (const auto table = TableOf(*plan)) return ScanWithColumns(*plan, *table);
  const bool moves = plan->Is<plan::Sort>() || plan->Is<plan::Limit>() || plan->Is<plan::Repartition>();
  const bool passes = plan->Is<plan::Project>() || plan->Is<plan::Filter>() || plan->Is<plan::Sample>() ||
                      plan->Is<plan::Union>() || (moved && moves);
  if (!passes) return nullptr;
  auto node = std::make_shared<PlanNode>(*plan);
  for (PlanPtr& input : node->inputs) {
    input = WithColumns(input, moved);
    if (input == nullptr) return nullptr;
  }
  arrow::FieldVector fields = plan->schema->fields();
  const arrow::Schema& below = *node->inputs[0]->schema;
  for (int i = below.num_fields() - static_cast<int>(kColumns.size()); i < below.num_fields(); ++i) {
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
        std::make_shared<ColumnExpr>(i, uri ? "input_file_name()" : kColumns[static_cast<size_t>(i - width)].name,
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
  if (const auto table = TableOf(plan)) {
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
