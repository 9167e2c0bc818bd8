#include "engine/app/pipeline.hpp"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace sallyport::app {

void Pipeline::submit_each(std::vector<ingest::RawAlert> alerts, Asked asked) {
  /// Until the last alert has its answer, and until the last has ended.
  struct Open {
    Asked asked;
    std::atomic<std::size_t> unanswered;
    std::atomic<std::size_t> unended;
    std::mutex mutex;
    Result<ingest::Receipt> answer;  ///< Of all: the worst of them.
  };

  const auto n = alerts.size();
  auto open = std::make_shared<Open>(std::move(asked), n, n);
  for (std::size_t i = 0; i < n; ++i) {
    submit(
        std::move(alerts[i]),
        [open, i, n](Result<ingest::Receipt> receipt) {
          {
            const std::scoped_lock lock{open->mutex};
            auto& answer = open->answer;
            if (!receipt && receipt.error().code != Errc::unavailable)
              receipt.error().detail =
                  fmt::format("{} of {}: {}", i + 1, n, receipt.error().detail);
            // What can be tried again comes first: those that are stored by then are recognised.
            const bool worse = !receipt && (answer || receipt.error().code == Errc::unavailable);
            if (worse || (receipt && answer && !answer->alert)) answer = std::move(receipt);
          }
          if (--open->unanswered == 0) open->asked.received(std::move(open->answer));
        },
        [open] {
          if (--open->unended == 0) open->asked.finish();
        });
  }
}

}  // namespace sallyport::app
