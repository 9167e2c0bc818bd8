#pragma once

#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/gate/policy.hpp"
#include "engine/model/catalogue.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace sallyport::app {

/// A policy file as it was read, and what is to be said about it.
struct CheckedPolicy {
  std::string text;
  std::shared_ptr<const gate::Policy> policy;  ///< nullptr: it has errors.
  std::string errors;                          ///< One a line, by file:line:column.
  std::string warnings;
};

/// Reads, compiles and looks over a policy file; `now` tells what has expired.
/// Errors: those of read_file. Everything that is wrong inside is in the result.
[[nodiscard]] Result<CheckedPolicy> load_policy(const std::filesystem::path& file,
                                                const model::Catalogue& catalogue,
                                                Time now,
                                                std::uint64_t version = 1);

}  // namespace sallyport::app
