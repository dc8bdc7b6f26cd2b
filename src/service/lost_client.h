// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice {

class Operations;
class ServedSession;
class Session;

// Whether the session's streaming queries are to end with its client: spark.sluice.streaming.stopOnDisconnect.
bool EndsWithClient(const Session& session);

// Whether a client reads the responses of an operation that runs.
bool IsWaitedFor(const Operations& operations);

// Stops the session's queries, if they are to end with its client, once the client has gone: the stream of responses
// that it read is broken, and it has neither come back for it nor made another call for as long as
// spark.sluice.streaming.disconnectTimeout says. Called from time to time.
void StopIfClientIsLost(ServedSession* session);

// Does the same at once: the client has said that its program ends.
void ClientLeaves(ServedSession* session);

}  // namespace sluice
