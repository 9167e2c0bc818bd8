#pragma once

#include "connectors/models/allowance.hpp"
#include "connectors/models/provider.hpp"
#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/config/settings.hpp"
#include "engine/investigate/counsel.hpp"
#include "engine/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace sallyport::app {

/// The language models of the settings, made ready.
struct Models {
  std::shared_ptr<const investigate::Counsel> counsel;
  std::shared_ptr<connectors::models::Allowance> allowance;
  std::map<std::string, std::shared_ptr<connectors::models::Provider>> providers;
};

/// Makes the models that `models.use` and `models.reader` name, over sockets on `executor`, where
/// they are to be called; the options of all are read. Nothing, when one has a fault or none is to
/// be asked.
[[nodiscard]] std::optional<Models> make_models(
    const config::Settings& settings,
    std::vector<std::shared_ptr<investigate::Query>> queries,
    boost::asio::any_io_executor executor,
    const Clock& clock,
    Faults& faults);

/// Tells the allowance what the ledger says was spent today. Errors: unavailable, corrupt.
[[nodiscard]] Result<> remember_spending(const store::Store& store,
                                         const Clock& clock,
                                         connectors::models::Allowance& allowance);

}  // namespace sallyport::app
