#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::connectors::geoip::testing {

/// Writes a small database in MaxMind's format (version 2.0): IPv4 networks, records of 24 bits,
/// values that are maps, texts and numbers.
class MmdbWriter {
 public:
  static std::string text(std::string_view value) {
    return control(2, value.size()) + std::string{value};
  }

  static std::string number(std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xffU);
    return control(6, 4) + bytes;
  }

  static std::string map(const std::vector<std::pair<std::string, std::string>>& members) {
    std::string out = control(7, members.size());
    for (const auto& [key, value] : members) out += text(key) + value;
    return out;
  }

  /// `value` is what the functions above made.
  void add(std::array<std::uint8_t, 4> address, unsigned prefix, const std::string& value) {
    const auto data = static_cast<std::int64_t>(data_.size());
    data_ += value;
    std::size_t node = 0;
    for (unsigned bit = 0; bit + 1 < prefix; ++bit) {
      auto& next = nodes_[node][side(address, bit)];
      if (next < 0) {
        next = static_cast<std::int64_t>(nodes_.size());
        nodes_.push_back({none, none});
        node = nodes_.size() - 1;
      } else {
        node = static_cast<std::size_t>(next);
      }
    }
    nodes_[node][side(address, prefix - 1)] = values_at + data;
  }

  void write(const std::string& file) const {
    std::string out;
    const auto count = static_cast<std::int64_t>(nodes_.size());
    for (const auto& node : nodes_) {
      for (const auto child : node) {
        // Past the nodes: nothing, then, 16 bytes later, the data.
        const auto record = child == none        ? count
                            : child >= values_at ? count + 16 + (child - values_at)
                                                 : child;
        for (int shift = 16; shift >= 0; shift -= 8)
          out += static_cast<char>((record >> shift) & 0xff);
      }
    }
    out += std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com";
    out += map({{"node_count", number(static_cast<std::uint32_t>(nodes_.size()))},
                {"record_size", control(5, 1) + '\x18'},
                {"ip_version", control(5, 1) + '\x04'},
                {"database_type", text("Test-City")},
                {"languages", extended(11, 0)},
                {"binary_format_major_version", control(5, 1) + '\x02'},
                {"binary_format_minor_version", control(5, 0)},
                {"build_epoch", extended(9, 1) + '\x01'},
                {"description", map({{"en", text("made by a test")}})}});
    std::ofstream{file, std::ios::binary} << out;
  }

 private:
  static constexpr std::int64_t none = -1;
  static constexpr std::int64_t values_at = 1 << 20;

  static std::string control(unsigned type, std::size_t size) {
    if (size < 29) return {static_cast<char>((type << 5U) | size)};
    return {static_cast<char>((type << 5U) | 29U), static_cast<char>(size - 29)};
  }

  static std::string extended(unsigned type, std::size_t size) {
    return {static_cast<char>(size), static_cast<char>(type - 7)};
  }

  static std::size_t side(const std::array<std::uint8_t, 4>& address, unsigned bit) {
    return (address[bit / 8] >> (7U - bit % 8)) & 1U;
  }

  std::vector<std::array<std::int64_t, 2>> nodes_{{none, none}};
  std::string data_;
};

}  // namespace sallyport::connectors::geoip::testing
