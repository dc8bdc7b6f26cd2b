// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/commands.pb.h>
#include <spark/connect/relations.pb.h>

#include <string_view>

namespace sluice {

// The first relation in a message that reads this format, or null.
spark::connect::Read* FindRead(google::protobuf::Message* message, std::string_view format);

}  // namespace sluice
