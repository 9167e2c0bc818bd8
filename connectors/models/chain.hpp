#pragma once

#include "connectors/models/allowance.hpp"
#include "engine/reason/language_model.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::connectors::models {

/// When the second provider is asked beside the first.
struct Hedging {
  std::chrono::milliseconds after{0};  ///< Without a token of the first for so long; 0: never.
  double share = 0.1;                  ///< At most this part of the calls.
};

/// Providers in their order: the first that answers, those that have no room passed over while
/// another has some. Where the first keeps silent the second is
/// asked beside it; whoever speaks first goes on, the other is cut off. Each call passes the
/// tenant's allowance, and pays what all that were asked have cost.
///
/// Called on one executor, outlives its calls.
class Chain final : public reason::LanguageModel {
 public:
  /// `providers`: at least one.
  Chain(std::vector<std::shared_ptr<reason::LanguageModel>> providers,
        std::shared_ptr<Allowance> allowance,
        Hedging hedging);

  [[nodiscard]] std::string_view name() const override { return name_; }

  [[nodiscard]] bool has_room() const override;

  asio::awaitable<reason::ModelAnswer> ask(std::shared_ptr<const reason::ModelRequest> request,
                                           Deadline deadline,
                                           FirstToken first_token) override;

 private:
  struct Race;

  asio::awaitable<reason::ModelAnswer> in_order(std::shared_ptr<const reason::ModelRequest> request,
                                                Deadline deadline,
                                                FirstToken first_token);
  asio::awaitable<reason::ModelAnswer> hedged(std::shared_ptr<const reason::ModelRequest> request,
                                              Deadline deadline,
                                              FirstToken first_token);
  static void start(const std::shared_ptr<Race>& race,
                    std::size_t lane,
                    std::shared_ptr<reason::LanguageModel> provider,
                    const asio::any_io_executor& executor,
                    std::shared_ptr<const reason::ModelRequest> request,
                    Deadline deadline);

  /// The first that has room, else the first.
  [[nodiscard]] std::size_t first_choice() const;

  std::vector<std::shared_ptr<reason::LanguageModel>> providers_;
  std::shared_ptr<Allowance> allowance_;
  Hedging hedging_;
  std::string name_;
  double hedges_left_ = 1;  ///< A bucket that fills by `share` with every call.
};

}  // namespace sallyport::connectors::models
