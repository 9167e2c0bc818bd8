#include "engine/app/overdue_reviews.hpp"

#include "engine/app/notices.hpp"

#include <utility>

namespace sallyport::app {

namespace {

using store::Table;

std::string told_key(std::string_view tenant) {
  return store::key({"review_told", tenant});
}

}  // namespace

Task<> OverdueReviews::look(std::shared_ptr<const gate::Policy> policy, Time now) {
  for (const auto& review : policy->overdue_reviews(now)) {
    const auto which = to_rfc3339(review.review_by);
    const auto known = told_.find(review.tenant);
    if (known != told_.end() && known->second == which) continue;
    const auto stored = store_.get(Table::meta, told_key(review.tenant));
    if (!stored) co_return std::unexpected{stored.error()};
    if (*stored != which) {
      store::Batch batch;
      outbox_.put(batch, review_is_overdue(review));
      batch.put(Table::meta, told_key(review.tenant), which);
      const auto committed = co_await store_.commit(std::move(batch));
      if (!committed) co_return std::unexpected{committed.error()};
    }
    told_[review.tenant] = which;
  }
  co_return Result<>{};
}

}  // namespace sallyport::app
