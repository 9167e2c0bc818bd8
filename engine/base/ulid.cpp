#include "engine/base/ulid.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>

namespace sallyport {

namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15ULL;
  auto z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

}  // namespace

UlidSource::UlidSource() : state_{0} {
  std::random_device entropy;
  state_ = (std::uint64_t{entropy()} << 32U) | entropy();
}

UlidSource::UlidSource(std::uint64_t seed) : state_{seed} {}

std::string UlidSource::next(Time now) {
  constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const auto millis = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());

  const std::scoped_lock lock{mutex_};
  // A clock that steps back must not produce an id that sorts before one already given out.
  if (const auto ms = static_cast<std::uint64_t>(millis); ms > last_ms_) {
    last_ms_ = ms;
    low_ = splitmix64(state_);
    high_ = static_cast<std::uint16_t>(splitmix64(state_) & 0x7fffU);
  } else if (++low_ == 0) {
    ++high_;
  }

  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 6; ++i)
    bytes[i] = static_cast<std::uint8_t>(last_ms_ >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(high_ >> 8U);
  bytes[7] = static_cast<std::uint8_t>(high_);
  for (std::size_t i = 0; i < 8; ++i)
    bytes[8 + i] = static_cast<std::uint8_t>(low_ >> (56 - 8 * i));

  // 128 bits in 26 characters of five: the first carries the top three.
  std::string text(26, '0');
  for (std::size_t i = 0; i < 26; ++i) {
    unsigned value = 0;
    for (std::size_t bit = 0; bit < 5; ++bit) {
      const auto position = i * 5 + bit;  // of 130, two leading zeros
      value <<= 1U;
      if (position >= 2) {
        const auto n = position - 2;
        value |= (bytes[n / 8] >> (7 - n % 8)) & 1U;
      }
    }
    text[i] = alphabet[value];
  }
  return text;
}

}  // namespace sallyport
