#include "connectors/local/stix_pattern.hpp"

#include "connectors/local/record_file.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace sallyport::connectors::local {

namespace {

/// The kind of entity for an object path; empty: none.
std::string_view kind_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kinds = {
      {{"ipv4-addr:value", "ip"},
       {"ipv6-addr:value", "ip"},
       {"domain-name:value", "domain"},
       {"url:value", "url"},
       {"email-addr:value", "email"},
       {"email-message:from_ref.value", "email"}}};
  for (const auto& [name, kind] : kinds) {
    if (path == name) return kind;
  }
  return path.starts_with("file:hashes.") ? "hash" : "";
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_{text} {}

  Result<std::vector<model::Entity>> pattern() {
    while (true) {
      auto read = observation();
      if (!read) return std::unexpected{read.error()};
      if (at_end()) return std::move(found_);
      if (!word("OR")) return beyond("observations are joined by other than OR");
    }
  }

 private:
  static std::unexpected<Error> malformed(std::string_view what) {
    return fail(Errc::invalid_input, fmt::format("STIX pattern: {}", what));
  }

  static std::unexpected<Error> beyond(std::string_view what) {
    return fail(Errc::not_found, std::string{what});
  }

  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                              rest_.front() == '\n' || rest_.front() == '\r'))
      rest_.remove_prefix(1);
  }

  bool at_end() {
    skip();
    return rest_.empty();
  }

  bool sign(char c) {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool word(std::string_view expected) {
    skip();
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  Result<> observation() {
    if (sign('(')) {
      auto read = observation();
      while (read && word("OR")) read = observation();
      if (!read) return read;
      if (!sign(')')) return beyond("observations are joined by other than OR");
      return {};
    }
    if (!sign('[')) return malformed("'[' expected");
    do {
      auto read = comparison();
      if (!read) return read;
    } while (word("OR"));
    if (sign(']')) return {};
    if (rest_.empty()) return malformed("']' expected");
    return beyond("comparisons are joined by other than OR");
  }

  Result<> comparison() {
    if (sign('(')) {
      do {
        auto read = comparison();
        if (!read) return read;
      } while (word("OR"));
      if (!sign(')')) return beyond("comparisons are joined by other than OR");
      return {};
    }
    const auto path = object_path();
    if (path.empty()) return malformed("an object path expected");
    const auto kind = kind_of(path);
    if (kind.empty()) return beyond(fmt::format("{} is no indicator of a list", path));
    if (word("IN")) {
      if (!sign('(')) return malformed("'(' expected after IN");
      do {
        if (auto read = value(kind); !read) return read;
      } while (sign(','));
      if (!sign(')')) return malformed("')' expected");
      return {};
    }
    if (sign('=') || word("ISSUBSET")) return value(kind);
    return beyond("a comparison other than =, IN and ISSUBSET");
  }

  /// Up to the operator, with the quotes of its parts taken away: file:hashes.'SHA-256'.
  std::string object_path() {
    skip();
    std::string path;
    bool quoted = false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (!quoted && (c == '=' || c == ' ' || c == '!' || c == '<' || c == '>' || c == ']')) break;
      if (c == '\'') {
        quoted = !quoted;
      } else {
        path += c;
      }
      rest_.remove_prefix(1);
    }
    return path;
  }

  Result<> value(std::string_view kind) {
    if (!sign('\'')) return malformed("a quoted value expected");
    std::string text;
    while (true) {
      if (rest_.empty()) return malformed("a quote is not closed");
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\'') break;
      if (c == '\\' && !rest_.empty()) {
        text += rest_.front();
        rest_.remove_prefix(1);
      } else {
        text += c;
      }
    }
    found_.push_back({std::string{kind}, std::move(text)});
    return {};
  }

  std::string_view rest_;
  std::vector<model::Entity> found_;
};

}  // namespace

Result<std::vector<model::Entity>> observables_of(std::string_view pattern) {
  return Parser{pattern}.pattern();
}

}  // namespace sallyport::connectors::local
