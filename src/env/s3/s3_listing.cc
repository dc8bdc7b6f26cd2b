// SPDX-License-Identifier: Apache-2.0
#include "env/s3/s3_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/spark_error.h"
#include "env/s3/checksum.h"
#include "env/s3/s3_objects.h"
#include "env/s3/xml_scanner.h"

namespace sluice::s3 {
namespace {

constexpr size_t kDeletePage = 1000;
constexpr size_t kMaxListed = 5'000'000;
constexpr int kMaxEmptyPages = 100;  // one after another
constexpr size_t kMaxToken = 4096;
using Token = XmlScanner::Token;

Status BadReply(const S3Client& client, S3Call call, const BucketKey& at) {
  return EnvironmentError("SLUICE_S3.REQUEST_FAILED",
                          fmt::format("S3 {} {}: the reply cannot be read.", CallName(call), client.Show(at)), true);
}

Status EndlessListing(const S3Client& client, const BucketKey& folder, std::string_view why) {
  return EnvironmentError("SLUICE_S3.REQUEST_FAILED",
                          fmt::format("S3 ListObjectsV2 {}: the listing does not end: {}.", client.Show(folder), why));
}

// Elements of <Contents> or <CommonPrefixes>, until it closes.
bool ReadEntry(XmlScanner& scanner, std::string_view element, std::map<std::string, std::string>* fields) {
  fields->clear();
  int depth = 1;
  while (depth > 0) {
    const Token token = scanner.Next();
    if (token == Token::kOpen) {
      ++depth;
    } else if (token == Token::kClose) {
      if (--depth == 1) (*fields)[std::string(scanner.name())] = scanner.text();
    } else {
      return false;
    }
  }
  return scanner.name() == element;
}

Result<std::string> ListOnce(S3Client& client, const BucketKey& folder, bool recursive, const std::string& token,
                             int max_keys) {
  S3Request request;
  request.call = S3Call::kListObjects;
  request.at = {folder.bucket, ""};
  request.query = {{"list-type", "2"}, {"encoding-type", "url"}};
  if (!folder.key.empty()) request.query.emplace_back("prefix", folder.key + "/");
  if (!recursive) request.query.emplace_back("delimiter", "/");
  if (max_keys > 0) request.query.emplace_back("max-keys", std::to_string(max_keys));
  if (!token.empty()) request.query.emplace_back("continuation-token", token);
  SLUICE_ASSIGN(S3Reply reply, client.Run(request));
  return std::move(reply.http.body);
}

struct KeyError {
  std::string key;
  S3Error error;
};

// The <Error> entries of a DeleteObjects reply.
bool ParseDeleteErrors(const std::string& xml, std::vector<KeyError>* errors) {
  XmlScanner scanner(xml);
  std::map<std::string, std::string> fields;
  bool seen_result = false;
  while (true) {
    const Token token = scanner.Next();
    if (token == Token::kEnd) return seen_result;
    if (token == Token::kBroken) return false;
    if (token != Token::kOpen) continue;
    if (scanner.name() == "DeleteResult") seen_result = true;
    if (scanner.name() != "Error") continue;
    if (!ReadEntry(scanner, "Error", &fields)) return false;
    KeyError error;
    error.key = fields["Key"];
    error.error.code = Shortened(fields["Code"], 128);
    error.error.message = Shortened(fields["Message"], 1024);
    error.error.status = 200;
    errors->push_back(std::move(error));
  }
}

// One page; the keys to try again are left in `keys`.
Status DeletePage(S3Client& client, const std::string& bucket, std::vector<std::string>* keys, bool last_try) {
  std::string body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
  for (const std::string& key : *keys) body += fmt::format("<Object><Key>{}</Key></Object>", XmlEscape(key));
  body += "</Delete>";
  S3Request request;
  request.call = S3Call::kDeleteObjects;
  request.method = "POST";
  request.at = {bucket, ""};
  request.query = {{"delete", ""}};
  request.headers = {{"Content-Type", "application/xml"}};
  if (const std::string md5 = Md5Header(body); !md5.empty()) request.headers.emplace_back("Content-MD5", md5);
  request.body = body;
  SLUICE_ASSIGN(const S3Reply reply, client.Run(request));
  std::vector<KeyError> errors;
  if (!ParseDeleteErrors(reply.http.body, &errors)) return BadReply(client, request.call, request.at);
  keys->clear();
  for (KeyError& failed : errors) {
    if (failed.error.code == "NoSuchKey") continue;
    if (JudgeError(failed.error) != Verdict::kRetry || last_try) {
      failed.error.request_id = reply.http.Header("x-amz-request-id");
      return ErrorStatus(CallName(request.call), client.Show({bucket, failed.key}), failed.error, 1);
    }
    keys->push_back(failed.key);
  }
  return Status::OK();
}

Status DeleteOne(S3Client& client, const BucketKey& at) {
  S3Request request;
  request.call = S3Call::kDeleteObject;
  request.method = "DELETE";
  request.at = at;
  request.expected = {404};
  return client.Run(request).status();
}

}  // namespace

Result<ListPage> ParseListPage(const std::string& xml, const std::string& bucket) {
  const Status broken = EnvironmentError("SLUICE_S3.REQUEST_FAILED",
                                         fmt::format("S3 ListObjectsV2 {}: the reply cannot be read.", bucket), true);
  XmlScanner scanner(xml);
  ListPage page;
  const bool encoded = XmlText(xml, "EncodingType") == "url";
  const auto key_of = [&](const std::string& text) { return encoded ? DecodeListed(text) : text; };
  std::map<std::string, std::string> fields;
  bool seen_result = false;
  while (true) {
    const Token token = scanner.Next();
    if (token == Token::kBroken) return broken;
    if (token == Token::kEnd) break;
    const std::string name(scanner.name());
    if (token == Token::kClose) {
      if (name == "IsTruncated") page.truncated = scanner.text() == "true";
      if (name == "NextContinuationToken") page.next = scanner.text();
      continue;
    }
    if (name == "ListBucketResult") seen_result = true;
    if (name != "Contents" && name != "CommonPrefixes") continue;
    if (!ReadEntry(scanner, name, &fields)) return broken;
    FileInfo info;
    if (name == "CommonPrefixes") {
      info.is_folder = true;
      info.path = bucket + "/" + key_of(fields["Prefix"]);
      while (info.path.ends_with('/')) info.path.pop_back();
    } else {
      info.path = bucket + "/" + key_of(fields["Key"]);
      if (info.path.ends_with('/')) continue;  // marks a folder
      const std::string& size = fields["Size"];
      const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), info.size);
      if (error != std::errc() || end != size.data() + size.size()) return broken;
      info.modified_ms = ParseDateMillis(fields["LastModified"]);
      info.version = fields["ETag"];
    }
    page.files.push_back(std::move(info));
  }
  if (!seen_result || (page.truncated && page.next.empty()) || page.next.size() > kMaxToken) return broken;
  return page;
}

Result<std::vector<FileInfo>> ListObjects(S3Client& client, const BucketKey& folder, bool recursive) {
  std::vector<FileInfo> files;
  std::set<std::string> tokens;
  std::string token;
  int empty_pages = 0;
  while (true) {
    SLUICE_ASSIGN(const std::string xml, ListOnce(client, folder, recursive, token, 0));
    SLUICE_ASSIGN(ListPage page, ParseListPage(xml, folder.bucket));
    empty_pages = page.files.empty() ? empty_pages + 1 : 0;
    std::move(page.files.begin(), page.files.end(), std::back_inserter(files));
    if (!page.truncated) break;
    // A listing that goes round, or on for ever, would take all memory.
    if (!tokens.insert(page.next).second) return EndlessListing(client, folder, "it begins anew");
    if (empty_pages > kMaxEmptyPages) return EndlessListing(client, folder, "its pages are empty");
    if (files.size() > kMaxListed) {
      return EndlessListing(client, folder, fmt::format("it has more than {} objects", kMaxListed));
    }
    token = page.next;
  }
  std::sort(files.begin(), files.end(), [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
  return files;
}

Result<bool> FolderExists(S3Client& client, const BucketKey& folder) {
  SLUICE_ASSIGN(const std::string xml, ListOnce(client, folder, true, "", 1));
  // Any entry counts, the folder's own mark too.
  return !XmlText(xml, "Key").empty();
}

Status DeleteObjects(S3Client& client, const std::string& bucket, std::vector<std::string> keys) {
  if (keys.size() == 1) return DeleteOne(client, {bucket, keys[0]});
  for (size_t begin = 0; begin < keys.size(); begin += kDeletePage) {
    const size_t end = std::min(keys.size(), begin + kDeletePage);
    std::vector<std::string> page(keys.begin() + static_cast<ptrdiff_t>(begin),
                                  keys.begin() + static_cast<ptrdiff_t>(end));
    for (int attempt = 1; !page.empty(); ++attempt) {
      SLUICE_RETURN_IF_ERROR(DeletePage(client, bucket, &page, attempt >= client.config().max_attempts));
      if (!page.empty()) client.BackOff(attempt);
    }
  }
  return Status::OK();
}

}  // namespace sluice::s3
