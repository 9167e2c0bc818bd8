#pragma once

#include "engine/app/document_difference.hpp"
#include "engine/app/recorded_investigation.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sallyport::app {

/// What of an investigation is another one in its replay; nullptr: the one of then.
struct Replacements {
  std::shared_ptr<const gate::Policy> policy;
  std::shared_ptr<const investigate::Rules> rules;
  std::shared_ptr<const investigate::Counsel> counsel;

  [[nodiscard]] bool none() const { return !policy && !rules && !counsel; }
};

/// How the second time compares with the first.
struct ReplayReport {
  std::string investigation;
  std::uint32_t version = 1;
  bool same = false;
  std::vector<DocumentDifference> differences;  ///< At most most_differences.
  std::vector<std::string> notes;               ///< What a reader should know, a sentence each.
};

BOOST_DESCRIBE_STRUCT(ReplayReport, (), (investigation, version, same, differences, notes))

inline constexpr std::size_t most_differences = 200;

/// Makes the investigation again and asks the gate again. `same` is byte for byte. Errors: those of
/// investigate::replay() and of PastDecisions.
[[nodiscard]] Result<ReplayReport> replay_investigation(const RecordedInvestigation& recorded,
                                                        const Replacements& replacements,
                                                        asio::io_context& loop);

}  // namespace sallyport::app
