// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "env/file_system.h"
#include "env/s3/s3_client.h"

namespace sluice::s3 {

// What lies below `folder` (a bucket, or a key without its slash), by name; one page or all. Objects that only mark a
// folder are left out. A page that fails, fails the listing.
Result<std::vector<FileInfo>> ListObjects(S3Client& client, const BucketKey& folder, bool recursive);
// Whether anything lies below `folder`; one request.
Result<bool> FolderExists(S3Client& client, const BucketKey& folder);

// One page of a ListObjectsV2 reply.
struct ListPage {
  std::vector<FileInfo> files;
  bool truncated = false;
  std::string next;
};
Result<ListPage> ParseListPage(const std::string& xml, const std::string& bucket);

// Deletes by pages of 1,000; keys that the store reports busy are tried again, any other per-key error fails.
Status DeleteObjects(S3Client& client, const std::string& bucket, std::vector<std::string> keys);

}  // namespace sluice::s3
