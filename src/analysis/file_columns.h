// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>

#include "analysis/scope.h"
#include "conf/session_options.h"
#include "plan/plan.h"

namespace sluice {

// What a row tells of the file that it was read from: the column _metadata, and the calls input_file_name(),
// input_file_block_start() and input_file_block_length().
enum class FileNaming { kNone, kMetadata, kCalls };

// What of it a message names. An expression that is still a text counts by what is written in it.
FileNaming NamesFile(const google::protobuf::Message& message);

// Makes names of the calls in a message, as the scope below has them. Texts with calls in them are parsed.
Status NameFileCalls(google::protobuf::Message* message, const SessionOptions& options);

// Puts the file's columns behind those of a plan, and gives the names of what can be made of them: none where the plan
// reads no files, or makes other rows of theirs. Calls are then refused by name; without files they are constants.
Result<Scope> AddFileColumns(PlanPtr* plan, FileNaming naming, const SessionOptions& options);

// The URIs of the files that a plan reads, each once, in the order of the plan.
std::vector<std::string> FilesOf(const PlanNode& plan);

}  // namespace sluice
