// SPDX-License-Identifier: Apache-2.0
#include "cli/version.h"

#include <arrow/config.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

namespace sluice::cli {
namespace {

struct Component {
  const char* name;
  const char* version;
  const char* license;
  const char* linkage;
};

constexpr Component kComponents[] = {
#include "components.inc"  // made by cmake/SluiceComponents.cmake
};

// Of a library that is loaded: the one of this machine may be newer than the one built with.
std::string LoadedVersion(std::string_view name) {
  if (name == "Apache Arrow C++") return arrow::GetBuildInfo().version_string;
  if (name == "OpenSSL") return OpenSSL_version(OPENSSL_VERSION_STRING);
  return "";
}

}  // namespace

std::string VersionText() {
  return "sluice " SLUICE_VERSION " (Spark " SLUICE_SPARK_VERSION ")";
}

std::string VerboseVersionText() {
  std::string text = VersionText() + "\n";
  for (const Component& component : kComponents) {
    const std::string loaded = LoadedVersion(component.name);
    const bool differs = !loaded.empty() && loaded != component.version;
    text += fmt::format("{:<6}  {} {} ({}){}\n", component.linkage, component.name, component.version,
                        component.license, differs ? ", loaded: " + loaded : "");
  }
  text.pop_back();
  return text;
}

}  // namespace sluice::cli
