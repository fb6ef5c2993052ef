// load_secret_key() and save_secret_key() of keys.h.
#include "proto/keys.h"
#include "proto/secret_file.h"

namespace phase {
namespace {

constexpr std::size_t kMaxKeyFile = 256;  // one with a key number has 115 bytes

}  // namespace

Result<SecretKey> load_secret_key(const std::string& path) {
  const auto file = read_secret_file(path, kMaxKeyFile);
  if (!file) return file.error().in("secret key");
  if (!file->owner_only) {
    return {ErrorCode::kConfig,
            path +
                ": others than its owner can read or write this secret key; chmod 600 it, and "
                "make a new one if it may have been read"};
  }
  Result<SecretKey> key = SecretKey::parse(file->bytes.text());
  if (!key) return key.error().in(path);
  return key;
}

Result<void> save_secret_key(const std::string& path, const SecretKey& key) {
  const SecretBytes text = key.serialize();
  return write_secret_file(path, text.text());
}

}  // namespace phase
