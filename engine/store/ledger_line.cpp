#include "engine/store/ledger_line.hpp"

#include "engine/base/digest.hpp"

#include <charconv>

namespace sallyport::store {

namespace {

constexpr std::string_view prev_mark = ",\"prev\":\"";
constexpr std::string_view hash_mark = ",\"hash\":\"";
constexpr std::size_t hash_size = no_hash.size();
constexpr std::size_t prev_member_size = prev_mark.size() + hash_size + 1;  // the closing quote
constexpr std::size_t tail_size = hash_mark.size() + hash_size + 2;         // quote and brace

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// A JSON string's inside, up to the quote that ends it; takes both off `text`.
std::optional<std::string_view> take_string(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      const auto inside = text.substr(0, i);
      text.remove_prefix(i + 1);
      return inside;
    }
  }
  return std::nullopt;
}

/// A member of the frame whose value is a string.
std::optional<std::string_view> take_member(std::string_view& text, std::string_view name) {
  if (!take(text, ",\"") || !take(text, name) || !take(text, "\":\"")) return std::nullopt;
  return take_string(text);
}

}  // namespace

std::string append_line(std::string& out,
                        std::uint64_t seq,
                        std::string_view prev,
                        const LedgerContent& content) {
  const auto start = out.size();
  out += "{\"seq\":";
  append_json(out, seq);
  out += ",\"tenant\":";
  append_json(out, content.tenant);
  out += ",\"at\":\"";
  out += to_rfc3339(content.at);
  out += "\",\"kind\":\"";
  out += name_of(content.kind);
  out += "\",\"subject\":";
  append_json(out, content.subject);
  out += ",\"actor\":{\"kind\":";
  append_json(out, content.actor.kind);
  out += ",\"id\":";
  append_json(out, content.actor.id);
  out += "},\"body\":";
  out += content.body;
  out += prev_mark;
  out += prev;
  out += "\"}";
  auto hash = content_hash(std::string_view{out}.substr(start));
  out.pop_back();
  out += hash_mark;
  out += hash;
  out += "\"}";
  return hash;
}

std::optional<LedgerFrame> take_apart(std::string_view line) {
  LedgerFrame frame;
  if (line.size() < tail_size + prev_member_size) return std::nullopt;
  frame.hashed = line.substr(0, line.size() - tail_size);
  auto tail = line.substr(frame.hashed.size());
  if (!take(tail, hash_mark) || !tail.ends_with("\"}")) return std::nullopt;
  frame.hash = tail.substr(0, hash_size);
  auto prev = frame.hashed.substr(frame.hashed.size() - prev_member_size);
  if (!take(prev, prev_mark) || !prev.ends_with('"')) return std::nullopt;
  frame.prev = prev.substr(0, hash_size);

  auto text = frame.hashed.substr(0, frame.hashed.size() - prev_member_size);
  if (!take(text, "{\"seq\":")) return std::nullopt;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), frame.seq);
  if (bad != std::errc{} || text.starts_with('0')) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const auto tenant = take_member(text, "tenant");
  if (!tenant) return std::nullopt;
  const auto at = take_member(text, "at");
  if (!at) return std::nullopt;
  const auto kind = take_member(text, "kind");
  if (!kind) return std::nullopt;
  const auto subject = take_member(text, "subject");
  if (!subject || !text.starts_with(",\"actor\":{")) return std::nullopt;
  frame.tenant = *tenant;
  frame.at = *at;
  frame.kind = *kind;
  frame.subject = *subject;
  return frame;
}

ChainWalk::ChainWalk(std::string_view tenant, LedgerHead before) : head_{std::move(before)} {
  if (!tenant.empty()) {
    append_json(tenant_, tenant);
    tenant_ = tenant_.substr(1, tenant_.size() - 2);
  }
  if (head_.hash.empty()) head_.hash = no_hash;
}

std::string ChainWalk::next(std::string_view line) {
  const auto frame = take_apart(line);
  if (!frame) return "is not written as a ledger entry";
  if (frame->seq != head_.seq + 1) {
    return fmt::format("has number {} where {} belongs: entries are missing, repeated or reordered",
                       frame->seq,
                       head_.seq + 1);
  }
  if (tenant_.empty()) tenant_ = frame->tenant;
  if (frame->tenant != tenant_)
    return fmt::format("belongs to the tenant \"{}\", not \"{}\"", frame->tenant, tenant_);
  if (frame->prev != head_.hash) return "does not follow the entry before it: prev is not its hash";
  scratch_.assign(frame->hashed);
  scratch_ += '}';
  if (content_hash(scratch_) != frame->hash)
    return "was changed: its hash is not that of its bytes";
  head_.seq = frame->seq;
  head_.hash.assign(frame->hash);
  return {};
}

}  // namespace sallyport::store
