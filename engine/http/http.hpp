#pragma once

/// The room `http`: HTTP/1.1 as client and server, over a byte stream that can be a script.
///
/// message.hpp    Request, Response, Headers: plain values
/// codec.hpp      bytes to messages and back; limits; no I/O. The only source with Beast
/// transport.hpp  Transport: a connected byte stream, TCP or TLS, either side
/// tls.hpp        TlsContext: whom to trust and who we are
/// client.hpp     Client: keep-alive pool per origin, whole and streamed answers
/// connection.hpp one connection of a server, over any Transport
/// server.hpp     Server: listens, admits, limits, stops gracefully
/// router.hpp     Router: method and path pattern to handler
/// url.hpp        encoders that keep text from becoming syntax; reading a URL
/// problem.hpp    RFC 9457 problem documents
/// sse.hpp        server-sent events, both ways
///
/// Promise: what comes in is bounded (header, body, time, connections) and refused when it is
/// ambiguous; no value can add a header, a request or a path segment.
///
/// Never: a redirect followed by itself, verification of certificates switched off, a private
/// timeout that outlives the caller's deadline.
