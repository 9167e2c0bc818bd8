#pragma once

#include "engine/act/actuator.hpp"
#include "engine/base/time.hpp"
#include "engine/model/request.hpp"
#include "engine/store/ledger.hpp"
#include "engine/store/store.hpp"

#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::testing {

/// One verb on one real product.
struct Deed {
  model::ActionRequest request;
  std::function<std::shared_ptr<act::Actuator>(asio::thread_pool& pool, const Clock& clock)>
      product;
  /// Whether it is in effect, seen without the connector.
  std::function<bool()> in_effect;
};

inline model::ActionRequest request(std::string verb,
                                    std::string kind,
                                    std::string value,
                                    json::object parameters = {}) {
  return {.tenant = "acme",
          .action = std::move(verb),
          .target = {.kind = std::move(kind), .value = std::move(value)},
          .confidence = 1,
          .requested_by = {.kind = "analyst", .id = "alice"},
          .parameters = std::move(parameters)};
}

/// Runs `work` in a process of its own. The signal that ended it; 0: it came to its end well; -1:
/// it did not.
inline int in_child(const std::function<int()>& work) {
  const auto child = ::fork();
  if (child == 0) {
    int status = 1;
    try {
      status = work();
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status);
  return WEXITSTATUS(status) == 0 ? 0 : -1;
}

/// What is wrong with the ledger of `acme`: it does not hold, or an action was sent twice by it.
inline std::vector<std::string> wrong_in_ledger(store::Store& store) {
  std::vector<std::string> wrong;
  const auto verified = store::verify_ledger(store, "acme");
  if (!verified || !verified->holds) wrong.emplace_back("the ledger does not hold");
  std::map<std::string, int> sent;
  const auto read = store::read_ledger(store, "acme", 1, [&](std::uint64_t, std::string_view line) {
    const auto entry = from_json<model::LedgerEntry>(line).value();
    if (entry.kind == model::EntryKind::executing) ++sent[entry.subject];
    return true;
  });
  if (!read) wrong.emplace_back("the ledger cannot be read");
  for (const auto& [action, times] : sent)
    if (times != 1) wrong.push_back(fmt::format("action {} was executing {} times", action, times));
  return wrong;
}

}  // namespace sallyport::testing
