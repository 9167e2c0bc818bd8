#include "engine/http/codec.hpp"

#include "engine/base/ascii.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

// The only source that includes Beast, and of it the parser alone: its asynchronous wrappers cost
// forty seconds of compile time for one client and one server.
namespace sallyport::http {

namespace {

namespace beast = boost::beast;
using beast::http::field;
using Refused = beast::http::error;

constexpr int bad_request = 400;
constexpr int content_too_large = 413;
constexpr int uri_too_long = 414;
constexpr int expectation_failed = 417;
constexpr int header_too_large = 431;
constexpr int not_implemented = 501;
constexpr int version_not_supported = 505;

/// Room made for a body before it has come, however long it is said to be.
constexpr std::uint64_t reserve_at_most = 65536;

/// Receives what Beast's parser finds, straight into our message, and holds the line where Beast is
/// lenient.
template <class Message>
class Parser final : public beast::http::basic_parser<std::is_same_v<Message, Request>> {
 public:
  static constexpr bool is_request = std::is_same_v<Message, Request>;

  Message message;
  int refused = 0;  ///< The status of a refusal that Beast's error code cannot tell.
  std::size_t extension_bytes = 0;
  bool http_1_0 = false;
  bool expects_continue = false;
  bool has_start_line = false;

 private:
  using Text = beast::string_view;
  using Code = beast::error_code;

  void refuse(int status, Code& code, Refused as) {
    refused = status;
    code = as;
  }

  void on_request_impl(beast::http::verb, Text method, Text target, int version, Code&) override {
    if constexpr (is_request) {
      message.method.assign(method.data(), method.size());
      message.target.assign(target.data(), target.size());
    }
    http_1_0 = version == 10;
    has_start_line = true;
  }

  void on_response_impl(int status, Text, int version, Code&) override {
    if constexpr (!is_request) message.status = status;
    http_1_0 = version == 10;
    has_start_line = true;
  }

  void on_field_impl(field name, Text name_text, Text value, Code& code) override {
    // Beast has looked one byte past the line's end, so that byte is there to be read.
    const auto* end = name_text.data() + name_text.size();
    while (*end != '\n') ++end;
    if (end[1] == ' ' || end[1] == '\t') return refuse(bad_request, code, Refused::bad_obs_fold);
    if (header_seen_) return;  // a trailer

    switch (name) {
      case field::transfer_encoding:
        if (has_length_ || http_1_0)
          return refuse(bad_request, code, Refused::bad_transfer_encoding);
        if (!same_name(std::string_view{value.data(), value.size()}, "chunked"))
          return refuse(not_implemented, code, Refused::bad_transfer_encoding);
        has_coding_ = true;
        break;
      case field::content_length:
        if (has_length_ || has_coding_ || !std::ranges::all_of(value, ascii::is_digit))
          return refuse(bad_request, code, Refused::multiple_content_length);
        has_length_ = true;
        break;
      case field::host:
        ++hosts_;
        break;
      case field::expect:
        if (!same_name(std::string_view{value.data(), value.size()}, "100-continue"))
          return refuse(expectation_failed, code, Refused::bad_value);
        expects_continue = !http_1_0;
        break;
      default:
        break;
    }
    message.headers.emplace_back(std::piecewise_construct,
                                 std::forward_as_tuple(name_text.data(), name_text.size()),
                                 std::forward_as_tuple(value.data(), value.size()));
  }

  void on_header_impl(Code& code) override {
    header_seen_ = true;
    if (is_request && (hosts_ > 1 || (hosts_ == 0 && !http_1_0)))
      refuse(bad_request, code, Refused::bad_field);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code&) override {
    if (length) message.body.reserve(std::min(*length, reserve_at_most));
  }

  std::size_t on_body_impl(Text body, Code&) override {
    message.body.append(body.data(), body.size());
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t, Text extensions, Code&) override {
    extension_bytes += extensions.size();
  }

  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Code&) override {
    message.body.append(body.data(), body.size());
    return body.size();
  }

  void on_finish_impl(Code&) override {}

  int hosts_ = 0;
  bool header_seen_ = false;
  bool has_length_ = false;
  bool has_coding_ = false;
};

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return ascii::is_letter_or_digit(c) || marks.find(c) != std::string_view::npos;
  });
}

Result<> append_headers(std::string& bytes, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) return fail(Errc::invalid_input, "a header's name is no token");
    if (std::ranges::any_of(value,
                            [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }))
      return fail(Errc::invalid_input, "control character in a header");
    if (same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding") ||
        same_name(name, "Connection"))
      return fail(Errc::invalid_input, "the framing writes this header: " + name);
    bytes.append(name).append(": ").append(value).append("\r\n");
  }
  return {};
}

std::size_t size_of(const Headers& headers) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) bytes += name.size() + value.size() + 4;
  return bytes;
}

constexpr std::size_t framing_bytes = 128;  // start line, Content-Length, Connection

void append_framing(std::string& bytes, const Framing& framing, bool has_length, std::size_t body) {
  if (framing.chunked) {
    bytes += "Transfer-Encoding: chunked\r\n";
  } else if (has_length) {
    fmt::format_to(std::back_inserter(bytes), FMT_COMPILE("Content-Length: {}\r\n"), body);
  }
  if (!framing.keep_alive) {
    bytes += "Connection: close\r\n";
  } else if (framing.http_1_0) {
    bytes += "Connection: keep-alive\r\n";
  }
  bytes += "\r\n";
}

int status_of(beast::error_code error, bool has_start_line) {
  if (error == Refused::header_limit) return has_start_line ? header_too_large : uri_too_long;
  if (error == Refused::body_limit) return content_too_large;
  if (error == Refused::bad_version) return version_not_supported;
  return bad_request;
}

}  // namespace

Result<std::string> encode(const Request& request, Framing framing) {
  if (!is_token(request.method)) return fail(Errc::invalid_input, "the method is no token");
  if (request.target.empty() || ascii::has_control(request.target) ||
      request.target.find(' ') != std::string::npos)
    return fail(Errc::invalid_input, "space or control character in the target");
  std::string bytes;
  bytes.reserve(request.method.size() + request.target.size() + size_of(request.headers) +
                request.body.size() + framing_bytes);
  bytes.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  const auto headers = append_headers(bytes, request.headers);
  if (!headers) return std::unexpected{headers.error()};
  const bool may_have_body = request.method != "GET" && request.method != "HEAD";
  append_framing(bytes, framing, may_have_body || !request.body.empty(), request.body.size());
  if (!framing.chunked) bytes += request.body;
  return bytes;
}

Result<std::string> encode(const Response& response, Framing framing) {
  if (response.status < 200 || response.status > 599)
    return fail(Errc::invalid_input, "not the status of a final answer");
  const bool bodiless = response.status == 204 || response.status == 304;
  if (bodiless) framing.chunked = false;
  std::string bytes;
  bytes.reserve(size_of(response.headers) + response.body.size() + framing_bytes);
  fmt::format_to(std::back_inserter(bytes),
                 FMT_COMPILE("HTTP/1.1 {} {}\r\n"),
                 response.status,
                 phrase(response.status));
  const auto headers = append_headers(bytes, response.headers);
  if (!headers) return std::unexpected{headers.error()};
  append_framing(bytes, framing, !bodiless, response.body.size());
  if (!bodiless && !framing.body_omitted && !framing.chunked) bytes += response.body;
  return bytes;
}

std::string_view phrase(int status) {
  const auto text = beast::http::obsolete_reason(static_cast<beast::http::status>(status));
  return {text.data(), text.size()};
}

std::string encode_chunk(std::string_view piece) {
  std::string bytes;
  if (piece.empty()) return bytes;
  bytes.reserve(piece.size() + 20);
  fmt::format_to(std::back_inserter(bytes), FMT_COMPILE("{:x}\r\n"), piece.size());
  bytes.append(piece).append("\r\n");
  return bytes;
}

template <class Message>
struct Decoder<Message>::Impl {
  explicit Impl(DecoderLimits given) : limits{given} {
    parser.header_limit(limits.header_bytes);
    parser.body_limit(limits.body_bytes);
  }

  Parser<Message> parser;
  DecoderLimits limits;
  std::string pending;  ///< Came in but makes no whole line yet; at most limits.header_bytes.
  std::size_t header_bytes = 0;
  int refusal = bad_request;

  std::unexpected<Error> refuse(beast::error_code error) {
    refusal = parser.refused != 0 ? parser.refused : status_of(error, parser.has_start_line);
    return fail(Errc::invalid_input, error.message());
  }

  /// What Beast takes of `bytes`. An error of need_more is not one.
  Result<std::size_t> feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && !parser.is_done()) {
      const bool in_header = !parser.is_header_done();
      beast::error_code error;
      const auto n = parser.put(boost::asio::buffer(bytes.substr(used)), error);
      used += n;
      // Beast's own limit looks at what is in the buffer and forgets the fields it has taken.
      if (in_header) header_bytes += n;
      const bool more = error == Refused::need_more;
      if (error && !more) return refuse(error);
      const auto waiting = more ? bytes.size() - used : 0;
      if (header_bytes + parser.extension_bytes + waiting > limits.header_bytes)
        return refuse(make_error_code(Refused::header_limit));
      if (in_header && parser.is_header_done()) parser.eager(true);
      if (more) break;
    }
    return used;
  }
};

template <class Message>
Decoder<Message>::Decoder(DecoderLimits limits) : impl_{std::make_unique<Impl>(limits)} {}

template <class Message>
Decoder<Message>::~Decoder() = default;
template <class Message>
Decoder<Message>::Decoder(Decoder&&) noexcept = default;
template <class Message>
Decoder<Message>& Decoder<Message>::operator=(Decoder&&) noexcept = default;

template <class Message>
void Decoder<Message>::expect_no_body() {
  impl_->parser.skip(true);
}

template <class Message>
Result<std::size_t> Decoder<Message>::push(std::string_view bytes) {
  auto& pending = impl_->pending;
  if (pending.empty()) {
    auto used = impl_->feed(bytes);
    if (!used || impl_->parser.is_done()) return used;
    pending.assign(bytes.substr(*used));
    return bytes.size();
  }
  const auto already_pending = pending.size();
  pending.append(bytes);
  auto used = impl_->feed(pending);
  if (!used) return used;
  if (impl_->parser.is_done()) {
    pending.clear();
    return *used - std::min(*used, already_pending);
  }
  pending.erase(0, *used);
  return bytes.size();
}

template <class Message>
Result<> Decoder<Message>::end_of_stream() {
  if (!impl_->parser.got_some()) return fail(Errc::invalid_input, "closed before a message");
  beast::error_code error;
  if (!impl_->parser.is_done()) impl_->parser.put_eof(error);
  if (error) return fail(Errc::invalid_input, error.message());
  return {};
}

template <class Message>
bool Decoder<Message>::started() const {
  return impl_->parser.got_some();
}

template <class Message>
bool Decoder<Message>::header_done() const {
  return impl_->parser.is_header_done();
}

template <class Message>
bool Decoder<Message>::done() const {
  return impl_->parser.is_done();
}

template <class Message>
int Decoder<Message>::refusal() const {
  return impl_->refusal;
}

template <class Message>
bool Decoder<Message>::keep_alive() const {
  return impl_->parser.keep_alive();
}

template <class Message>
bool Decoder<Message>::expects_continue() const {
  return impl_->parser.expects_continue;
}

template <class Message>
bool Decoder<Message>::http_1_0() const {
  return impl_->parser.http_1_0;
}

template <class Message>
std::string Decoder<Message>::take_body() {
  return std::exchange(impl_->parser.message.body, {});
}

template <class Message>
Message Decoder<Message>::take() {
  return std::exchange(impl_->parser.message, {});
}

template class Decoder<Request>;
template class Decoder<Response>;

}  // namespace sallyport::http
