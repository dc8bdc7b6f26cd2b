// SPDX-License-Identifier: Apache-2.0
#include "service/plan_bytes.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/compression.h>
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>

#include <limits>

#include "base/spark_error.h"
#include "service/artifacts.h"

namespace sluice {
namespace {

using spark::connect::Plan;
using spark::connect::Relation;

constexpr int kDeepest = 1024;
constexpr size_t kMostPlanBytes = 128 << 20;
// Two bytes on the wire may take a hundred in memory.
constexpr int64_t kMostFields = 2'000'000;

bool TakeVarint(std::string_view* bytes, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool Skip(std::string_view* bytes, uint64_t count) {
  if (count > bytes->size()) return false;
  bytes->remove_prefix(count);
  return true;
}

// Counts the fields of a message and of those in it, before any memory is taken for them; false beyond kMostFields.
// What is malformed is not counted: the parser finds it.
bool CountFields(const google::protobuf::Descriptor* type, std::string_view bytes, int depth, int64_t* fields) {
  using google::protobuf::FieldDescriptor;
  constexpr uint64_t kPackedInOne = 16;
  while (!bytes.empty()) {
    uint64_t tag = 0;
    uint64_t size = 0;
    if (!TakeVarint(&bytes, &tag)) return true;
    ++*fields;
    switch (tag & 7) {
      case 0:
        if (!TakeVarint(&bytes, &size)) return true;
        continue;
      case 1:
        if (!Skip(&bytes, 8)) return true;
        continue;
      case 5:
        if (!Skip(&bytes, 4)) return true;
        continue;
      case 2:
        break;
      default:
        return true;
    }
    if (!TakeVarint(&bytes, &size) || size > bytes.size()) return true;
    const FieldDescriptor* field = type->FindFieldByNumber(static_cast<int>(tag >> 3));
    if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (depth < kDeepest && !CountFields(field->message_type(), bytes.substr(0, size), depth + 1, fields))
        return false;
    } else if (field != nullptr && field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
      *fields += static_cast<int64_t>(size / kPackedInOne);
    }
    bytes.remove_prefix(size);
  }
  return *fields <= kMostFields;
}

Status CannotParse(const std::string& why) {
  return UserError(
      "CONNECT_INVALID_PLAN.CANNOT_PARSE",
      fmt::format("The Spark Connect plan is invalid. Cannot decompress or parse the input plan. ({})", why),
      {{"errorMsg", why}});
}

// Not more than kMostPlanBytes, whatever the frame claims.
Result<std::string> Decompressed(const std::string& frame) {
  SLUICE_ASSIGN(const auto codec, arrow::util::Codec::Create(arrow::Compression::ZSTD));
  SLUICE_ASSIGN(const auto decompressor, codec->MakeDecompressor());
  std::string out;
  std::string piece(1 << 20, '\0');
  const auto* input = reinterpret_cast<const uint8_t*>(frame.data());
  size_t left = frame.size();
  while (!decompressor->IsFinished()) {
    const auto step = decompressor->Decompress(static_cast<int64_t>(left), input, static_cast<int64_t>(piece.size()),
                                               reinterpret_cast<uint8_t*>(piece.data()));
    if (!step.ok()) return CannotParse(step.status().message());
    input += step->bytes_read;
    left -= static_cast<size_t>(step->bytes_read);
    out.append(piece, 0, static_cast<size_t>(step->bytes_written));
    if (out.size() > kMostPlanBytes) return CannotParse("the plan is too large");
    if (step->bytes_read == 0 && step->bytes_written == 0) return CannotParse("the frame is cut off");
  }
  return out;
}

Status Decompress(Plan* plan) {
  const Plan::CompressedOperation packed = plan->compressed_operation();
  if (packed.compression_codec() != spark::connect::COMPRESSION_CODEC_ZSTD) {
    return CannotParse("the codec is not known");
  }
  SLUICE_ASSIGN(const std::string bytes, Decompressed(packed.data()));
  bool parsed = false;
  if (packed.op_type() == Plan::CompressedOperation::OP_TYPE_RELATION) {
    parsed = ParseNested(bytes, plan->mutable_root());
  } else if (packed.op_type() == Plan::CompressedOperation::OP_TYPE_COMMAND) {
    parsed = ParseNested(bytes, plan->mutable_command());
  }
  return parsed ? Status::OK() : CannotParse("the bytes are no plan");
}

Result<std::shared_ptr<const std::string>> CachedBytes(const Artifacts& artifacts, const std::string& hash) {
  auto bytes = artifacts.Find("cache/" + hash);
  if (bytes != nullptr) return bytes;
  return UserError("CONNECT_INVALID_PLAN.CACHED_LOCAL_RELATION_NOT_FOUND",
                   fmt::format("The session has no cached local data with the hash {}.", hash), {{"hash", hash}});
}

// One IPC stream out of several of the same schema.
Result<std::string> JoinedStreams(const std::vector<std::shared_ptr<const std::string>>& streams) {
  SLUICE_ASSIGN(auto sink, arrow::io::BufferOutputStream::Create());
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
  for (const auto& stream : streams) {
    auto input = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(*stream));
    SLUICE_ASSIGN(const auto reader, arrow::ipc::RecordBatchStreamReader::Open(std::move(input)));
    if (writer == nullptr) {
      SLUICE_ASSIGN(writer, arrow::ipc::MakeStreamWriter(sink, reader->schema()));
    }
    for (;;) {
      std::shared_ptr<arrow::RecordBatch> batch;
      SLUICE_RETURN_IF_ERROR(reader->ReadNext(&batch));
      if (batch == nullptr) break;
      SLUICE_RETURN_IF_ERROR(batch->ValidateFull());
      SLUICE_RETURN_IF_ERROR(writer->WriteRecordBatch(*batch));
    }
  }
  if (writer == nullptr) return std::string();
  SLUICE_RETURN_IF_ERROR(writer->Close());
  SLUICE_ASSIGN(const auto buffer, sink->Finish());
  return buffer->ToString();
}

Status FillChunked(const Artifacts& artifacts, Relation* relation) {
  const auto cached = relation->chunked_cached_local_relation();
  std::vector<std::shared_ptr<const std::string>> streams;
  for (const std::string& hash : cached.datahashes()) {
    SLUICE_ASSIGN(auto stream, CachedBytes(artifacts, hash));
    streams.push_back(std::move(stream));
  }
  auto* local = relation->mutable_local_relation();
  SLUICE_ASSIGN(*local->mutable_data(), JoinedStreams(streams));
  if (cached.has_schemahash() && !cached.schemahash().empty()) {
    SLUICE_ASSIGN(const auto schema, CachedBytes(artifacts, cached.schemahash()));
    local->set_schema(*schema);
  }
  return Status::OK();
}

Status FillCached(const Artifacts& artifacts, google::protobuf::Message* message, int depth) {
  if (depth > kDeepest) return CannotParse("the plan is nested too deep");
  if (auto* relation = dynamic_cast<Relation*>(message)) {
    if (relation->has_chunked_cached_local_relation()) return FillChunked(artifacts, relation);
    if (relation->has_cached_local_relation()) {
      SLUICE_ASSIGN(const auto bytes, CachedBytes(artifacts, relation->cached_local_relation().hash()));
      return ParseNested(*bytes, relation->mutable_local_relation()) ? Status::OK()
                                                                     : CannotParse("the local data are damaged");
    }
  }
  const auto* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) {
      SLUICE_RETURN_IF_ERROR(FillCached(artifacts, reflection->MutableMessage(message, field), depth + 1));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      SLUICE_RETURN_IF_ERROR(FillCached(artifacts, reflection->MutableRepeatedMessage(message, field, i), depth + 1));
    }
  }
  return Status::OK();
}

}  // namespace

bool ParseNested(std::string_view bytes, google::protobuf::Message* message) {
  if (bytes.size() > std::numeric_limits<int>::max()) return false;
  int64_t fields = 0;
  if (!CountFields(message->GetDescriptor(), bytes, 0, &fields)) return false;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kDeepest);
  return message->ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

Status CompletePlan(const Artifacts& artifacts, Plan* plan) {
  if (plan->has_compressed_operation()) SLUICE_RETURN_IF_ERROR(Decompress(plan));
  if (artifacts.empty()) return Status::OK();
  return FillCached(artifacts, plan, 0);
}

Status CompleteAnalysis(const Artifacts& artifacts, spark::connect::AnalyzePlanRequest* request) {
  Plan* plan = nullptr;
  switch (request->analyze_case()) {
    case spark::connect::AnalyzePlanRequest::kSchema:
      plan = request->mutable_schema()->mutable_plan();
      break;
    case spark::connect::AnalyzePlanRequest::kExplain:
      plan = request->mutable_explain()->mutable_plan();
      break;
    case spark::connect::AnalyzePlanRequest::kTreeString:
      plan = request->mutable_tree_string()->mutable_plan();
      break;
    case spark::connect::AnalyzePlanRequest::kIsLocal:
      plan = request->mutable_is_local()->mutable_plan();
      break;
    case spark::connect::AnalyzePlanRequest::kIsStreaming:
      plan = request->mutable_is_streaming()->mutable_plan();
      break;
    case spark::connect::AnalyzePlanRequest::kInputFiles:
      plan = request->mutable_input_files()->mutable_plan();
      break;
    case spark::connect::AnalyzePlanRequest::kSemanticHash:
      plan = request->mutable_semantic_hash()->mutable_plan();
      break;
    case spark::connect::AnalyzePlanRequest::kSameSemantics:
      SLUICE_RETURN_IF_ERROR(CompletePlan(artifacts, request->mutable_same_semantics()->mutable_other_plan()));
      plan = request->mutable_same_semantics()->mutable_target_plan();
      break;
    default:
      return Status::OK();
  }
  return CompletePlan(artifacts, plan);
}

}  // namespace sluice
