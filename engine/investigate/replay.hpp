#pragma once

#include "engine/base/time.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/investigate/recording.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/verdict.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sallyport::investigate {

/// An investigation as it was recorded.
struct Account {
  std::shared_ptr<const model::Alert> alert;
  model::Verdict verdict;
  Recording recording;
};

/// The same investigation again.
struct Replayed {
  model::Verdict verdict;  ///< Proposals without decisions: the gate is not asked here.
  /// Of the questions to models those that are not the ones of then, by their place: what was
  /// answered to another question was taken for an answer to this one.
  std::vector<std::size_t> other_questions;
};

/// Runs the loop again, under `rules`, on what was told then: no network, no store, no waiting. The
/// times of the verdict are those of then. With a `counsel` its models are asked instead of the
/// recorded ones, on `loop`, in the time of now; of its queries none is asked: they may look up
/// what was looked up then, and for another question the answer is `not_collected`.
///
/// A version above the first goes on from the one before, as it was recorded with it.
///
/// Errors: invalid_input (the recording is of another format, or does not fit its verdict).
[[nodiscard]] Result<Replayed> replay(const Account& account,
                                      std::shared_ptr<const Rules> rules,
                                      asio::io_context& loop,
                                      std::shared_ptr<const Counsel> counsel = nullptr);

}  // namespace sallyport::investigate
