#include "engine/store/ledger_index.hpp"

#include "engine/base/digest.hpp"

namespace sallyport::store {

namespace {

constexpr std::uint64_t sign_bit = 1ULL << 63U;

/// The low `bytes` bytes of `number`.
void append_number(std::string& out, std::uint64_t number, unsigned bytes = 8) {
  for (auto left = bytes; left-- > 0;)
    out += static_cast<char>(static_cast<unsigned char>(number >> (8 * left)));
}

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) number = (number << 8U) | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

std::string ledger_prefix(std::string_view tenant) {
  std::string prefix;
  prefix.reserve(tenant.size() + 9);
  prefix += tenant;
  prefix += '\0';
  return prefix;
}

std::string ledger_key(std::string_view tenant, std::uint64_t seq) {
  auto key = ledger_prefix(tenant);
  append_number(key, seq);
  return key;
}

std::string kind_prefix(std::string_view tenant, model::EntryKind kind) {
  const auto name = name_of(kind);
  std::string prefix;
  prefix.reserve(tenant.size() + name.size() + 3 + 16);
  prefix += tenant;
  prefix += '\0';
  prefix += 'k';
  prefix += name;
  prefix += '\0';
  return prefix;
}

std::string kind_key(std::string_view tenant,
                     model::EntryKind kind,
                     std::chrono::sys_seconds second,
                     std::uint64_t first_seq) {
  return record_key(kind_prefix(tenant, kind), second, first_seq);
}

std::string record_key(std::string prefix,
                       std::chrono::sys_seconds second,
                       std::uint64_t first_seq) {
  append_number(prefix, static_cast<std::uint64_t>(second.time_since_epoch().count()) ^ sign_bit);
  append_number(prefix, first_seq);
  return prefix;
}

std::string facet_prefix(std::string_view tenant, Facet facet, std::string_view text) {
  constexpr std::size_t longest = 128;
  const bool as_it_is = text.size() <= longest && text.find('\0') == std::string_view::npos;
  auto prefix = ledger_prefix(tenant);
  prefix += static_cast<char>(facet);
  prefix += as_it_is ? std::string{text} : content_hash(text);
  prefix += '\0';
  return prefix;
}

void append_place(std::string& value,
                  std::chrono::sys_seconds second,
                  std::uint64_t first_seq,
                  Place place) {
  append_number(value, static_cast<std::uint64_t>((place.at - second).count()), 4);
  append_number(value, place.seq - first_seq, 4);
}

void read_places(std::string_view key, std::string_view value, std::vector<Place>& places) {
  const auto second = second_of(key);
  const auto first_seq = seq_of(key);
  for (; value.size() >= 8; value.remove_prefix(8)) {
    const std::chrono::microseconds offset{read_number(value.substr(0, 4))};
    places.push_back({.at = second + offset, .seq = first_seq + read_number(value.substr(4, 4))});
  }
}

std::chrono::sys_seconds second_of(std::string_view key) {
  if (key.size() < 16) return {};
  const auto count = read_number(key.substr(key.size() - 16, 8)) ^ sign_bit;
  return std::chrono::sys_seconds{std::chrono::seconds{static_cast<std::int64_t>(count)}};
}

std::string subject_prefix(std::string_view tenant, std::string_view subject) {
  std::string prefix;
  prefix.reserve(tenant.size() + subject.size() + 3 + 8);
  prefix += tenant;
  prefix += '\0';
  prefix += 's';
  prefix += subject;
  prefix += '\0';
  return prefix;
}

std::string subject_key(std::string_view tenant,
                        std::string_view subject,
                        std::uint64_t first_seq) {
  auto key = subject_prefix(tenant, subject);
  append_number(key, first_seq);
  return key;
}

std::string run_value(std::uint32_t entries) {
  std::string value;
  append_number(value, entries, 4);
  return value;
}

std::uint32_t run_of(std::string_view value) {
  return static_cast<std::uint32_t>(read_number(value.substr(0, 4)));
}

std::uint64_t seq_of(std::string_view key) {
  return key.size() < 8 ? 0 : read_number(key.substr(key.size() - 8));
}

std::string head_key(std::string_view tenant) {
  return std::string{head_prefix} + std::string{tenant};
}

}  // namespace sallyport::store
