#include "engine/audit/signing.hpp"

#include "engine/base/digest.hpp"
#include "engine/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <vector>

namespace sallyport::audit {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t signature_bytes = 64;
constexpr auto private_name = "ledger-ed25519.pem";
constexpr auto public_name = "ledger-ed25519.pub";

using Key = std::shared_ptr<EVP_PKEY>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Key owned(EVP_PKEY* key) {
  return {key, &EVP_PKEY_free};
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string to_base64(const std::vector<unsigned char>& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const auto n = EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(n));
  return text;
}

/// Exactly a signature's bytes in their one spelling; empty: it is none.
std::vector<unsigned char> signature_of(std::string_view base64) {
  if (base64.size() != 88) return {};
  std::vector<unsigned char> bytes(66);
  if (EVP_DecodeBlock(bytes.data(), bytes_of(base64), 88) != 66) return {};
  bytes.resize(signature_bytes);
  if (to_base64(bytes) != base64) return {};
  return bytes;
}

std::string drain(BIO* bio) {
  char* data = nullptr;
  const auto n = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(n)};
}

/// All or nothing: the name appears when the bytes are on the disk.
Result<> write_file(const fs::path& file, std::string_view text, ::mode_t mode) {
  const auto failed = [&] {
    return fail(Errc::unavailable, fmt::format("{}: cannot be written", file.string()));
  };
  const auto fresh = file.string() + ".new";
  std::error_code ignored;
  fs::remove(fresh, ignored);
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return failed();
  const auto n = ::write(fd, text.data(), text.size());
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (n != static_cast<::ssize_t>(text.size()) || !synced) return failed();
  std::error_code error;
  fs::rename(fresh, file, error);
  if (error) return failed();
  return {};
}

Key make_key() {
  auto key = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) throw std::logic_error{"OpenSSL makes no Ed25519 key"};
  return key;
}

bool is_ed25519(const Key& key) {
  return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519;
}

std::array<std::uint8_t, 32> raw_public(const Key& key) {
  std::array<std::uint8_t, 32> raw{};
  auto n = raw.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &n) != 1 || n != raw.size())
    throw std::logic_error{"an Ed25519 key without its 32 bytes"};
  return raw;
}

Key public_key(const std::array<std::uint8_t, 32>& raw) {
  return owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
}

}  // namespace

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  const Bio bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
  const auto key = owned(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!is_ed25519(key)) return fail(Errc::invalid_input, "not an Ed25519 public key in PEM");
  PublicKey result;
  result.raw_ = raw_public(key);
  return result;
}

Result<PublicKey> PublicKey::load(const fs::path& file) {
  const auto text = read_file(file);
  if (!text) return std::unexpected{text.error()};
  auto key = from_pem(*text);
  if (!key) return fail(key.error().code, fmt::format("{}: {}", file.string(), key.error().detail));
  return key;
}

std::string PublicKey::pem() const {
  const Bio bio{BIO_new(BIO_s_mem()), &BIO_free};
  const auto key = public_key(raw_);
  if (PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1)
    throw std::logic_error{"OpenSSL writes no public key"};
  return drain(bio.get());
}

std::string PublicKey::id() const {
  return "ed25519:" + to_hex(sha256(raw_bytes(raw_))).substr(0, 16);
}

bool PublicKey::verifies(std::string_view bytes, std::string_view signature) const {
  const auto signed_by = signature_of(signature);
  if (signed_by.empty()) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free};
  const auto key = public_key(raw_);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(
             context.get(), signed_by.data(), signed_by.size(), bytes_of(bytes), bytes.size()) == 1;
}

Result<SigningKey> SigningKey::load(const fs::path& directory) {
  const auto file = directory / private_name;
  struct ::stat status{};
  if (::stat(file.c_str(), &status) != 0)
    return fail(Errc::not_found, fmt::format("{}: no key", file.string()));
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Errc::denied,
                fmt::format("{}: others can read it; chmod 600, and if they may have read it, move "
                            "it away so that a new key is made",
                            file.string()));
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream{std::fopen(file.c_str(), "rb"),
                                                               &std::fclose};
  if (!stream) return fail(Errc::denied, fmt::format("{}: cannot be read", file.string()));
  SigningKey result;
  result.key_ = owned(PEM_read_PrivateKey(stream.get(), nullptr, nullptr, nullptr));
  if (!is_ed25519(result.key_))
    return fail(Errc::corrupt, fmt::format("{}: not an Ed25519 key", file.string()));
  result.public_.raw_ = raw_public(result.key_);
  return result;
}

Result<SigningKey> SigningKey::load_or_make(const fs::path& directory) {
  auto found = load(directory);
  if (found || found.error().code != Errc::not_found) return found;
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (error)
    return fail(Errc::unavailable, fmt::format("{}: {}", directory.string(), error.message()));

  SigningKey made;
  made.key_ = make_key();
  made.public_.raw_ = raw_public(made.key_);
  const Bio bio{BIO_new(BIO_s_mem()), &BIO_free};
  if (PEM_write_bio_PrivateKey(bio.get(), made.key_.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
      1)
    throw std::logic_error{"OpenSSL writes no private key"};
  auto text = drain(bio.get());
  const auto written = write_file(directory / private_name, text, S_IRUSR | S_IWUSR);
  OPENSSL_cleanse(text.data(), text.size());
  if (!written) return std::unexpected{written.error()};
  const auto shown = write_file(
      directory / public_name, made.public_.pem(), S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  if (!shown) return std::unexpected{shown.error()};
  return made;
}

std::string SigningKey::sign(std::string_view bytes) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free};
  std::vector<unsigned char> signature(signature_bytes);
  auto n = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &n, bytes_of(bytes), bytes.size()) != 1)
    throw std::logic_error{"OpenSSL does not sign"};
  return to_base64(signature);
}

fs::path key_directory(const fs::path& data_dir) {
  return data_dir / "keys";
}

Result<PublicKey> public_key_of(const fs::path& data_dir) {
  return PublicKey::load(key_directory(data_dir) / public_name);
}

}  // namespace sallyport::audit
