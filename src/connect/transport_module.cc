// SPDX-License-Identifier: Apache-2.0
// The entrance of the module that src/client/transport_module.cc loads.
#include "connect/grpc_transport.h"

extern "C" __attribute__((visibility("default"))) sluice::Transport* sluice_open_transport(
    const sluice::TransportTarget* target) {
  return sluice::OpenGrpcTransport(*target).release();
}
