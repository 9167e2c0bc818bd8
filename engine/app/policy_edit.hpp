#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"
#include "engine/model/decision.hpp"
#include "engine/serve/backend.hpp"

#include <string>
#include <vector>

namespace sallyport::app {

/// `text`, a YAML or JSON file, with `value` at `path` (map keys from the top; what is missing on
/// the way is made). Everything else keeps its bytes, comments included, where that can be done and
/// is proved by reading the result again; otherwise the file is written anew below a line that says
/// so.
///
/// Errors: invalid_input (the text is no map), conflict (cannot be written without a change of
/// meaning).
[[nodiscard]] Result<std::string> with_value(const std::string& text,
                                             const std::vector<std::string>& path,
                                             const json::value& value);

/// The policy file with another tier of `tenant`. Errors: not_found (it names no such tenant), and
/// those of with_value().
[[nodiscard]] Result<std::string> with_tier(const std::string& text,
                                            const std::string& tenant,
                                            model::Tier tier);

/// The policy file with a limit of 0 for `verb` on a kind of target, because of `reason`: whatever
/// the tier, the whitelist and force_auto say, it waits for a person. Its other limits stay.
/// Errors: as with_tier().
[[nodiscard]] Result<std::string> with_demotion(const std::string& text,
                                                const std::string& tenant,
                                                const std::string& verb,
                                                const std::string& target_kind,
                                                const std::string& reason);

/// The policy file with that kill switch on or off. Errors: as with_tier().
[[nodiscard]] Result<std::string> with_kill_switch(const std::string& text,
                                                   const serve::KillSwitchOrder& order,
                                                   const std::string& reason);

}  // namespace sallyport::app
