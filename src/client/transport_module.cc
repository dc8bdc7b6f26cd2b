// SPDX-License-Identifier: Apache-2.0
#include "client/transport_module.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr char kModule[] = "libsluice_remote.so";
using Open = Transport* (*)(const TransportTarget*);

Status NotLoaded(const std::string& file) {
  const char* why = ::dlerror();
  return EnvironmentError("SLUICE_REMOTE.NO_TRANSPORT",
                          fmt::format("{}, which speaks to Spark Connect servers, cannot be loaded: {}", file,
                                      why == nullptr ? "it is another one" : why));
}

// Beside the file that this code is in: a search by name could find another program's.
Result<Open> LoadModule() {
  Dl_info here{};
  if (::dladdr(reinterpret_cast<const void*>(&LoadTransport), &here) == 0 || here.dli_fname == nullptr) {
    return InternalError("the library's own file is not known");
  }
  std::error_code ignored;
  const std::filesystem::path own = std::filesystem::canonical(here.dli_fname, ignored);
  const std::string file = (own.parent_path() / kModule).string();
  void* module = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) return NotLoaded(file);
  auto* open = reinterpret_cast<Open>(::dlsym(module, "sluice_open_transport"));
  if (open == nullptr) return NotLoaded(file);
  return open;
}

}  // namespace

Result<std::unique_ptr<Transport>> LoadTransport(const TransportTarget& target) {
  static const Result<Open> kOpen = LoadModule();
  SLUICE_RETURN_IF_ERROR(kOpen.status());
  return std::unique_ptr<Transport>((*kOpen)(&target));
}

}  // namespace sluice
