#pragma once

#include "connectors/manifest/address_guard.hpp"
#include "connectors/manifest/caller.hpp"
#include "connectors/native/base/known_places.hpp"
#include "connectors/taxii/collection.hpp"
#include "connectors/taxii/config.hpp"
#include "engine/base/deadline.hpp"
#include "engine/base/time.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::taxii {

/// What a poll came to.
struct Report {
  std::size_t collections = 0;
  std::size_t new_or_changed = 0;
  std::size_t revoked = 0;
  std::size_t unused = 0;
  std::size_t held = 0;  ///< Indicators, of all collections.
};

/// Reads the collections of a TAXII 2.1 API root, from where it left off, into files that the
/// enricher of local lists reads: `folder`/NAME-COLLECTION.json, each replaced as a whole.
///
/// A poll that breaks off changes nothing of its collection; the next one begins where it began.
/// Not thread-safe: used on `executor`, which runs one handler at a time; files are read and
/// written on `pool`.
class Feed {
 public:
  /// Resolves secrets; does not connect. Errors: invalid_input (naming the option), not_found (a
  /// secret).
  [[nodiscard]] static Result<std::unique_ptr<Feed>> make(Config config,
                                                          std::filesystem::path folder,
                                                          std::shared_ptr<KnownPlaces> places,
                                                          const Clock& clock,
                                                          asio::any_io_executor executor,
                                                          asio::any_io_executor pool);

  [[nodiscard]] const Config& config() const noexcept { return config_; }

  /// Errors: unavailable (the server does not answer, or not as a TAXII server does; a file),
  /// denied (the credential), expired, cancelled. Collections before the one that failed are kept.
  Task<Report> poll(Deadline deadline);

 private:
  Feed(Config config, std::filesystem::path folder, const Clock& clock, asio::any_io_executor pool);

  Task<std::vector<std::string>> readable_collections(Deadline deadline);
  [[nodiscard]] std::filesystem::path file_of(const std::string& id) const;
  Task<Collection> known(std::string id);
  Task<> read_new(std::string id, Report& report, Deadline deadline);
  Task<manifest::Called> get(const manifest::StepPlan& step, json::object facts, Deadline deadline);

  Config config_;
  std::filesystem::path folder_;
  const Clock& clock_;
  asio::any_io_executor pool_;
  std::shared_ptr<const manifest::Plan> plan_;
  std::unique_ptr<manifest::Wire> wire_;
  std::unique_ptr<manifest::Credentials> credentials_;
  std::unique_ptr<manifest::Caller> caller_;
};

}  // namespace sallyport::connectors::taxii
