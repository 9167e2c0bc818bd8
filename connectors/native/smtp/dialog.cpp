#include "connectors/native/smtp/dialog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::connectors::smtp {

namespace {

constexpr std::size_t longest_line = 2048;
constexpr std::size_t most_lines = 100;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, upper, upper);
}

}  // namespace

std::string Reply::text() const {
  auto text = lines.empty() ? std::string{} : lines.front().substr(0, 200);
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return fmt::format("{} {}", code, text);
}

bool Reply::offers(std::string_view extension, std::string_view with) const {
  return std::ranges::any_of(lines, [&](std::string_view line) {
    const auto blank = std::min(line.find(' '), line.size());
    if (!same(line.substr(0, blank), extension)) return false;
    if (with.empty()) return true;
    for (auto rest = line.substr(blank); !rest.empty();) {
      rest.remove_prefix(1);
      const auto end = std::min(rest.find(' '), rest.size());
      if (same(rest.substr(0, end), with)) return true;
      rest.remove_prefix(end);
    }
    return false;
  });
}

Task<std::string> Dialog::line() {
  for (;;) {
    if (const auto end = read_.find("\r\n"); end != std::string::npos) {
      auto line = read_.substr(0, end);
      read_.erase(0, end + 2);
      co_return line;
    }
    if (read_.size() > longest_line) co_return fail(Errc::unavailable, "a line without end");
    std::array<char, 1024> buffer{};
    const auto n = co_await transport_->read_some(buffer);
    if (!n) co_return std::unexpected{n.error()};
    if (*n == 0) co_return fail(Errc::unavailable, "the mail server closed the connection");
    read_.append(buffer.data(), *n);
  }
}

Task<Reply> Dialog::reply() {
  Reply reply;
  while (reply.lines.size() < most_lines) {
    const auto read = co_await line();
    if (!read) co_return std::unexpected{read.error()};
    const std::string_view text{*read};
    const bool fits = text.size() >= 3 && std::ranges::all_of(text.substr(0, 3), is_digit) &&
                      (text.size() == 3 || text[3] == ' ' || text[3] == '-');
    const int code = fits ? (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0') : 0;
    if (code < 200 || code > 599 || (reply.code != 0 && reply.code != code))
      co_return fail(Errc::unavailable, "that is no answer of SMTP");
    reply.code = code;
    reply.lines.emplace_back(text.size() > 4 ? text.substr(4) : std::string_view{});
    if (text.size() == 3 || text[3] == ' ') co_return reply;
  }
  co_return fail(Errc::unavailable, "an answer without end");
}

Task<> Dialog::send(std::string bytes) {
  co_return co_await transport_->write(std::move(bytes));
}

Task<Reply> Dialog::ask(std::string line) {
  if (line.find_first_of("\r\n") != std::string::npos)
    co_return fail(Errc::invalid_input, "a command is one line");
  const auto sent = co_await transport_->write(line + "\r\n");
  if (!sent) co_return std::unexpected{sent.error()};
  co_return co_await reply();
}

Result<std::unique_ptr<http::Transport>> Dialog::release() {
  if (!read_.empty()) return fail(Errc::unavailable, "somebody spoke before TLS began");
  return std::move(transport_);
}

}  // namespace sallyport::connectors::smtp
