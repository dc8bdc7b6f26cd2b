// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <string>

#include "base/status.h"

namespace sluice {

class Conf;
class Session;

// Config for a client far away: values of secret keys are not listed, settings of the whole process cannot be changed,
// and what Spark's clients ask before they do something has an answer.
Result<spark::connect::ConfigResponse> RemoteConfig(Session* session, const spark::connect::ConfigRequest& request);

// For get(key, default). As in Spark, the caller's default wins over the setting's own; it must be a value that the
// setting may have.
Status GetWithDefaults(const Conf& conf, const spark::connect::ConfigRequest::GetWithDefault& get,
                       spark::connect::ConfigResponse* response);

// An error for a setting that sessions share, or that is fixed once a server runs.
Status CheckModifiable(const std::string& key);

}  // namespace sluice
