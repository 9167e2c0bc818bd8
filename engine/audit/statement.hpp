#pragma once

#include "engine/audit/policy_history.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/model/ledger_entry.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::audit {

enum class Autonomy : std::uint8_t {
  none,         ///< Nothing of this kind could run without a person.
  conditional,  ///< Only what the conditions say.
  any,          ///< Every target that is not held back (protected, not grounded, a limit, a block).
};

/// What policy allowed a verb for a while.
struct Allowance {
  Window during;
  std::uint64_t policy_version = 0;  ///< 0: there was no policy.
  Autonomy could = Autonomy::none;
  std::string why;
  std::vector<std::string> conditions;
};

/// What a verb did to one kind of target without a person.
struct Done {
  std::uint64_t decided = 0;      ///< Decisions `auto`.
  std::uint64_t executed = 0;     ///< Of actions that no person approved: sent to a product.
  std::uint64_t verified = 0;     ///< Of these, read back.
  std::uint64_t rolled_back = 0;  ///< Of these.
};

/// Of one verb on one kind of target.
struct VerbStatement {
  std::string tenant;
  std::string verb;
  std::string target_kind;
  model::BlastRadius blast_radius = model::BlastRadius::UNKNOWN;
  std::vector<Allowance> could;  ///< The whole window, without a gap.
  Done did;
};

struct Statement {
  Window window;
  std::vector<VerbStatement> verbs;
};

BOOST_DESCRIBE_ENUM(Autonomy, none, conditional, any)
BOOST_DESCRIBE_STRUCT(Allowance, (), (during, policy_version, could, why, conditions))
BOOST_DESCRIBE_STRUCT(Done, (), (decided, executed, verified, rolled_back))
BOOST_DESCRIBE_STRUCT(VerbStatement, (), (tenant, verb, target_kind, blast_radius, could, did))
BOOST_DESCRIBE_STRUCT(Statement, (), (window, verbs))

/// What a statement is made about.
struct Deed {
  std::string_view verb;
  std::string_view target_kind;
};

/// What a verb could do to a kind of target by itself in the window, from the policies that were in
/// force: tiers, overdue reviews, overrides, the whitelist and its expiries, freezes, kill
/// switches. Neighbouring times with the same answer are one. Pure.
[[nodiscard]] std::vector<Allowance> allowances(const PolicyHistory& history,
                                                const model::Verb& verb,
                                                Deed of,
                                                std::string_view tenant,
                                                Window window);

/// Counts what ran without a person, from the entries of one tenant in order.
class DoneCount {
 public:
  void add(const model::LedgerEntry& entry);

  /// By kind of target.
  [[nodiscard]] std::map<std::string, Done> of(std::string_view verb) const;

 private:
  struct Known {
    std::string verb;
    std::string target_kind;
    bool by_itself = false;
    bool executed = false;
    bool verified = false;
  };

  std::map<std::string, Known> actions_;
  std::map<std::string, std::map<std::string, Done>, std::less<>> done_;
};

/// The statement over all verbs of the catalogue, on each kind of target that they take or took. An
/// action that began before the window counts with what it did inside. Errors: corrupt,
/// unavailable.
[[nodiscard]] Result<Statement> make_statement(const store::Store& store,
                                               const PolicyHistory& history,
                                               const model::Catalogue& catalogue,
                                               const std::vector<std::string>& tenants,
                                               Window window);

/// The same for a person.
[[nodiscard]] std::string statement_text(const Statement& statement);

}  // namespace sallyport::audit
