// SPDX-License-Identifier: Apache-2.0
// AES by OpenSSL.
#include <arrow/api.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/try_expr.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

constexpr size_t kTagBytes = 16;  // that GCM puts behind the text

struct Mode {
  std::string_view name;
  std::string_view padding;
  size_t iv_bytes;  // which stand before the encrypted bytes
  bool authenticated;
  const EVP_CIPHER* (*ciphers[3])();  // for keys of 16, 24 and 32 bytes
};

constexpr Mode kModes[] = {
    {"GCM", "NONE", 12, true, {EVP_aes_128_gcm, EVP_aes_192_gcm, EVP_aes_256_gcm}},
    {"ECB", "PKCS", 0, false, {EVP_aes_128_ecb, EVP_aes_192_ecb, EVP_aes_256_ecb}},
    {"CBC", "PKCS", 16, false, {EVP_aes_128_cbc, EVP_aes_192_cbc, EVP_aes_256_cbc}},
};

std::string Upper(Text text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

Result<const Mode*> FindMode(const std::string& function, Text name, Text padding) {
  const std::string wanted = Upper(name);
  const std::string filled = Upper(padding);
  for (const Mode& mode : kModes) {
    if (mode.name == wanted && (filled == "DEFAULT" || filled == mode.padding)) return &mode;
  }
  return UserError("UNSUPPORTED_FEATURE.AES_MODE",
                   fmt::format("{} has no AES mode '{}' with the padding '{}'.", function, name, padding),
                   {{"mode", std::string(name)},
                    {"padding", std::string(padding)},
                    {"functionName", fmt::format("`{}`", function)}});
}

Status CryptoError(const std::string& function) {
  return UserError("INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR",
                   fmt::format("The bytes cannot be decrypted: other key, mode or padding, or damaged bytes."),
                   {{"parameter", "`expr`, `key`"},
                    {"functionName", fmt::format("`{}`", function)},
                    {"detailMessage", "the bytes, the key, the mode and the padding do not go together"}});
}

Result<const EVP_CIPHER*> CipherOf(const std::string& function, const Mode& mode, Text key) {
  if (key.size() == 16 || key.size() == 24 || key.size() == 32) return mode.ciphers[key.size() / 8 - 2]();
  return UserError("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH",
                   fmt::format("A key of {} has 16, 24 or 32 bytes, not {}.", function, key.size()),
                   {{"parameter", "`key`"},
                    {"functionName", fmt::format("`{}`", function)},
                    {"actualLength", std::to_string(key.size())}});
}

const unsigned char* Bytes(Text text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// One text through a cipher; `tag` is written where it encrypts, and compared where it decrypts.
class Pass {
 public:
  Pass(const EVP_CIPHER* cipher, const Mode& mode, bool encrypt)
      : cipher_(cipher), mode_(mode), encrypt_(encrypt), context_(EVP_CIPHER_CTX_new()) {}

  bool Run(Text key, Text iv, Text aad, Text input, std::string* output, unsigned char* tag) {
    EVP_CIPHER_CTX* context = context_.get();
    if (context == nullptr || input.size() > INT32_MAX - 64 || aad.size() > INT32_MAX) return false;
    const int way = encrypt_ ? 1 : 0;
    int size = 0;
    if (EVP_CipherInit_ex(context, cipher_, nullptr, Bytes(key), iv.empty() ? nullptr : Bytes(iv), way) != 1)
      return false;
    if (!aad.empty() && EVP_CipherUpdate(context, nullptr, &size, Bytes(aad), static_cast<int>(aad.size())) != 1) {
      return false;
    }
    const size_t begin = output->size();
    output->resize(begin + input.size() + EVP_MAX_BLOCK_LENGTH);
    auto* out = reinterpret_cast<unsigned char*>(output->data()) + begin;
    int written = 0;
    if (!input.empty() && EVP_CipherUpdate(context, out, &written, Bytes(input), static_cast<int>(input.size())) != 1)
      return false;
    if (mode_.authenticated && !encrypt_ && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) != 1)
      return false;
    if (EVP_CipherFinal_ex(context, out + written, &size) != 1) return false;
    output->resize(begin + static_cast<size_t>(written + size));
    return !mode_.authenticated || !encrypt_ ||
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1;
  }

 private:
  const EVP_CIPHER* cipher_;
  const Mode& mode_;
  bool encrypt_;
  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context_;
};

// What a row of a call gives.
struct Row {
  Text input, key, mode, padding, iv, aad;
};

Status CheckVector(const std::string& function, const Mode& mode, const Row& row) {
  const auto refused = [&](const char* what, const std::string& why) {
    return UserError(fmt::format("UNSUPPORTED_FEATURE.{}", what), why,
                     {{"mode", std::string(mode.name)}, {"functionName", fmt::format("`{}`", function)}});
  };
  if (!row.iv.empty() && mode.iv_bytes == 0) {
    return refused("AES_MODE_IV", fmt::format("{} in the mode {} has no initialization vector.", function, mode.name));
  }
  if (!row.iv.empty() && row.iv.size() != mode.iv_bytes) {
    return UserError("INVALID_PARAMETER_VALUE.AES_IV_LENGTH",
                     fmt::format("The initialization vector of the mode {} has {} bytes, not {}.", mode.name,
                                 mode.iv_bytes, row.iv.size()),
                     {{"mode", std::string(mode.name)},
                      {"parameter", "`iv`"},
                      {"functionName", fmt::format("`{}`", function)},
                      {"actualLength", std::to_string(row.iv.size())}});
  }
  if (row.aad.empty() || mode.authenticated) return Status::OK();
  return refused("AES_MODE_AAD",
                 fmt::format("{} in the mode {} takes no additional authenticated data.", function, mode.name));
}

Status Encrypt(const std::string& function, const Row& row, std::string* out) {
  SLUICE_ASSIGN(const Mode* mode, FindMode(function, row.mode, row.padding));
  SLUICE_RETURN_IF_ERROR(CheckVector(function, *mode, row));
  SLUICE_ASSIGN(const EVP_CIPHER* cipher, CipherOf(function, *mode, row.key));
  out->assign(row.iv);
  if (row.iv.empty() && mode->iv_bytes > 0) {
    out->resize(mode->iv_bytes);
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out->data()), static_cast<int>(mode->iv_bytes)) != 1)
      return InternalError("no random bytes for an initialization vector");
  }
  unsigned char tag[kTagBytes] = {};
  const std::string iv = *out;
  if (!Pass(cipher, *mode, true).Run(row.key, iv, row.aad, row.input, out, tag)) return CryptoError(function);
  if (mode->authenticated) out->append(reinterpret_cast<const char*>(tag), kTagBytes);
  return Status::OK();
}

Status Decrypt(const std::string& function, const Row& row, std::string* out) {
  SLUICE_ASSIGN(const Mode* mode, FindMode(function, row.mode, row.padding));
  SLUICE_ASSIGN(const EVP_CIPHER* cipher, CipherOf(function, *mode, row.key));
  const size_t least = mode->iv_bytes + (mode->authenticated ? kTagBytes : 0);
  if (row.input.size() < least) return CryptoError(function);
  out->clear();
  Text input = row.input.substr(mode->iv_bytes);
  unsigned char tag[kTagBytes] = {};
  if (mode->authenticated) {
    const Text given = input.substr(input.size() - kTagBytes);
    std::copy(given.begin(), given.end(), tag);
    input.remove_suffix(kTagBytes);
  } else if (input.empty()) {
    return Status::OK();
  }
  const Text iv = row.input.substr(0, mode->iv_bytes);
  const Text aad = mode->authenticated ? row.aad : Text();
  return Pass(cipher, *mode, false).Run(row.key, iv, aad, input, out, tag) ? Status::OK() : CryptoError(function);
}

Result<ArrayPtr> AesEncrypt(const KernelCall& call) {
  std::string bytes;
  return MapRows<Text, Text, Text, Text, Text, Text, Text>(
      call, [&](RowOutput<Text>& out, Text input, Text key, Text mode, Text padding, Text iv, Text aad) -> Status {
        SLUICE_RETURN_IF_ERROR(Encrypt(call.node.name(), {input, key, mode, padding, iv, aad}, &bytes));
        return out.Set(bytes);
      });
}

Result<ArrayPtr> AesDecrypt(const KernelCall& call) {
  std::string bytes;
  return MapRows<Text, Text, Text, Text, Text, Text>(
      call, [&](RowOutput<Text>& out, Text input, Text key, Text mode, Text padding, Text aad) -> Status {
        SLUICE_RETURN_IF_ERROR(Decrypt(call.node.name(), {input, key, mode, padding, {}, aad}, &bytes));
        return out.Set(bytes);
      });
}

Signature Aes(Kernel kernel, std::vector<Arg> args) {
  Signature how{
      .args = std::move(args), .type = BinaryType(), .kernel = kernel, .nulls = Nulls::kAlways, .required = 2};
  how.defaults = {StringLiteral("GCM"), StringLiteral("DEFAULT"), StringLiteral("")};
  if (how.args.size() > 5) how.defaults.push_back(StringLiteral(""));
  return how;
}

}  // namespace

void AddEncryption(FunctionTable* table) {
  const std::vector<Arg> decrypting = {Arg::kBinary, Arg::kBinary, Arg::kString, Arg::kString, Arg::kBinary};
  table->push_back(
      Function("aes_encrypt", "aes_encrypt(bytes, key[, mode[, padding[, iv[, aad]]]])",
               "Encrypted by AES in the mode GCM, CBC or ECB; without an iv, by a random one.",
               "hex(aes_encrypt('Spark', '0000111122223333', 'ECB'))", "3.3.0",
               Aes(AesEncrypt, {Arg::kBinary, Arg::kBinary, Arg::kString, Arg::kString, Arg::kBinary, Arg::kBinary})));
  table->push_back(Function("aes_decrypt", "aes_decrypt(bytes, key[, mode[, padding[, aad]]])",
                            "The bytes that aes_encrypt encrypted.",
                            "aes_decrypt(aes_encrypt('Spark', '0000111122223333'), '0000111122223333')", "3.3.0",
                            Aes(AesDecrypt, decrypting)));
  ScalarFunction tried = Function("try_aes_decrypt", "try_aes_decrypt(bytes, key[, mode[, padding[, aad]]])",
                                  "As aes_decrypt, but NULL for what cannot be decrypted.",
                                  "try_aes_decrypt(X'00', '0000111122223333')", "3.5.0", Aes(AesDecrypt, decrypting));
  tried.resolve = [resolve = tried.resolve](std::vector<ExprPtr> args,
                                            const ResolveOptions& options) -> Result<ExprPtr> {
    SLUICE_ASSIGN(ExprPtr bytes, resolve(std::move(args), options));
    std::string shown = bytes->ToString();
    return std::make_shared<TryExpr>(std::move(bytes), std::move(shown));
  };
  table->push_back(std::move(tried));
}

}  // namespace sluice
