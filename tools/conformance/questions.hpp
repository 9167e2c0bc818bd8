#pragma once

#include "connectors/manifest/inquiry.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"
#include "tools/conformance/trials.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::conformance {

/// One query of a shipped manifest: an entity that the lab's vendor knows, and one that it does
/// not.
struct Question {
  std::string manifest;
  std::string query;
  model::Entity known;
  model::Entity unknown;
  std::string signal{};  ///< That the known one bears.
};

[[nodiscard]] const std::vector<Question>& questions();
[[nodiscard]] std::vector<Question> questions_of(std::string_view manifest);

/// What the query finds out about `entity` at the time of the lab's events. Errors: as
/// manifest::Connector::ask() and manifest::inquiry_of().
[[nodiscard]] Result<std::vector<model::Evidence>> ask(Stand& stand,
                                                       const std::string& query,
                                                       const model::Entity& entity,
                                                       std::chrono::milliseconds within);

/// Everything that a query must hold, each class of error included, each before a vendor in the
/// state that it begins with. Errors: as Stand::in_lab(); not_found (there is no such query).
[[nodiscard]] Result<Trials> ask_in_lab(std::shared_ptr<const manifest::Plan> plan,
                                        const Product& product,
                                        const Question& question,
                                        const model::Catalogue& catalogue);

/// The known entity, and the unknown one. What another server can be asked about.
[[nodiscard]] Trials ask_at(Stand& stand, const Question& question);

}  // namespace sallyport::conformance
