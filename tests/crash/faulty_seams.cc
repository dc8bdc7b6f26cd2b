// SPDX-License-Identifier: Apache-2.0
// Linked into `faulty_sluice`, which is otherwise the whole program `sluice`: the linker (--wrap) leads the calls that
// make the file systems and the Kafka consumer to the functions here, which put a counting wrapper around what is made.
// So the product has no hook for faults, and one count goes through both seams. Control:
//   FAULT_AT   k, from 1            FAULT_WAY  error | lost | before | after
//   FAULT_LOG  a file that gets a line a call, when the process ends by itself or by the fault
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "connectors/kafka/rdkafka_consumer.h"
#include "env/faulty_file_system.h"
#include "env/s3/s3_file_system.h"
#include "faulty_consumer.h"

namespace sluice {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void WriteLog(const FaultPlan& plan) {
  std::ofstream file(Variable("FAULT_LOG"));
  for (const std::string& call : plan.log()) file << call << "\n";
}

FaultWay Way(const std::string& name) {
  if (name == "error") return FaultWay::kError;
  if (name == "lost") return FaultWay::kLostReply;
  if (name == "before") return FaultWay::kCrashBefore;
  if (name == "after") return FaultWay::kCrashAfter;
  std::abort();
}

// The plan that all seams of this process share. Never destroyed: calls are made until the very end.
const std::shared_ptr<FaultPlan>& Plan() {
  static const auto* const shared = [] {
    auto* plan = new std::shared_ptr<FaultPlan>(std::make_shared<FaultPlan>());
    const int64_t at = std::atoll(Variable("FAULT_AT").c_str());
    if (at > 0) {
      (*plan)->FailAt(at, Way(Variable("FAULT_WAY")), 1, [plan] {
        WriteLog(**plan);
        ::kill(::getpid(), SIGKILL);
        for (;;) ::pause();
      });
    }
    const auto write = [] { WriteLog(*Plan()); };
    std::atexit(write);
    std::at_quick_exit(write);
    return plan;
  }();
  return *shared;
}

}  // namespace

using MadeConsumer = Result<std::shared_ptr<KafkaConsumer>>;
using MadeFileSystem = Result<std::shared_ptr<FileSystem>>;

// The names are the mangled ones of MakeRdKafkaConsumer, MakeLocalFileSystem and MakeS3FileSystem with the linker's
// prefixes; a signature that changes is an undefined symbol when this is linked.
MadeConsumer RealConsumer(ClientConfig, MemoryBudget*) asm(
    "__real__ZN6sluice19MakeRdKafkaConsumerENS_12ClientConfigEPNS_12MemoryBudgetE");
MadeConsumer FaultyConsumer(ClientConfig config, MemoryBudget* budget) asm(
    "__wrap__ZN6sluice19MakeRdKafkaConsumerENS_12ClientConfigEPNS_12MemoryBudgetE");
std::shared_ptr<FileSystem> RealLocal(LocalModes) asm("__real__ZN6sluice19MakeLocalFileSystemENS_10LocalModesE");
std::shared_ptr<FileSystem> FaultyLocal(LocalModes modes) asm(
    "__wrap__ZN6sluice19MakeLocalFileSystemENS_10LocalModesE");
MadeFileSystem RealS3(S3Config) asm("__real__ZN6sluice16MakeS3FileSystemENS_8S3ConfigE");
MadeFileSystem FaultyS3(S3Config config) asm("__wrap__ZN6sluice16MakeS3FileSystemENS_8S3ConfigE");

MadeConsumer FaultyConsumer(ClientConfig config, MemoryBudget* budget) {
  SLUICE_ASSIGN(auto consumer, RealConsumer(std::move(config), budget));
  return MakeFaultyConsumer(std::move(consumer), Plan());
}

std::shared_ptr<FileSystem> FaultyLocal(LocalModes modes) {
  return std::make_shared<FaultyFileSystem>(RealLocal(modes), Plan());
}

MadeFileSystem FaultyS3(S3Config config) {
  SLUICE_ASSIGN(auto fs, RealS3(std::move(config)));
  return std::make_shared<FaultyFileSystem>(std::move(fs), Plan());
}

}  // namespace sluice
