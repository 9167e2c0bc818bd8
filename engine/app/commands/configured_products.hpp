#pragma once

#include "engine/app/connectors.hpp"
#include "engine/config/settings.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace sallyport::app {

/// The connectors that settings name and those of `connectors_folder`, made as `run` makes them,
/// for a command that looks at them. Nothing is reached as long as `loop` is not run.
struct ConfiguredProducts {
  config::Settings settings;
  std::shared_ptr<const model::Catalogue> catalogue;
  SystemClock clock;
  boost::asio::io_context loop{1};
  Products products;
  std::string faults;  ///< Why some are not among them, one a line.

  enum class Secrets : std::uint8_t { resolved, left_out };

  /// `file` empty: the installation's. With Secrets::left_out none is read, and `***` stands for
  /// each. Errors: as load_settings(), load_catalogue().
  [[nodiscard]] static Result<std::unique_ptr<ConfiguredProducts>> make(const std::string& file,
                                                                        Secrets secrets);
};

/// A reference to what stands for a secret that is not read.
[[nodiscard]] std::string no_secret();

}  // namespace sallyport::app
