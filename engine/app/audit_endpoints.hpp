#pragma once

#include "engine/audit/track_record.hpp"
#include "engine/base/time.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/serve/endpoint.hpp"
#include "engine/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <filesystem>

namespace sallyport::app {

/// What the audit endpoints work on. All of it outlives them.
struct AuditSources {
  store::Store& store;
  const model::Catalogue& catalogue;
  const Clock& clock;
  asio::any_io_executor blocking;  ///< Where the ledger is read: it may take seconds.
  std::filesystem::path data_dir;
  audit::DemotionRule demotion;
};

/// GET /v1/audit/export, POST /v1/audit/reviews and GET /v1/readiness.
[[nodiscard]] serve::Endpoints audit_endpoints(AuditSources sources);

}  // namespace sallyport::app
