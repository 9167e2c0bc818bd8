#include "engine/gate/usage.hpp"

#include <algorithm>

namespace sallyport::gate {

void Usage::add(ByName<Moments>& to, const std::string& name, Time at) {
  auto& moments = to[name];
  moments.insert(std::ranges::upper_bound(moments, at), at);
  while (moments.size() > largest_limit || moments.front() + length(Window::day) <= at)
    moments.pop_front();
}

std::uint32_t Usage::count(const ByName<Moments>& in,
                           std::string_view name,
                           Window window,
                           Time now) {
  const auto found = in.find(name);
  if (found == in.end()) return 0;
  const auto& moments = found->second;
  const auto first = std::ranges::upper_bound(moments, now - length(window));
  return static_cast<std::uint32_t>(moments.end() - first);
}

void Usage::add(const Use& use) {
  auto& tenant = tenants_[use.tenant];
  if (!use.verb.empty()) add(tenant.verbs, use.verb, use.at);
  if (!use.entry.empty()) add(tenant.entries, use.entry, use.at);
}

std::uint32_t Usage::of_verb(std::string_view tenant,
                             std::string_view verb,
                             Window window,
                             Time now) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? 0 : count(found->second.verbs, verb, window, now);
}

std::uint32_t Usage::of_entry(std::string_view tenant,
                              std::string_view entry,
                              Window window,
                              Time now) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? 0 : count(found->second.entries, entry, window, now);
}

Place Usage::place(std::string_view tenant,
                   std::string_view verb,
                   std::string_view entry,
                   Time now) const {
  Place place{.entry = std::string{entry}};
  for (const auto window : windows) {
    const auto i = static_cast<std::size_t>(window);
    place.verb.at(i) = of_verb(tenant, verb, window, now);
    if (!entry.empty()) place.by_entry.at(i) = of_entry(tenant, entry, window, now);
  }
  return place;
}

}  // namespace sallyport::gate
