#pragma once

#include "engine/gate/policy.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/model/request.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

/// What a SOC's agents ask the gate for, one after the other, and the policy that decides it.
namespace sallyport::benchmarks {

struct AskedVerb {
  std::string_view verb;
  std::string_view kind;
  std::uint32_t per_mille;  ///< How many of a thousand requests ask for it.
};

/// The rarest is asked for 27 times a day by one that asks 27,000 times.
inline constexpr std::array asked_verbs{AskedVerb{"search_siem", "host", 300},
                                        AskedVerb{"create_ticket", "host", 250},
                                        AskedVerb{"block_ip", "ip", 200},
                                        AskedVerb{"add_ioc", "ip", 120},
                                        AskedVerb{"isolate_host", "host", 70},
                                        AskedVerb{"disable_user", "user", 40},
                                        AskedVerb{"run_script", "host", 19},
                                        AskedVerb{"wipe_host", "host", 1}};

/// The `n`-th request of tenant acme: some thousand hosts and users, addresses that hardly repeat,
/// some targets protected, some that only an attacker's text names.
[[nodiscard]] model::ActionRequest asked(std::uint64_t n);

/// L3 with overrides, a whitelist and protected targets: every ruling occurs. Throws
/// std::logic_error when it does not compile.
[[nodiscard]] std::shared_ptr<const gate::Policy> policy_for_asked();

}  // namespace sallyport::benchmarks
