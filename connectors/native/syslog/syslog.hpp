#pragma once

#include "connectors/native/syslog/config.hpp"
#include "connectors/native/syslog/event.hpp"
#include "engine/act/actuator.hpp"
#include "engine/base/time.hpp"
#include "engine/http/tls.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Events to a collector of syslog. README.md says what it needs and promises.
namespace sallyport::connectors::syslog {

/// notify and create_notable_event as a message of syslog. Syslog has no receipt: what was handed
/// over is `succeeded`, and never verified.
///
/// Thread-safe. Sockets live on `executor`, which runs one handler at a time; the clock and what is
/// under way do not outlive it.
class Syslog final : public act::Actuator {
 public:
  /// Does not connect. Errors: invalid_input, naming the option.
  [[nodiscard]] static Result<std::unique_ptr<Syslog>> make(Config config,
                                                            const Clock& clock,
                                                            asio::any_io_executor executor);

  [[nodiscard]] std::string_view name() const override { return config_.name; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override;
  [[nodiscard]] Result<> check(const act::Operation& operation) const override;
  [[nodiscard]] Result<std::vector<act::Planned>> preview(
      const act::Operation& operation) const override;
  Task<act::Reading> read(act::Operation operation, Deadline deadline) override;
  Task<model::Outcome> execute(act::Operation operation, Deadline deadline) override;
  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override;

 private:
  Syslog(Config config,
         std::shared_ptr<http::TlsContext> tls,
         const Clock& clock,
         asio::any_io_executor executor);

  [[nodiscard]] Result<Event> event_of(const act::Operation& operation) const;
  [[nodiscard]] std::string message_in_bounds(const Event& event) const;
  Task<model::Outcome> send(std::string message, std::string id) const;
  Task<bool> send_datagram(std::string message) const;
  Task<bool> send_stream(std::string message) const;

  Config config_;
  std::shared_ptr<http::TlsContext> tls_;
  const Clock& clock_;
  asio::any_io_executor executor_;
};

}  // namespace sallyport::connectors::syslog
