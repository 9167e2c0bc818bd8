#include "engine/base/scrubber.hpp"

#include "engine/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace sallyport {

namespace {

/// What tokens, keys and base64 are made of.
constexpr bool is_token(char c) {
  return ascii::is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == '+' || c == '/' ||
         c == '=' || c == '~';
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool begins(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::ranges::equal(text.substr(0, word.size()), word, {}, lower);
}

std::size_t run(std::string_view text, bool (*belongs)(char)) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, belongs) - text.begin());
}

/// A stretch of a text, from its beginning: what stays, and what behind that is the secret.
struct Found {
  std::size_t kept = 0;
  std::size_t secret = 0;
};

/// Keys that say by their beginning what they are, and how long they are at least.
struct Shape {
  std::string_view prefix;
  std::size_t shortest;
};

constexpr std::array shapes{Shape{"sk-", 24},
                            Shape{"ghp_", 30},
                            Shape{"gho_", 30},
                            Shape{"ghu_", 30},
                            Shape{"ghs_", 30},
                            Shape{"ghr_", 30},
                            Shape{"github_pat_", 30},
                            Shape{"glpat-", 24},
                            Shape{"xoxb-", 20},
                            Shape{"xoxp-", 20},
                            Shape{"xoxa-", 20},
                            Shape{"xoxs-", 20},
                            Shape{"xapp-", 20},
                            Shape{"AIza", 35}};

std::optional<Found> well_known(std::string_view text) {
  for (const auto& shape : shapes) {
    if (!text.starts_with(shape.prefix)) continue;
    const auto length = run(text, is_token);
    if (length >= shape.shortest) return Found{.kept = 0, .secret = length};
  }
  return std::nullopt;
}

/// Header, claims and signature of a signed token (RFC 7519), in base64url.
std::optional<Found> signed_token(std::string_view text) {
  if (!text.starts_with("eyJ")) return std::nullopt;
  const auto length = run(text, is_token);
  const auto token = text.substr(0, length);
  if (length < 40 || std::ranges::count(token, '.') < 2) return std::nullopt;
  return Found{.kept = 0, .secret = length};
}

std::optional<Found> private_key(std::string_view text) {
  constexpr std::string_view opens = "-----BEGIN ";
  if (!text.starts_with(opens)) return std::nullopt;
  const auto named = text.substr(opens.size()).substr(0, 40).find("PRIVATE KEY-----");
  if (named == std::string_view::npos) return std::nullopt;
  constexpr std::string_view closes = "PRIVATE KEY-----";
  const auto begin = opens.size() + named + closes.size();
  const auto end = text.find(closes, begin);
  return Found{.kept = begin,
               .secret = (end == std::string_view::npos ? text.size() : end) - begin};
}

std::optional<Found> authorization(std::string_view text) {
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    if (!begins(text, scheme)) continue;
    const auto length = run(text.substr(scheme.size()), is_token);
    if (length >= 12) return Found{.kept = scheme.size(), .secret = length};
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 16> names{"password",
                                                 "passwd",
                                                 "passphrase",
                                                 "pwd",
                                                 "client_secret",
                                                 "clientsecret",
                                                 "secret_key",
                                                 "secretkey",
                                                 "secretaccesskey",
                                                 "api_key",
                                                 "api-key",
                                                 "apikey",
                                                 "access_token",
                                                 "refresh_token",
                                                 "id_token",
                                                 "sessiontoken"};

constexpr bool is_in_value(char c) {
  return c != '"' && c != '\'' && c != '\\' && c != '&' && c != ';' && c != ',' && c != '<' &&
         c != '>' && c != '}' && c != ')' && static_cast<unsigned char>(c) > ' ';
}

/// `password=...`, `"password": "..."` (its quotes may be escaped).
std::optional<Found> beside_its_name(std::string_view text) {
  for (const auto name : names) {
    if (!begins(text, name)) continue;
    auto at = name.size();
    const auto skip = [&](std::string_view what) {
      while (at < text.size() && what.contains(text[at])) ++at;
    };
    skip("\\\"'");
    skip(" ");
    if (at == text.size() || (text[at] != '=' && text[at] != ':')) continue;
    ++at;
    skip(" ");
    skip("\\\"'");
    const auto length = run(text.substr(at), is_in_value);
    if (length >= 4) return Found{.kept = at, .secret = length};
  }
  return std::nullopt;
}

std::optional<Found> secret_at(std::string_view text) {
  switch (lower(text.front())) {
    case '-':
      return private_key(text);
    case 'b':
      return authorization(text);
    case 'e':
      return signed_token(text);
    case 'g':
    case 'x':
      return well_known(text);
    case 'a':
    case 's':
      if (auto found = well_known(text)) return found;
      return beside_its_name(text);
    case 'p':
    case 'c':
    case 'r':
    case 'i':
      return beside_its_name(text);
    default:
      return std::nullopt;
  }
}

bool says_secret(std::string_view key) {
  return std::ranges::any_of(
      names, [&](std::string_view name) { return name.size() == key.size() && begins(key, name); });
}

bool replace_all(std::string& text, std::string_view known) {
  bool found = false;
  for (auto at = text.find(known); at != std::string::npos;
       at = text.find(known, at + Scrubber::mark.size())) {
    text.replace(at, known.size(), Scrubber::mark);
    found = true;
  }
  return found;
}

}  // namespace

Scrubber::Scrubber(std::vector<Secret> known) : known_{std::move(known)} {
  std::erase_if(known_, [](const Secret& s) { return s.reveal().size() < shortest_known; });
  // Of two that begin alike the longer one is the whole.
  std::ranges::sort(
      known_, std::ranges::greater{}, [](const Secret& s) { return s.reveal().size(); });
}

bool Scrubber::scrub(std::string& text) const {
  bool changed = false;
  for (const auto& secret : known_) changed = replace_all(text, secret.reveal()) || changed;
  std::string clean;
  std::size_t copied = 0;  // of `text`, into `clean`
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = std::string_view{text}.substr(at);
    // A word begins here, and none inside another.
    const bool inside =
        at > 0 && ascii::is_letter_or_digit(text[at - 1]) && ascii::is_letter_or_digit(text[at]);
    const auto found = inside ? std::nullopt : secret_at(rest);
    if (!found || rest.substr(found->kept).starts_with(mark)) {
      ++at;
      continue;
    }
    clean.append(text, copied, at + found->kept - copied);
    clean += mark;
    at += found->kept + found->secret;
    copied = at;
  }
  if (copied == 0) return changed;
  clean.append(text, copied);
  text = std::move(clean);
  return true;
}

bool Scrubber::scrub(json::value& value) const {
  if (auto* object = value.if_object()) return scrub(*object);
  if (auto* list = value.if_array()) {
    bool changed = false;
    for (auto& item : *list) changed = scrub(item) || changed;
    return changed;
  }
  auto* text = value.if_string();
  if (!text) return false;
  std::string copy{std::string_view{*text}};
  if (!scrub(copy)) return false;
  *text = copy;
  return true;
}

bool Scrubber::scrub(json::object& object) const {
  bool changed = false;
  for (auto& item : object) {
    auto* text = item.value().if_string();
    if (text && text->size() >= 4 && *text != mark && says_secret(item.key())) {
      *text = mark;
      changed = true;
    } else {
      changed = scrub(item.value()) || changed;
    }
  }
  return changed;
}

}  // namespace sallyport
