// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/idle_memory.h"
#include "base/redaction.h"
#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "cli/query_watch.h"
#include "cli/served_process.h"
#include "connect/connect_server.h"
#include "env/allowed_roots.h"
#include "env/plain_network.h"
#include "env/private_file.h"

namespace sluice::cli {
namespace {

struct ServerOptions {
  GlobalOptions global;
  ConnectServerOptions listen;
  std::string token_file;
  std::string certificate_file;
  std::string key_file;
  std::vector<std::string> allowed_roots;
};

// The token may be read by nobody but its owner.
Result<std::string> ReadToken(const std::string& path) {
  SLUICE_ASSIGN(const PrivateText text, ReadNamedText(path));
  constexpr unsigned kOthers = 077;
  if ((text.mode & kOthers) != 0) {
    return UserError("SLUICE_USAGE", path + " may be read or changed by others; make it chmod 600 (--token-file).");
  }
  if (const std::string why = WhyOthersDecide(path); !why.empty()) {
    return UserError("SLUICE_USAGE", path + " is not only yours: " + why + " (--token-file).");
  }
  const size_t end = text.bytes.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return UserError("SLUICE_USAGE", path + " is empty (--token-file).");
  const std::string token = text.bytes.substr(0, end + 1);
  constexpr size_t kShortest = 16;
  if (token.size() < kShortest || token.find_first_of(" \t\r\n") != std::string::npos) {
    return UserError("SLUICE_USAGE", fmt::format("{} has to hold one token of at least {} characters, without spaces.",
                                                 path, kShortest));
  }
  RegisterSecret(token);
  return token;
}

Status ReadSecurity(ServerOptions* options) {
  if (!options->token_file.empty()) {
    SLUICE_ASSIGN(options->listen.token, ReadToken(options->token_file));
  }
  if (options->certificate_file.empty() != options->key_file.empty()) {
    return UserError("SLUICE_USAGE", "--tls-cert and --tls-key go together.");
  }
  if (!options->certificate_file.empty()) {
    SLUICE_ASSIGN(const PrivateText certificate, ReadNamedText(options->certificate_file));
    SLUICE_ASSIGN(const PrivateText key, ReadNamedText(options->key_file));
    WarnIfOthersMayRead(options->key_file, key.mode);
    options->listen.tls_certificate = certificate.bytes;
    options->listen.tls_key = key.bytes;
  }
  const bool safe = !options->listen.token.empty() && !options->listen.tls_certificate.empty();
  if (!IsLoopbackHost(options->listen.host) && !safe) {
    return UserError("SLUICE_USAGE",
                     fmt::format("On {} others can reach the server, and whoever reaches it can read and write what "
                                 "this user can: give --token-file, --tls-cert and --tls-key, or listen on 127.0.0.1.",
                                 options->listen.host));
  }
  return Status::OK();
}

int RunServer(ServerOptions options) {
  if (const Status read = ReadSecurity(&options); !read.ok()) return Fail(read, kBadUsage);
  CatchStopSignals();
  // On an address that others reach, the disk is closed but for what is named.
  std::optional<AllowedRoots> roots;
  if (!options.allowed_roots.empty() || !IsLoopbackHost(options.listen.host)) {
    Result<AllowedRoots> made = AllowedRoots::Of(options.allowed_roots);
    if (!made.ok()) return Fail(made.status(), kBadUsage);
    roots = made.MoveValueUnsafe();
  }
  Result<ServedProcess> served = ServedProcess::Start(options.global, {options.listen, false, std::move(roots)});
  if (!served.ok()) return Fail(served.status(), kBadUsage);
  std::cout << "sluice: ready on sc://" << options.listen.host << ":" << served->server->port() << std::endl;
  AwaitStopSignal([] { ReleaseIdleMemory(); });  // of the start
  return served->Stop();
}

}  // namespace

void AddServerCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<ServerOptions>();
  options->listen.port = 15002;
  CLI::App* command = app->add_subcommand("server", "Serve Spark Connect: PySpark programs run here");
  options->global.AddTo(command);
  command->add_option("--host", options->listen.host, "Address to listen on")->capture_default_str();
  command->add_option("--port", options->listen.port, "Port to listen on; 0: one that is free")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  command->add_option("--token-file", options->token_file,
                      "File with the token that clients give (sc://host:port/;token=..); only its owner may read it");
  command->add_option("--tls-cert", options->certificate_file, "PEM file of the server's certificate and its chain");
  command->add_option("--tls-key", options->key_file, "PEM file of the certificate's key");
  command
      ->add_option("--allowed-root", options->allowed_roots,
                   "Folder of this machine that sessions may read and write; may be repeated. Without one they may use "
                   "every folder that this user may while the server listens on this machine only, and none otherwise")
      ->allow_extra_args(false);
  command->footer(
      "Examples:\n"
      "  sluice server                              clients: SparkSession.builder.remote(\"sc://localhost\")\n"
      "  sluice server --port 0 --memory 512M       prints the port that it took\n"
      "  sluice server --host 0.0.0.0 --token-file token --tls-cert cert.pem --tls-key key.pem --allowed-root /data");
  command->callback([options, chosen] { *chosen = [options] { return RunServer(*options); }; });
}

}  // namespace sluice::cli
