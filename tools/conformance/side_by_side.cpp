#include "tools/conformance/side_by_side.hpp"

#include <atomic>
#include <iterator>
#include <thread>

namespace sallyport::conformance {

namespace {

constexpr std::size_t at_once = 6;

}  // namespace

Result<std::vector<Finding>> side_by_side(std::shared_ptr<const manifest::Plan> plan,
                                          const Product& product,
                                          const model::Catalogue& catalogue,
                                          std::vector<Work> works) {
  std::vector<Result<std::vector<Finding>>> found(works.size());
  std::atomic<std::size_t> next = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t n = 0; n < at_once; ++n)
      threads.emplace_back([&] {
        for (auto i = next++; i < works.size(); i = next++) {
          const auto stand = Stand::in_lab(plan, product, catalogue, works[i].hostile);
          if (stand) {
            found[i] = works[i].tried(**stand);
          } else {
            found[i] = std::unexpected{stand.error()};
          }
        }
      });
  }
  std::vector<Finding> all;
  for (auto& some : found) {
    if (!some) return std::unexpected{some.error()};
    std::ranges::move(*some, std::back_inserter(all));
  }
  return all;
}

}  // namespace sallyport::conformance
