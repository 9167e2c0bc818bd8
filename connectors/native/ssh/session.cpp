#include "connectors/native/ssh/session.hpp"

#include "connectors/native/ssh/script.hpp"
#include "connectors/native/ssh/socket.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libssh/libssh.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace sallyport::connectors::ssh {

namespace {

constexpr std::size_t output_limit_bytes = 1U << 20U;

using Handle = std::unique_ptr<ssh_session_struct, decltype(&ssh_free)>;
using Key = std::unique_ptr<ssh_key_struct, decltype(&ssh_key_free)>;
using Channel = std::unique_ptr<ssh_channel_struct, decltype(&ssh_channel_free)>;

std::unexpected<Error> lost(std::string_view what, ssh_session session, Deadline deadline) {
  if (Deadline::Clock::now() >= deadline.at())
    return fail(Errc::expired, fmt::format("ssh: {}: the deadline passed", what));
  return fail(Errc::unavailable, fmt::format("ssh: {}: {}", what, ssh_get_error(session)));
}

/// Nothing is read from this user's own ssh configuration.
bool set_options(ssh_session session, const Config& config, const Host& host, int socket) {
  bool process_config = false;
  const unsigned port = host.port;
  const long timeout_s = 3'600;  // the watchdog is sooner
  const auto& known = config.known_hosts.empty() ? std::string{"/dev/null"} : config.known_hosts;
  return ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &process_config) == 0 &&
         ssh_options_set(session, SSH_OPTIONS_HOST, host.address.c_str()) == 0 &&
         ssh_options_set(session, SSH_OPTIONS_PORT, &port) == 0 &&
         ssh_options_set(session, SSH_OPTIONS_USER, host.user.c_str()) == 0 &&
         ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, known.c_str()) == 0 &&
         ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") == 0 &&
         ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &timeout_s) == 0 &&
         ssh_options_set(session, SSH_OPTIONS_FD, &socket) == 0;
}

std::string fingerprint_of(ssh_session session) {
  ssh_key raw = nullptr;
  if (ssh_get_server_publickey(session, &raw) != SSH_OK) return {};
  const Key key{raw, &ssh_key_free};
  unsigned char* hash = nullptr;
  std::size_t size = 0;
  if (ssh_get_publickey_hash(raw, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != SSH_OK) return {};
  char* text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
  std::string fingerprint{text ? text : ""};
  ssh_string_free_char(text);
  ssh_clean_pubkey_hash(&hash);
  return fingerprint;
}

Result<> check_host_key(ssh_session session, const Host& host) {
  const auto shown = fingerprint_of(session);
  if (shown.empty()) return fail(Errc::denied, "ssh: the host shows no key");
  if (!host.fingerprints.empty()) {
    if (std::ranges::find(host.fingerprints, shown) != host.fingerprints.end()) return {};
  } else if (ssh_session_is_known_server(session) == SSH_KNOWN_HOSTS_OK) {
    return {};
  }
  return fail(Errc::denied,
              fmt::format("ssh: the host shows {}, which is not its known key", shown));
}

Result<> log_in(ssh_session session,
                const Config& config,
                const Host& host,
                const Secret& passphrase,
                Deadline deadline) {
  const auto& file = host.key_file.empty() ? config.key_file : host.key_file;
  ssh_key raw = nullptr;
  const int read =
      ssh_pki_import_privkey_file(file.c_str(),
                                  passphrase.empty() ? nullptr : passphrase.reveal().c_str(),
                                  nullptr,
                                  nullptr,
                                  &raw);
  if (read != SSH_OK)
    return fail(Errc::invalid_input, fmt::format("ssh: the key {} cannot be read", file));
  const Key key{raw, &ssh_key_free};
  switch (ssh_userauth_publickey(session, nullptr, raw)) {
    case SSH_AUTH_SUCCESS:
      return {};
    case SSH_AUTH_DENIED:
    case SSH_AUTH_PARTIAL:
      return fail(Errc::denied, fmt::format("ssh: the host does not let {} in", host.user));
    default:
      return lost("log in", session, deadline);
  }
}

ino_t inode_of(int fd) {
  struct stat is{};
  return fstat(fd, &is) == 0 ? is.st_ino : 0;
}

bool write_all(ssh_channel channel, std::string_view text) {
  while (!text.empty()) {
    const int n = ssh_channel_write(channel, text.data(), static_cast<std::uint32_t>(text.size()));
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ssh_channel_send_eof(channel) == SSH_OK;
}

/// Reads until the end. False: the connection broke before.
bool read_all(ssh_channel channel, bool errors, std::string& into) {
  std::array<char, 8'192> chunk{};
  while (into.size() < output_limit_bytes) {
    const int n = ssh_channel_read_timeout(
        channel, chunk.data(), static_cast<std::uint32_t>(chunk.size()), errors ? 1 : 0, -1);
    if (n < 0) return false;
    if (n == 0) return ssh_channel_is_eof(channel) != 0;
    into.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

struct Session::Connection {
  Connection(int fd, Deadline until)
      : deadline{until},
        socket{fd},
        inode{inode_of(fd)},
        watchdog{std::in_place, fd, until},
        handle{ssh_new(), &ssh_free} {}

  ~Connection() {
    // The watchdog goes first: it knows a number that is somebody else's once the socket is closed.
    watchdog.reset();
    if (handle) ssh_disconnect(handle.get());
    handle.reset();
    // libssh closes a socket that it was given only where the connection failed.
    if (inode_of(socket) == inode) close(socket);
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Deadline deadline;
  int socket;
  ino_t inode;  ///< What the number stood for.
  std::optional<Watchdog> watchdog;
  Handle handle;
};

Session::Session(std::unique_ptr<Connection> connection) : connection_{std::move(connection)} {}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Result<Session> Session::open(const Config& config,
                              const Host& host,
                              const Secret& passphrase,
                              Deadline deadline) {
  const auto socket = connect_tcp(config.network_namespace, host.address, host.port, deadline);
  if (!socket) return std::unexpected{socket.error()};
  auto connection = std::make_unique<Connection>(*socket, deadline);
  auto* session = connection->handle.get();
  if (!session || !set_options(session, config, host, *socket)) {
    return fail(Errc::invalid_input, "ssh: the options of the host cannot be used");
  }
  if (ssh_connect(session) != SSH_OK) return lost("connect", session, deadline);
  if (auto ok = check_host_key(session, host); !ok) return std::unexpected{ok.error()};
  if (auto ok = log_in(session, config, host, passphrase, deadline); !ok)
    return std::unexpected{ok.error()};
  return Session{std::move(connection)};
}

Result<Answer> Session::run(const Job& job, bool sudo) {
  auto* session = connection_->handle.get();
  const auto deadline = connection_->deadline;
  const Channel channel{ssh_channel_new(session), &ssh_channel_free};
  if (!channel || ssh_channel_open_session(channel.get()) != SSH_OK)
    return lost("open a channel", session, deadline);
  if (ssh_channel_request_exec(channel.get(), command_line(job, sudo).c_str()) != SSH_OK)
    return lost("start a command", session, deadline);
  // The call of the script's function is its last line: what arrives in part does nothing.
  if (!write_all(channel.get(), script())) return lost("send the script", session, deadline);

  std::string printed;
  std::string errors;
  const bool whole = read_all(channel.get(), false, printed);
  auto answer = parse_answer(printed);
  if (!answer.word.empty() || answer.begun || !whole) return answer;
  (void)read_all(channel.get(), true, errors);
  const int status = ssh_channel_get_exit_status(channel.get());
  if (status < 0) return answer;
  std::ranges::replace_if(errors, [](char c) { return c < ' ' || c > '~'; }, ' ');
  return fail(
      Errc::denied,
      fmt::format(
          "ssh: the host did not run it (exit status {}): {}", status, errors.substr(0, 200)));
}

}  // namespace sallyport::connectors::ssh
