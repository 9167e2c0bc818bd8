#include "engine/ingest/publisher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace sallyport::ingest {

struct Publisher::Impl {
  using Clock = std::chrono::steady_clock;

  store::Store& store;
  PublisherOptions options;
  KafkaLog log;
  LedgerFeed feed;
  std::mutex mutex;
  std::condition_variable_any stopping;
  std::jthread thread;

  void save() {
    auto batch = feed.moved();
    if (batch.empty()) return;
    if (const auto saved = store.commit_and_wait(std::move(batch)); !saved)
      log(4, fmt::format("publisher: cursor not saved: {}", saved.error().detail));
  }

  void pause(const std::stop_token& stop, std::chrono::milliseconds time) {
    std::unique_lock lock{mutex};
    stopping.wait_for(lock, stop, time, [] { return false; });
  }

  void run(const std::stop_token& stop) {
    auto next_save = Clock::now() + options.save_every;
    while (!stop.stop_requested()) {
      switch (feed.round()) {
        case LedgerFeed::Round::more:
          break;
        case LedgerFeed::Round::idle:
          pause(stop, options.poll);
          break;
        case LedgerFeed::Round::full:
          feed.wait_for_room(options.poll);
          break;
        case LedgerFeed::Round::refused:
          pause(stop, options.retry_after);
          break;
      }
      if (const auto now = Clock::now(); now >= next_save) {
        save();
        next_save = now + options.save_every;
      }
    }
  }

  void finish(std::chrono::milliseconds patience) {
    const auto end = Clock::now() + patience;
    const auto left = [&] {
      return std::max(std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()),
                      std::chrono::milliseconds{0});
    };
    while (left().count() > 0) {
      const auto round = feed.round();
      if (round == LedgerFeed::Round::idle || round == LedgerFeed::Round::refused) break;
      if (round == LedgerFeed::Round::full) feed.wait_for_room(left());
    }
    feed.settle(left());
    save();
  }
};

Publisher::Publisher(store::Store& store,
                     const model::Catalogue& catalogue,
                     PublisherOptions options,
                     LedgerFeed::Send send,
                     KafkaLog log)
    : impl_{new Impl{.store = store,
                     .options = options,
                     .log = log,
                     .feed = {store, catalogue, options.feed, std::move(send), log}}} {}

Publisher::~Publisher() {
  stop(std::chrono::milliseconds{0});
}

void Publisher::start() {
  impl_->thread = std::jthread{[this](const std::stop_token& stop) { impl_->run(stop); }};
}

void Publisher::stop(std::chrono::milliseconds patience) {
  if (!impl_->thread.joinable()) return;
  impl_->thread.request_stop();
  impl_->thread.join();
  impl_->finish(patience);
}

LedgerFeed::Status Publisher::status() const {
  return impl_->feed.status();
}

}  // namespace sallyport::ingest
