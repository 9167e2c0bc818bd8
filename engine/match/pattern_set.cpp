#include "engine/match/pattern_set.hpp"

#include <re2/set.h>

#include <utility>

namespace sallyport::match {

namespace {

constexpr std::int64_t max_memory = 32L << 20L;  ///< Of the automaton.

re2::RE2::Options options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(max_memory);
  options.set_never_capture(true);
  return options;
}

}  // namespace

struct PatternSet::Impl {
  re2::RE2::Set set{options(), re2::RE2::UNANCHORED};
  std::size_t patterns = 0;
};

PatternSet::PatternSet(std::shared_ptr<const Impl> impl) : impl_{std::move(impl)} {}

std::optional<PatternSet> PatternSet::compile(const std::vector<std::string>& patterns) {
  auto impl = std::make_shared<Impl>();
  for (const auto& pattern : patterns)
    if (impl->set.Add(pattern, nullptr) < 0) return std::nullopt;
  impl->patterns = patterns.size();
  if (!impl->set.Compile()) return std::nullopt;
  return PatternSet{std::move(impl)};
}

std::optional<std::vector<bool>> PatternSet::in(std::string_view text) const {
  std::vector<int> found;
  re2::RE2::Set::ErrorInfo error{};
  const bool any = impl_->set.Match(re2::StringPiece{text.data(), text.size()}, &found, &error);
  if (!any && error.kind != re2::RE2::Set::kNoError) return std::nullopt;
  std::vector<bool> result(impl_->patterns);
  for (const auto place : found) result[static_cast<std::size_t>(place)] = true;
  return result;
}

}  // namespace sallyport::match
