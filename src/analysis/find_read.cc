// SPDX-License-Identifier: Apache-2.0
#include "analysis/find_read.h"

#include <vector>

namespace sluice {

spark::connect::Read* FindRead(google::protobuf::Message* message, std::string_view format) {
  auto* read = dynamic_cast<spark::connect::Read*>(message);
  if (read != nullptr && read->data_source().format() == format) return read;
  const auto* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      auto* below = field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, i)
                                         : reflection->MutableMessage(message, field);
      if (auto* found = FindRead(below, format)) return found;
    }
  }
  return nullptr;
}

}  // namespace sluice
