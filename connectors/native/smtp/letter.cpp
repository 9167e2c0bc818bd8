#include "connectors/native/smtp/letter.hpp"

#include "engine/match/encode.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sallyport::connectors::smtp {

namespace {

constexpr std::size_t word_bytes = 42;  ///< In base64 and its frame under 75 (RFC 2047, 2).
constexpr std::size_t line_bytes = 76;
constexpr std::size_t subject_limit_bytes = 200;

bool continues_a_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// The first at most `limit` bytes of `text`, not ending within a character.
std::string_view head_of(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && continues_a_character(text[limit])) --limit;
  return text.substr(0, limit);
}

/// As encoded words, whatever is in it: nothing of it can be taken for syntax of a header.
std::string encoded_words(std::string_view text) {
  std::string out;
  for (text = head_of(text, subject_limit_bytes); !text.empty();) {
    const auto part = head_of(text, word_bytes);
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", match::to_base64(part));
    text.remove_prefix(part.size());
  }
  return out;
}

std::string in_lines(std::string_view base64) {
  std::string out;
  for (; !base64.empty(); base64.remove_prefix(std::min(line_bytes, base64.size())))
    out += fmt::format("{}\r\n", base64.substr(0, line_bytes));
  return out;
}

}  // namespace

std::string message_id(const Letter& letter) {
  return fmt::format("<{}@{}>", letter.id, letter.from.substr(letter.from.find('@') + 1));
}

std::string mail_of(const Letter& letter) {
  const auto at = std::chrono::floor<std::chrono::seconds>(letter.at);
  std::string to;
  for (const auto& address : letter.to) to += (to.empty() ? "" : ",\r\n ") + address;
  return fmt::format(
      "Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n"
      "From: {}\r\n"
      "To: {}\r\n"
      "Message-ID: {}\r\n"
      "Subject: {}\r\n"
      "Auto-Submitted: auto-generated\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: base64\r\n"
      "\r\n{}",
      at,
      letter.from,
      to,
      message_id(letter),
      encoded_words(letter.subject),
      in_lines(match::to_base64(letter.text)));
}

}  // namespace sallyport::connectors::smtp
