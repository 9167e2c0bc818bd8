#include "connectors/manifest/xml.hpp"

#include "connectors/manifest/template.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::size_t max_depth = 64;

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool continues_name(char c) {
  return begins_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

Result<> append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n' && c != '\t')
      return fail(Errc::invalid_input, "a control character in XML");
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return {};
}

Result<> append_text(std::string& out, const json::value& value) {
  if (value.is_null()) return {};
  const auto text = text_of_scalar(value);
  if (!text) return std::unexpected{text.error()};
  return append_escaped(out, *text);
}

Result<> append_element(std::string& out, std::string_view name, const json::value& value) {
  if (!is_xml_name(name)) return fail(Errc::invalid_input, "not a name of XML");
  if (const auto* list = value.if_array()) {
    for (const auto& item : *list)
      if (auto ok = append_element(out, name, item); !ok) return ok;
    return {};
  }
  out += '<';
  out += name;
  const auto* map = value.if_object();
  if (map) {
    for (const auto& [key, item] : *map) {
      const std::string_view attribute{key.data(), key.size()};
      if (!attribute.starts_with('@')) continue;
      if (!is_xml_name(attribute.substr(1))) return fail(Errc::invalid_input, "not a name of XML");
      out += ' ';
      out += attribute.substr(1);
      out += "=\"";
      if (auto ok = append_text(out, item); !ok) return ok;
      out += '"';
    }
  }
  out += '>';
  if (map) {
    for (const auto& [key, item] : *map) {
      const std::string_view part{key.data(), key.size()};
      if (part.starts_with('@')) continue;
      auto ok = part == "#text" ? append_text(out, item) : append_element(out, part, item);
      if (!ok) return ok;
    }
  } else if (auto ok = append_text(out, value); !ok) {
    return ok;
  }
  out += "</";
  out += name;
  out += '>';
  return {};
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_{text} {}

  Result<json::value> document() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    if (rest().starts_with("<?xml")) {
      const auto end = text_.find("?>", at_);
      if (end == std::string_view::npos) return wrong("a declaration without end");
      at_ = end + 2;
    }
    if (auto ok = skip_between(); !ok) return std::unexpected{ok.error()};
    json::object root;
    if (auto ok = element(root, 0); !ok) return std::unexpected{ok.error()};
    if (auto ok = skip_between(); !ok) return std::unexpected{ok.error()};
    if (at_ != text_.size()) return wrong("something after the root element");
    return json::value(std::move(root));
  }

 private:
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  [[nodiscard]] std::unexpected<Error> wrong(std::string_view what) const {
    return fail(Errc::invalid_input, fmt::format("not XML at byte {}: {}", at_, what));
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  Result<bool> skip_comment() {
    if (!rest().starts_with("<!--")) return false;
    const auto end = text_.find("-->", at_ + 4);
    if (end == std::string_view::npos) return wrong("a comment without end");
    at_ = end + 3;
    return true;
  }

  Result<> skip_between() {
    for (;;) {
      skip_space();
      const auto comment = skip_comment();
      if (!comment) return std::unexpected{comment.error()};
      if (!*comment) return {};
    }
  }

  Result<std::string> name() {
    const auto begin = at_;
    if (at_ < text_.size() && begins_name(text_[at_]))
      while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    if (at_ == begin) return wrong("a name is missing");
    return std::string{text_.substr(begin, at_ - begin)};
  }

  Result<> reference(std::string& out) {
    const auto end = text_.find(';', at_);
    if (end == std::string_view::npos || end - at_ > 10) return wrong("'&' without ';'");
    const auto entity = text_.substr(at_ + 1, end - at_ - 1);
    constexpr std::array<std::pair<std::string_view, char>, 5> known{
        {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
    const auto found =
        std::ranges::find(known, entity, [](const auto& pair) { return pair.first; });
    if (found != known.end()) {
      out += found->second;
    } else if (entity.starts_with('#')) {
      const bool hex = entity.starts_with("#x");
      const auto digits = entity.substr(hex ? 2 : 1);
      std::uint32_t code = 0;
      const auto [stop, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      if (error != std::errc{} || stop != digits.data() + digits.size() || !append_utf8(out, code))
        return wrong("no such character");
    } else {
      return wrong("an entity that is not declared");
    }
    at_ = end + 1;
    return {};
  }

  static bool append_utf8(std::string& out, std::uint32_t c) {
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return false;
    if (c < 0x80) {
      byte(c);
    } else if (c < 0x800) {
      byte(0xC0U | c >> 6U);
      byte(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
      byte(0xE0U | c >> 12U);
      byte(0x80U | (c >> 6U & 0x3FU));
      byte(0x80U | (c & 0x3FU));
    } else {
      byte(0xF0U | c >> 18U);
      byte(0x80U | (c >> 12U & 0x3FU));
      byte(0x80U | (c >> 6U & 0x3FU));
      byte(0x80U | (c & 0x3FU));
    }
    return true;
  }

  Result<> attributes(json::object& element) {
    for (;;) {
      skip_space();
      if (at_ >= text_.size()) return wrong("an element without end");
      if (text_[at_] == '>' || text_[at_] == '/') return {};
      auto key = name();
      if (!key) return std::unexpected{key.error()};
      skip_space();
      if (!rest().starts_with('=')) return wrong("an attribute without value");
      ++at_;
      skip_space();
      if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\''))
        return wrong("an attribute's value stands in quotes");
      const char quote = text_[at_++];
      std::string value;
      while (at_ < text_.size() && text_[at_] != quote) {
        if (text_[at_] == '<') return wrong("'<' in an attribute");
        if (text_[at_] == '&') {
          if (auto ok = reference(value); !ok) return ok;
        } else {
          value += text_[at_++];
        }
      }
      if (at_ >= text_.size()) return wrong("an attribute without end");
      ++at_;
      if (!element.emplace("@" + *key, value).second) return wrong("an attribute stands twice");
    }
  }

  static void put(json::object& parent, const std::string& name, json::value value) {
    auto* there = parent.if_contains(name);
    if (!there) {
      parent.emplace(name, std::move(value));
    } else if (auto* list = there->if_array()) {
      list->push_back(std::move(value));
    } else {
      json::array both;
      both.push_back(std::move(*there));
      both.push_back(std::move(value));
      *there = std::move(both);
    }
  }

  /// What stands between the tags of `element`, up to the end tag.
  Result<> content(json::object& element, std::string& text, std::size_t depth) {
    while (at_ < text_.size()) {
      if (rest().starts_with("</")) return {};
      if (rest().starts_with("<![CDATA[")) {
        const auto end = text_.find("]]>", at_);
        if (end == std::string_view::npos) return wrong("CDATA without end");
        text += text_.substr(at_ + 9, end - at_ - 9);
        at_ = end + 3;
        continue;
      }
      const auto comment = skip_comment();
      if (!comment) return std::unexpected{comment.error()};
      if (*comment) continue;
      if (text_[at_] == '<') {
        if (auto ok = this->element(element, depth + 1); !ok) return ok;
      } else if (text_[at_] == '&') {
        if (auto ok = reference(text); !ok) return ok;
      } else {
        text += text_[at_++];
      }
    }
    return wrong("an element without end");
  }

  Result<> element(json::object& parent, std::size_t depth) {
    if (depth > max_depth) return wrong("nested too deep");
    if (!rest().starts_with('<')) return wrong("an element is missing");
    ++at_;
    const auto tag = name();
    if (!tag) return std::unexpected{tag.error()};
    json::object inside;
    if (auto ok = attributes(inside); !ok) return ok;
    std::string text;
    if (rest().starts_with("/>")) {
      at_ += 2;
    } else {
      if (!rest().starts_with('>')) return wrong("'>' is missing");
      ++at_;
      if (auto ok = content(inside, text, depth); !ok) return ok;
      at_ += 2;
      const auto end = name();
      if (!end || *end != *tag) return wrong("another element ends here");
      skip_space();
      if (!rest().starts_with('>')) return wrong("'>' is missing");
      ++at_;
    }
    if (std::ranges::all_of(text, is_space)) text.clear();
    if (inside.empty()) {
      put(parent, *tag, json::value(text));
    } else {
      if (!text.empty()) inside.emplace("#text", text);
      put(parent, *tag, json::value(std::move(inside)));
    }
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_xml_name(std::string_view name) {
  return !name.empty() && begins_name(name.front()) && std::ranges::all_of(name, continues_name);
}

Result<std::string> to_xml(const json::value& tree) {
  const auto* root = tree.if_object();
  if (!root || root->size() != 1 || root->begin()->value().is_array())
    return fail(Errc::invalid_input, "XML has one root element");
  std::string out;
  if (auto ok = append_element(out, root->begin()->key(), root->begin()->value()); !ok)
    return std::unexpected{ok.error()};
  return out;
}

Result<json::value> from_xml(std::string_view text) {
  return Reader{text}.document();
}

}  // namespace sallyport::connectors::manifest
