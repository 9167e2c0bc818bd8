#pragma once

#include "connectors/local/watched_files.hpp"
#include "engine/app/connectors.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::app {

/// What files change about connectors while the engine runs: manifests that are read again, and the
/// folder `connectors_folder`, where a file that is dropped in is a connector from then on. A
/// faulty file changes nothing and is reported once for each change; what was there before stays.
///
/// For one thread at a time.
class ConnectorShelf {
 public:
  /// Changes a file's options before a connector is made of them.
  using Prepare = std::function<void(json::object& options)>;

  /// `settings` outlives it; `products` are those of the settings.
  ConnectorShelf(const config::Settings& settings,
                 Reach reach,
                 const Products& products,
                 Prepare prepare = {});

  struct News {
    std::vector<std::shared_ptr<act::Actuator>> put;   ///< New, or in place of one of that name.
    std::map<std::string, act::ProductLimits> limits;  ///< Of those, where they have their own.
    std::vector<std::string> taken_away;
    std::vector<std::string> read;    ///< The connectors whose manifests were read again.
    std::vector<std::string> faults;  ///< By file, line and column.
  };

  /// Reads files: call it where that may block.
  [[nodiscard]] News look();

 private:
  /// A file of the folder that is a connector.
  struct Dropped {
    std::string text;
    bool sound = false;  ///< As it is now; what an earlier text made stays.
    std::shared_ptr<act::Actuator> actuator;
    std::optional<act::ProductLimits> limits{};
    std::shared_ptr<connectors::manifest::LiveConnector> manifest;
  };

  void look_at_folder(News& news);
  void look_at(const std::filesystem::path& file, News& news);
  /// Errors: invalid_input, with every fault.
  [[nodiscard]] Result<Dropped> make(const config::Document& document,
                                     const std::string& name) const;

  const config::Settings& settings_;
  Reach reach_;
  Prepare prepare_;
  std::vector<std::shared_ptr<connectors::manifest::LiveConnector>> manifests_;
  std::optional<connectors::local::WatchedFiles> folder_;
  std::map<std::filesystem::path, Dropped> dropped_;
};

}  // namespace sallyport::app
