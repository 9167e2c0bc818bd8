#pragma once

#include "engine/base/json.hpp"
#include "engine/model/catalogue.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What of a policy can be seen to match nothing, or everything, without any request at hand. Sees
/// what is plain and stays silent about the rest: it never calls impossible what a request could
/// match, as far as the request keeps to the catalogue.
namespace sallyport::gate {

/// The texts at `key`: one, or a list of them.
[[nodiscard]] std::vector<std::string_view> texts(const json::object& object, std::string_view key);

/// Why no request matches this whitelist entry; empty: one may. `verb` is that of the entry;
/// nullptr: nobody knows it.
[[nodiscard]] std::string why_never(const json::object& entry, const model::Verb* verb);

/// Why no request matches this detection block; empty: one may.
[[nodiscard]] std::string why_never(const json::value& block);

/// Whether a detection block plainly matches every request: `confidence|gte: 0`, `target.value: *`.
[[nodiscard]] bool is_always(const json::value& block);

}  // namespace sallyport::gate
