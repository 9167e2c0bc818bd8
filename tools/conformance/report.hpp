#pragma once

#include "tools/conformance/trials.hpp"

#include <span>
#include <string>

namespace sallyport::conformance {

/// For people: what was tried, whether it held, and what was sent where it is worth knowing.
[[nodiscard]] std::string as_text(const Trials& trials);

/// `{"manifest":...,"verb":...,"held":true,"trials":[{"trial":...,"sent":[...]}]}`
[[nodiscard]] json::object as_json(const Trials& trials);

[[nodiscard]] json::object as_json(const manifest::Sent& request);

/// A table with a row for each verb, and one with a row for each query.
[[nodiscard]] std::string as_markdown(std::span<const Trials> all);

}  // namespace sallyport::conformance
