#include "engine/investigate/claim.hpp"

#include "engine/investigate/finding_record.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sallyport::investigate {

namespace {

bool is_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

constexpr std::size_t shortest_stem = 3;

/// The longest first.
constexpr std::array<std::string_view, 18> endings{"ations",
                                                   "ation",
                                                   "ating",
                                                   "ated",
                                                   "ates",
                                                   "ate",
                                                   "ings",
                                                   "ions",
                                                   "ing",
                                                   "ion",
                                                   "ied",
                                                   "ies",
                                                   "ers",
                                                   "er",
                                                   "ed",
                                                   "es",
                                                   "s",
                                                   "e"};

void strip_ending(std::string& word) {
  for (const auto ending : endings) {
    if (word.ends_with(ending) && word.size() >= ending.size() + shortest_stem) {
      word.resize(word.size() - ending.size());
      return;
    }
  }
  if (word.ends_with('y') && word.size() > shortest_stem) word.pop_back();
}

/// Calls `visit` with each word of `text` as stems_of() says.
template <class Visit>
void each_stem(std::string_view text, Visit&& visit) {
  std::string word;
  const auto end_word = [&] {
    if (word.size() > 1) {
      strip_ending(word);
      visit(std::string_view{word});
    }
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_upper(c)) {
      // A word begins at the first capital after small letters, and at the last of several.
      const bool after_small = i > 0 && is_lower(text[i - 1]);
      const bool before_small = i + 1 < text.size() && text[i + 1] >= 'a' && text[i + 1] <= 'z';
      if (after_small || (before_small && i > 0 && is_upper(text[i - 1]))) end_word();
      word += static_cast<char>(c - 'A' + 'a');
    } else if (is_lower(c)) {
      word += c;
    } else {
      end_word();
    }
  }
  end_word();
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The strings of JSON text, one after the other, without a tree of it.
class Strings {
 public:
  explicit Strings(std::string_view json) : rest_{json} {}

  /// What was found: text, whether it is a key, and whether it is a key whose value is `true`.
  struct Found {
    std::string_view text;  ///< As it is written, escapes and all.
    bool key = false;
    bool set = false;
  };

  bool next(Found& found) {
    const auto open = rest_.find('"');
    if (open == std::string_view::npos) return false;
    auto end = open + 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    end = std::min(end, rest_.size());
    found.text = rest_.substr(open + 1, end - open - 1);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    const auto after = from_text(rest_);
    found.key = after.starts_with(':');
    found.set = found.key && from_text(after.substr(1)).starts_with("true");
    return true;
  }

 private:
  static std::string_view from_text(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }

  std::string_view rest_;
};

/// Whether there is an object in the object.
bool has_event(std::string_view json) {
  if (!json.starts_with('{')) return false;
  bool in_text = false;
  for (std::size_t i = 1; i < json.size(); ++i) {
    if (json[i] == '"') in_text = !in_text;
    if (in_text && json[i] == '\\') ++i;
    if (!in_text && json[i] == '{') return true;
  }
  return false;
}

std::string_view text_at(const json::object& finding,
                         std::string_view object,
                         std::string_view key) {
  const auto* inner = finding.if_contains(object);
  const auto* map = inner ? inner->if_object() : nullptr;
  const auto* value = map ? map->if_contains(key) : nullptr;
  return value && value->is_string() ? std::string_view{value->get_string()} : std::string_view{};
}

}  // namespace

struct Claims::Word {
  std::string stem;
  bool found = false;
};

std::vector<std::string> stems_of(std::string_view text) {
  std::vector<std::string> stems;
  each_stem(text, [&](std::string_view stem) { stems.emplace_back(stem); });
  return stems;
}

Claims::Claims(const reason::Corroboration& rule) : fewest_{rule.fewest}, most_{rule.most} {
  for (const auto& word : rule.ignored) {
    for (auto& stem : stems_of(word)) ignored_.insert(std::move(stem));
  }
}

double Claims::share_of(std::span<const Word> claim) const {
  double best = 0;
  double hits = 0;
  for (std::size_t i = 0; i < claim.size(); ++i) {
    if (claim[i].found) ++hits;
    best = std::max(best, hits / static_cast<double>(std::max(i + 1, fewest_)));
  }
  return best;
}

std::optional<double> Claims::borne_out(const model::Alert& alert) const {
  const auto* raw = alert.finding.if_contains("raw_data");
  if (!raw || !raw->is_string()) return std::nullopt;
  const std::string_view original{raw->get_string()};
  if (!has_event(original)) return std::nullopt;
  const auto description = text_at(alert.finding, "finding_info", "desc");

  std::array<std::vector<Word>, 2> claims;
  const std::array texts{std::string_view{alert.title}, description};
  for (std::size_t i = 0; i < claims.size(); ++i) {
    auto& claim = claims.at(i);
    each_stem(texts.at(i), [&](std::string_view stem) {
      if (claim.size() < most_ && !ignored_.contains(stem) &&
          std::ranges::find(claim, stem, &Word::stem) == claim.end())
        claim.push_back({std::string{stem}});
    });
  }

  // What only repeats the claim bears nothing out. The blanks of a finding may be others.
  const auto told = readable_text(trimmed(description));
  const auto repeats = [&](std::string_view value) {
    return value == alert.title || value == told || value == alert.detection;
  };
  Strings strings{original};
  Strings::Found found;
  while (strings.next(found)) {
    if (found.key && !found.set) continue;
    const bool escaped = found.text.contains('\\');
    const auto text = escaped ? readable_text(found.text) : std::string{};
    const auto value = escaped ? std::string_view{text} : found.text;
    if (repeats(trimmed(value))) continue;
    each_stem(value, [&](std::string_view stem) {
      for (auto& claim : claims) {
        const auto word = std::ranges::find(claim, stem, &Word::stem);
        if (word != claim.end()) word->found = true;
      }
    });
  }
  return std::max(share_of(claims[0]), share_of(claims[1]));
}

}  // namespace sallyport::investigate
