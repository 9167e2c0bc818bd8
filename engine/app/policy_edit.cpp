#include "engine/app/policy_edit.hpp"

#include "engine/base/ascii.hpp"
#include "engine/config/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace sallyport::app {

namespace {

using config::Document;
using Path = std::vector<std::string>;

constexpr std::string_view flow_ends = ",}]\n";

bool is_plain(std::string_view text) {
  const auto inner = [](char c) {
    return ascii::is_letter_or_digit(c) || c == '_' || c == '-' || c == '.' || c == '@';
  };
  if (text.empty() || (!ascii::is_letter(text.front()) && text.front() != '_')) return false;
  if (!std::ranges::all_of(text, inner)) return false;
  // Words that YAML, or an older reader of it, takes for something else.
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const std::string_view word : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
    if (lower == word) return false;
  return true;
}

std::string word(std::string_view text, bool quoted) {
  return !quoted && is_plain(text) ? std::string{text} : to_json(std::string{text});
}

/// A value on one line: JSON, with the quotes left out where YAML needs none.
std::string flow(const json::value& value, bool quoted) {
  if (const auto* text = value.if_string()) return word({text->data(), text->size()}, quoted);
  if (const auto* object = value.if_object()) {
    std::string out = "{ ";
    for (const auto& item : *object) {
      if (out.size() > 2) out += ", ";
      out += fmt::format(
          "{}: {}", word(std::string_view{item.key()}, quoted), flow(item.value(), quoted));
    }
    return object->empty() ? "{}" : out + " }";
  }
  if (const auto* list = value.if_array()) {
    std::string out = "[";
    for (const auto& item : *list) {
      if (out.size() > 1) out += ", ";
      out += flow(item, quoted);
    }
    return out + "]";
  }
  return to_json(value);
}

/// Maps as blocks, everything else on a line of its own.
void append_block(std::string& out, const json::object& object, std::size_t indent) {
  for (const auto& item : object) {
    out.append(indent, ' ').append(word(std::string_view{item.key()}, false)).append(":");
    const auto* inner = item.value().if_object();
    const auto* list = item.value().if_array();
    if (inner && !inner->empty() && indent < 6) {
      out += '\n';
      append_block(out, *inner, indent + 2);
    } else if (list && !list->empty() && list->front().is_object()) {
      out += '\n';
      for (const auto& one : *list)
        out.append(indent + 2, ' ').append("- ").append(flow(one, false)).append("\n");
    } else {
      out.append(" ").append(flow(item.value(), false)).append("\n");
    }
  }
}

std::string pointer_of(const Path& path) {
  std::string pointer;
  for (const auto& key : path) pointer = child(pointer, key);
  return pointer;
}

/// Where a line begins; `text.size()` past the last.
std::size_t line_start(std::string_view text, int line) {
  std::size_t at = 0;
  for (int i = 1; i < line && at < text.size(); ++i) {
    const auto end = text.find('\n', at);
    at = end == std::string_view::npos ? text.size() : end + 1;
  }
  return at;
}

const json::value* at_path(const json::value& root, const Path& path) {
  const auto* at = &root;
  for (const auto& key : path) {
    const auto* object = at->if_object();
    at = object ? object->if_contains(key) : nullptr;
    if (!at) return nullptr;
  }
  return at;
}

void set_at(json::value& root, const Path& path, const json::value& value) {
  auto* at = &root;
  for (const auto& key : path) {
    if (!at->is_object()) *at = json::object{};
    at = &at->get_object()[key];
  }
  *at = value;
}

/// A file whose values stand where their keys say. Each step is a guess at the text that the caller
/// proves.
class Text {
 public:
  Text(const std::string& text, const Document& document) : text_{text}, document_{document} {
    const auto first = text.find_first_not_of(" \t\r\n");
    json_ = first != std::string::npos && text[first] == '{';
  }

  [[nodiscard]] std::optional<std::string> put(const Path& path, const json::value& value) const {
    if (path.empty()) return std::nullopt;
    if (at_path(document_.root(), path)) return replace(path, value);
    const Path parent{path.begin(), path.end() - 1};
    const auto* above = at_path(document_.root(), parent);
    if (above && above->is_object()) return insert(parent, path.back(), value);
    json::object made;
    made.emplace(path.back(), value);
    return put(parent, made);
  }

 private:
  /// Past the `:` of a key.
  [[nodiscard]] std::optional<std::size_t> after_key(const Path& path) const {
    const auto pointer = pointer_of(path);
    auto at = line_start(text_, document_.line(pointer)) +
              static_cast<std::size_t>(document_.column(pointer) - 1);
    if (at >= text_.size()) return std::nullopt;
    if (text_[at] == '"' || text_[at] == '\'') at = text_.find(text_[at], at + 1);
    if (at != std::string::npos) at = text_.find(':', at);
    if (at == std::string::npos) return std::nullopt;
    return at + 1;
  }

  [[nodiscard]] std::size_t end_of_flow(std::size_t at) const {
    int open = 0;
    for (; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '"' || c == '\'') {
        at = text_.find(c, at + 1);
        if (at == std::string::npos) return text_.size();
      }
      if (c == '[' || c == '{') ++open;
      if ((c == ']' || c == '}') && --open == 0) return at + 1;
    }
    return at;
  }

  /// The end of the lines that are indented deeper than `indent`, from the line after `at` on.
  [[nodiscard]] std::size_t end_of_block(std::size_t at, std::size_t indent) const {
    auto end = text_.find('\n', at);
    auto last = end == std::string::npos ? text_.size() : end;
    while (end != std::string::npos && end + 1 < text_.size()) {
      const auto start = end + 1;
      const auto first = text_.find_first_not_of(' ', start);
      end = text_.find('\n', start);
      const bool blank = first == std::string::npos || text_[first] == '\n';
      const bool comment = !blank && text_[first] == '#';
      const bool item = !blank && text_[first] == '-' && first - start >= indent;
      if (!blank && !comment && !item && first - start <= indent) break;
      if (!blank && !comment) last = end == std::string::npos ? text_.size() : end;
    }
    return last;
  }

  [[nodiscard]] std::optional<std::string> replace(const Path& path,
                                                   const json::value& value) const {
    const auto colon = after_key(path);
    if (!colon) return std::nullopt;
    const auto start = std::min(text_.find_first_not_of(' ', *colon), text_.size());
    const char c = start < text_.size() ? text_[start] : '\n';
    std::size_t end = 0;
    if (c == '\n' || c == '\r' || c == '#') {
      const auto indent = static_cast<std::size_t>(document_.column(pointer_of(path)) - 1);
      end = end_of_block(start, indent);
      return text_.substr(0, *colon) + " " + flow(value, json_) + text_.substr(end);
    }
    if (c == '{' || c == '[') {
      end = end_of_flow(start);
    } else if (c == '"' || c == '\'') {
      end = text_.find(c, start + 1);
      if (end == std::string::npos) return std::nullopt;
      ++end;
    } else {
      end = std::min(text_.find_first_of(flow_ends, start), text_.size());
      end = std::min(end, text_.find(" #", start));
      while (end > start && (text_[end - 1] == ' ' || text_[end - 1] == '\r')) --end;
    }
    return text_.substr(0, start) + flow(value, json_ || c == '"') + text_.substr(end);
  }

  [[nodiscard]] std::string into_flow(std::size_t open,
                                      const json::object& parent,
                                      const std::string& key,
                                      const json::value& value) const {
    return fmt::format("{} {}: {}{}{}",
                       text_.substr(0, open + 1),
                       word(key, json_),
                       flow(value, json_),
                       parent.empty() ? " " : ",",
                       text_.substr(open + 1));
  }

  [[nodiscard]] std::optional<std::string> insert(const Path& parent,
                                                  const std::string& key,
                                                  const json::value& value) const {
    const auto& object = at_path(document_.root(), parent)->get_object();
    const auto line = [&](std::size_t indent) {
      return std::string(indent, ' ') + word(key, false) + ": " + flow(value, false) + "\n";
    };
    if (parent.empty()) {
      if (json_) return into_flow(text_.find('{'), object, key, value);
      const bool ended = text_.empty() || text_.back() == '\n';
      return text_ + (ended ? "" : "\n") + line(0);
    }
    const auto colon = after_key(parent);
    if (!colon) return std::nullopt;
    const auto start = std::min(text_.find_first_not_of(' ', *colon), text_.size());
    if (start < text_.size() && text_[start] == '{') return into_flow(start, object, key, value);
    if (object.empty()) return std::nullopt;
    auto first = parent;
    first.emplace_back(std::string_view{object.begin()->key()});
    const auto indent = static_cast<std::size_t>(document_.column(pointer_of(first)) - 1);
    const auto end = text_.find('\n', *colon);
    if (end == std::string::npos) return std::nullopt;
    return text_.substr(0, end + 1) + line(indent) + text_.substr(end + 1);
  }

  const std::string& text_;
  const Document& document_;
  bool json_ = false;
};

bool says(const std::string& text, const json::value& wanted) {
  const auto read = Document::parse(text, "policy");
  return read && read->root() == wanted;
}

}  // namespace

Result<std::string> with_value(const std::string& text,
                               const std::vector<std::string>& path,
                               const json::value& value) {
  const auto document = Document::parse(text, "policy");
  if (!document) return std::unexpected{document.error()};
  auto wanted = document->root();
  if (wanted.is_null()) wanted = json::object{};
  if (!wanted.is_object()) return fail(Errc::invalid_input, "the policy file is no map");
  if (const auto* there = at_path(wanted, path); there && *there == value) return text;
  set_at(wanted, path, value);
  if (auto edited = Text{text, *document}.put(path, value); edited && says(*edited, wanted))
    return *std::move(edited);
  std::string anew =
      "# Written anew by a change over the API, which this file's form did not allow in place.\n"
      "# The text before it, comments included: sallyport policy show --text --version N\n";
  append_block(anew, wanted.get_object(), 0);
  if (says(anew, wanted)) return anew;
  return fail(Errc::conflict, "the policy file cannot be changed over the API; edit it");
}

Result<std::string> with_tier(const std::string& text,
                              const std::string& tenant,
                              model::Tier tier) {
  const auto document = Document::parse(text, "policy");
  if (!document) return std::unexpected{document.error()};
  // A misspelt name must not look like a tier that was lowered.
  if (!at_path(document->root(), {"tenants", tenant}))
    return fail(Errc::not_found, fmt::format("the policy names no tenant '{:.80}'", tenant));
  return with_value(text, {"tenants", tenant, "tier"}, json::value(name_of(tier)));
}

Result<std::string> with_demotion(const std::string& text,
                                  const std::string& tenant,
                                  const std::string& verb,
                                  const std::string& target_kind,
                                  const std::string& reason) {
  const auto document = Document::parse(text, "policy");
  if (!document) return std::unexpected{document.error()};
  if (!at_path(document->root(), {"tenants", tenant}))
    return fail(Errc::not_found, fmt::format("the policy names no tenant '{:.80}'", tenant));
  const Path path{"tenants", tenant, "limits", verb};
  const json::value when{{"target.kind", target_kind}};
  json::array limits;
  if (const auto* there = at_path(document->root(), path)) {
    if (const auto* list = there->if_array()) {
      limits = *list;
    } else if (there->is_object() && !there->get_object().empty()) {
      limits.push_back(*there);
    }
  }
  const json::object demoted{{"per_day", 0}, {"when", when}, {"reason", reason}};
  const auto same = std::ranges::find_if(limits, [&](const json::value& limit) {
    const auto* its = limit.is_object() ? limit.get_object().if_contains("when") : nullptr;
    return its && *its == when;
  });
  if (same == limits.end()) {
    limits.push_back(demoted);
  } else {
    *same = demoted;
  }
  return with_value(text, path, limits.size() == 1 ? limits.front() : json::value(limits));
}

Result<std::string> with_kill_switch(const std::string& text,
                                     const serve::KillSwitchOrder& order,
                                     const std::string& reason) {
  const auto document = Document::parse(text, "policy");
  if (!document) return std::unexpected{document.error()};
  Path path;
  if (!order.tenant.empty()) {
    path = {"tenants", order.tenant};
    if (!at_path(document->root(), path))
      return fail(Errc::not_found,
                  fmt::format("the policy names no tenant '{:.80}'", order.tenant));
  }
  path.emplace_back("kill_switch");

  const auto* there = at_path(document->root(), path);
  auto terms = there && there->is_object() ? there->get_object() : json::object{};
  if (there && there->is_bool() && there->get_bool()) terms["all"] = true;
  const bool whole =
      order.scope == serve::KillScope::global || order.scope == serve::KillScope::tenant;
  if (whole) {
    if (order.on) {
      terms["all"] = true;
    } else {
      terms.erase("all");
    }
  } else {
    const auto* const key = order.scope == serve::KillScope::verb ? "verbs" : "connectors";
    auto& names = terms[key];
    if (!names.is_array()) names = json::array{};
    auto& list = names.get_array();
    const json::value name = json::string{order.name};
    const auto found = std::ranges::find(list, name);
    if (order.on && found == list.end()) list.push_back(name);
    if (!order.on && found != list.end()) list.erase(found);
    if (list.empty()) terms.erase(key);
  }
  if (order.on) terms["reason"] = reason;
  const auto* all = terms.if_contains("all");
  const bool anything = (all && all->is_bool() && all->get_bool()) || terms.contains("verbs") ||
                        terms.contains("connectors");
  if (!anything && !there) return text;
  return with_value(text, path, anything ? json::value(terms) : json::value(false));
}

}  // namespace sallyport::app
