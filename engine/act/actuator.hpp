#pragma once

#include "engine/act/planned.hpp"
#include "engine/base/deadline.hpp"
#include "engine/model/action.hpp"
#include "engine/model/request.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::act {

/// One thing to do on a product.
struct Operation {
  std::string verb;
  model::Target target;
  json::object parameters;
  /// The same for every attempt at one action, so that a product that knows such keys does it once.
  std::string idempotency_key;
  /// For an inverse: what was there before the action, to be restored. Else empty.
  json::object restore;
};

/// What a product says of the very state that an operation is to change.
struct Reading {
  /// True: what the operation wants is what holds now. Empty: the product cannot say.
  std::optional<bool> in_effect;
  bool pending = false;  ///< It is on its way: look again. Then in_effect is empty.
  json::object state;  ///< The product's words, enough to restore it: what a rollback record keeps.
  std::string detail;  ///< One sentence for a person.
};

/// How to get back to `before`.
struct Inverse {
  Operation operation;  ///< verb empty: there is nothing to undo.
  std::string
      why;  ///< Why not, where that is so: `was already blocked before`, `cannot be undone`.
};

/// A product that actions run on: the port of this room; adapters live in connectors/.
///
/// Every call is safe to repeat. An implementation never guesses: what it cannot tell it says.
/// Thread-safe: operations on different targets run side by side.
class Actuator {
 public:
  virtual ~Actuator() = default;

  /// As configured and as recorded in rollback records, e.g. `perimeter`.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// The verbs it can run, its inverses among them.
  [[nodiscard]] virtual const std::vector<std::string>& verbs() const = 0;

  /// Refuses, before any request is made, what must not be sent: a target that is not what its kind
  /// says, an address that would block everybody, a parameter with control characters. No I/O.
  /// Errors: invalid_input (malformed), denied (well-formed and never allowed).
  [[nodiscard]] virtual Result<> check(const Operation& operation) const = 0;

  /// A dry run: what `operation` would lead to, in its order. Nothing is sent and nothing reached,
  /// and no executor is needed. Errors: as check().
  [[nodiscard]] virtual Result<std::vector<Planned>> preview(const Operation& operation) const = 0;

  /// Reads the state that `operation` is to change.
  /// Errors: not_found (no such target on this product), unavailable, expired, cancelled.
  virtual Task<Reading> read(Operation operation, Deadline deadline) = 0;

  /// Does it. An error means that nothing was sent or the product refused: nothing changed. What
  /// was sent and not clearly answered is an Outcome `unknown`. `already_done` where the state held
  /// before. Errors: invalid_input, denied, not_found, unavailable (may be tried again), expired,
  /// cancelled.
  virtual Task<model::Outcome> execute(Operation operation, Deadline deadline) = 0;

  /// How to undo `operation` on what was `before` it. Pure.
  [[nodiscard]] virtual Inverse inverse(const Operation& operation,
                                        const Reading& before) const = 0;
};

}  // namespace sallyport::act
