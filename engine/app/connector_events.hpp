#pragma once

#include "engine/act/product.hpp"
#include "engine/approve/outbox.hpp"
#include "engine/gate/gate.hpp"
#include "engine/observe/log.hpp"
#include "engine/observe/metrics.hpp"
#include "engine/store/store.hpp"

namespace sallyport::app {

/// Records that a connector stopped answering or does again: in the ledger of every tenant, in what
/// people are told, in the log and the metrics.
///
/// What it is given must outlive it. turned() is called on the loop.
class ConnectorEvents {
 public:
  ConnectorEvents(store::Store& store,
                  const approve::Outbox& outbox,
                  const gate::Gate& gate,
                  const Clock& clock,
                  observe::Metrics& metrics,
                  observe::Log log);

  void turned(const act::Product& product);

 private:
  store::Store& store_;
  const approve::Outbox& outbox_;
  const gate::Gate& gate_;
  const Clock& clock_;
  observe::Metrics& metrics_;
  observe::Log log_;
};

}  // namespace sallyport::app
