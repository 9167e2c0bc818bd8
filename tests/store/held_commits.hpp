#pragma once

#include "engine/store/store.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <utility>

namespace sallyport::testing {

/// Holds a store's commit thread, in the answer to a commit of its own, until let_go().
class HeldCommits {
 public:
  /// `first` is what is committed; it has to succeed.
  HeldCommits(store::Store& store, store::Batch first) {
    store.commit(std::move(first), [latches = latches_](const Result<>& outcome) {
      EXPECT_TRUE(outcome);
      latches->entered.count_down();
      latches->go_on.wait();
    });
    latches_->entered.wait();
  }

  void let_go() { latches_->go_on.count_down(); }

 private:
  struct Latches {
    std::latch entered{1};
    std::latch go_on{1};
  };

  /// The commit thread's as well: it may still be waking up when this has gone.
  std::shared_ptr<Latches> latches_ = std::make_shared<Latches>();
};

}  // namespace sallyport::testing
