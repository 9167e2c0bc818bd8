#pragma once

#include "engine/base/result.hpp"
#include "engine/http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sallyport::http {

/// How a message is framed and what becomes of the connection after it. The codec writes
/// Content-Length, Transfer-Encoding and Connection; a message that brings them is refused.
struct Framing {
  bool keep_alive = true;
  bool chunked = false;       ///< The body follows through encode_chunk() and last_chunk.
  bool body_omitted = false;  ///< The answer to HEAD: the length of the body, but no body.
  bool http_1_0 = false;      ///< The peer speaks HTTP/1.0: says so when the connection stays open.
};

/// The bytes of one HTTP/1.1 message.
///
/// Errors: invalid_input when the method, the target or a header holds a control character or a
/// name is no token, so that no value taken from an alert can add a header or a second request;
/// when a header belongs to the framing; when the status is none.
[[nodiscard]] Result<std::string> encode(const Request& request, Framing framing);
[[nodiscard]] Result<std::string> encode(const Response& response, Framing framing);

/// The status' own phrase: `Not Found`.
[[nodiscard]] std::string_view phrase(int status);

/// `piece` as one chunk. An empty piece gives nothing: an empty chunk would end the body.
[[nodiscard]] std::string encode_chunk(std::string_view piece);

inline constexpr std::string_view last_chunk = "0\r\n\r\n";
inline constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

struct DecoderLimits {
  std::uint32_t header_bytes;  ///< Start line and fields together; also trailers, chunk extensions.
  std::uint64_t body_bytes;    ///< After the chunked coding is removed.
};

/// Turns bytes into one message (Request or Response). No I/O: the caller reads, this decides.
///
/// Refuses what two parsers could read in two ways: Content-Length with Transfer-Encoding or more
/// than once, a coding other than `chunked`, folded lines, space before the colon, bare line feeds,
/// a request of HTTP/1.1 without exactly one Host. Trailers are read and dropped.
///
/// Not thread-safe. After an error or after take() the decoder is spent.
template <class Message>
class Decoder {
 public:
  explicit Decoder(DecoderLimits limits);
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// For the answer to a HEAD request: its header is all there is. Before the first push().
  void expect_no_body();

  /// Takes `bytes` in and returns how many belong to this message; the rest belongs to the next
  /// one. Errors: invalid_input when this is not HTTP or is over a limit; see refusal().
  [[nodiscard]] Result<std::size_t> push(std::string_view bytes);

  /// The peer closed. Errors: invalid_input when the message was not complete.
  [[nodiscard]] Result<> end_of_stream();

  [[nodiscard]] bool started() const;      ///< At least one byte came.
  [[nodiscard]] bool header_done() const;  ///< take_header() and the questions below may be asked.
  [[nodiscard]] bool done() const;

  /// The status that tells a client why push() failed: 400, 413, 414, 417, 431, 501 or 505.
  [[nodiscard]] int refusal() const;

  [[nodiscard]] bool keep_alive() const;        ///< The connection can carry another message.
  [[nodiscard]] bool expects_continue() const;  ///< The client waits for `100 Continue`.
  [[nodiscard]] bool http_1_0() const;

  /// What of the body has come and was not taken yet: how a body is streamed.
  [[nodiscard]] std::string take_body();

  /// The message: whole when done(), else without the body that is still to come.
  [[nodiscard]] Message take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

extern template class Decoder<Request>;
extern template class Decoder<Response>;

}  // namespace sallyport::http
