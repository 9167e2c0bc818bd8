#pragma once

#include "engine/store/store.hpp"

#include <gtest/gtest.h>

#include <latch>

namespace sallyport::testing {

/// Holds a store's commit thread, in the answer to a commit of its own, until let_go().
class HeldCommits {
 public:
  /// `first` is what is committed; it has to succeed.
  HeldCommits(store::Store& store, store::Batch first) {
    store.commit(std::move(first), [this](const Result<>& outcome) {
      EXPECT_TRUE(outcome);
      entered_.count_down();
      go_on_.wait();
    });
    entered_.wait();
  }

  void let_go() { go_on_.count_down(); }

 private:
  std::latch entered_{1};
  std::latch go_on_{1};
};

}  // namespace sallyport::testing
