#include "engine/investigate/kept.hpp"

#include "engine/base/digest.hpp"

#include <fmt/format.h>

#include <optional>

namespace sallyport::investigate {

namespace {

using Hours = std::chrono::time_point<Time::clock, std::chrono::hours>;

struct Value {
  Time written;
  std::string_view text;
};

/// The hour on a line, then the bytes.
std::optional<Value> read(std::string_view value) {
  const auto end = value.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto written = parse_rfc3339(value.substr(0, end));
  if (!written) return std::nullopt;
  return Value{.written = *written, .text = value.substr(end + 1)};
}

}  // namespace

void put_kept(store::Batch& batch, const model::Kept& kept, Time now) {
  const auto hour = std::chrono::floor<std::chrono::hours>(now);
  const std::int64_t number = hour.time_since_epoch().count();
  // Should this batch fail, the next hour writes it again.
  if (kept.written.exchange(number) == number) return;
  batch.put(store::Table::recordings, kept.hash, to_rfc3339(Time{hour}) + '\n' + kept.text);
}

Result<std::string> find_kept(const store::Store& store, std::string_view hash) {
  const auto stored = store.get(store::Table::recordings, hash);
  if (!stored) return std::unexpected{stored.error()};
  if (!*stored) return fail(Errc::not_found, fmt::format("{:.80} is not kept (any more)", hash));
  const auto value = read(**stored);
  if (!value || content_hash(value->text) != hash)
    return fail(Errc::corrupt, fmt::format("what is kept as {:.80} has another hash", hash));
  return std::string{value->text};
}

bool kept_before(Time time, std::string_view value) {
  const auto found = read(value);
  return found && found->written < std::chrono::floor<std::chrono::hours>(time);
}

}  // namespace sallyport::investigate
