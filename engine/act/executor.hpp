#pragma once

#include "engine/act/actions.hpp"
#include "engine/act/actuator.hpp"
#include "engine/act/notice.hpp"
#include "engine/act/products.hpp"
#include "engine/act/target_locks.hpp"
#include "engine/act/verifier.hpp"
#include "engine/base/deadline.hpp"
#include "engine/gate/gate.hpp"
#include "engine/store/store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::act {

/// What no product may be asked to do, whichever it is and whoever asks. No I/O. Errors: denied,
/// invalid_input.
using Boundary = std::function<Result<>(std::string_view verb, const model::Target& target)>;

struct ExecutorOptions {
  ProductLimits product;
  Verifier::Options verify;
  Boundary boundary{};                                ///< Empty: there is none.
  std::map<std::string, ProductLimits> product_of{};  ///< By name: not as `product` says.
};

/// Carries out what a gate::Permit allows: intent and rollback record durable first, the gate asked
/// once more, then the request, then the state read back. Every step is a change of the record
/// (life.hpp).
///
/// Promises: nothing is sent that the policy of that moment does not allow; two actions on one
/// target never run at once; what was sent and not clearly answered is `unknown` and settled by
/// reading, never by sending again; what cannot be sent because the product is out of order is put
/// to a person. Not thread-safe: all calls on one executor that runs one handler at a time. What it
/// is given must outlive it.
class Executor {
 public:
  /// Puts the question to a person into `batch`, when an action is held back at the last moment.
  using Ask = std::function<void(store::Batch& batch, const model::Action& action)>;

  Executor(
      Actions& actions,
      gate::Gate& gate,
      const Clock& clock,
      std::vector<std::shared_ptr<Actuator>> actuators,
      ExecutorOptions options,
      Ask ask,
      Tell tell,
      Product::Turned turned = [](const Product&) {});

  /// Finding one, and how it stands with each. Finding is thread-safe.
  [[nodiscard]] const Products& products() const { return products_; }

  /// Runs a `permitted` action to its end: verified, succeeded, failed, unknown; or held back
  /// (queued, blocked). Errors: conflict (somebody else changed it), unavailable (the store),
  /// cancelled. What a product answers is not an error but the action's state.
  Task<model::Action> run(model::Action action, gate::Permit permit);

  /// Whether any product may be asked for this. Thread-safe. Errors: denied, invalid_input.
  [[nodiscard]] Result<> within_bounds(const model::ActionRequest& request) const;

  /// Whether the product would take what `action` asks of it. Sends nothing. Errors: invalid_input
  /// (what it does not take), denied (what nobody may ask), not_found (no such connector).
  [[nodiscard]] Result<> check(const model::Action& action) const;

  /// Uses `actuator` from now on, in place of one of that name. What is under way ends with the one
  /// that it began with. `limits`: not those of ExecutorOptions::product.
  void put(std::shared_ptr<Actuator> actuator, std::optional<ProductLimits> limits = {}) {
    products_.put(std::move(actuator), limits);
  }

  /// From now on no action begins with the one of that name.
  void take_away(std::string_view name) { products_.take_away(name); }

  /// After a restart: settles an action that was under way. One that was sent, or may have been
  /// (executing, unknown, succeeded), by what the product says; one that certainly was not
  /// (intended) is `permitted` again and needs a permit of this moment. Errors: as run().
  Task<model::Action> settle(model::Action action);

  /// A timed action's time has come: sees that the product let go and records it. Errors: as run();
  /// unavailable also while the product still holds it, which is then for it to end or for a
  /// rollback (ends_itself()).
  Task<model::Action> release(model::Action action);

  /// The time has come to look at an action again. Returns it if it is not what it was. Errors: as
  /// run().
  Task<std::optional<model::Action>> look_again(std::string id);

 private:
  Task<model::Action> hold_back(model::Action action, gate::Answer answer);
  /// The product is out of order: a person has to say what to do.
  Task<model::Action> hold(model::Action action, std::string why);
  Task<model::Action> intend(model::Action action,
                             const gate::Permit& permit,
                             const Product& product,
                             const Operation& operation,
                             const Reading& before);
  Task<model::Action> send(model::Action action,
                           Product& product,
                           Operation operation,
                           gate::Answer answer);
  Task<model::Action> answered(model::Action action, model::Outcome outcome);
  Task<model::Action> fail_with(model::Action action, std::string detail);

  [[nodiscard]] Operation operation_of(const model::Action& action) const;
  [[nodiscard]] Result<> check(const Product& product, const Operation& operation) const;

  Actions& actions_;
  gate::Gate& gate_;
  const Clock& clock_;
  ExecutorOptions options_;
  Ask ask_;
  Tell tell_;
  Products products_;
  Verifier verifier_;
  TargetLocks locks_;
};

}  // namespace sallyport::act
