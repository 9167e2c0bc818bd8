#pragma once

#include "connectors/native/smtp/config.hpp"
#include "connectors/native/smtp/dialog.hpp"
#include "connectors/native/smtp/letter.hpp"
#include "engine/act/actuator.hpp"
#include "engine/base/secret.hpp"
#include "engine/base/time.hpp"
#include "engine/http/tls.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Mail to people, through a server that takes it. README.md says what it needs and promises.
namespace sallyport::connectors::smtp {

/// notify by mail. A mail is sent once: its Message-ID is made of the action's key, and one whose
/// last answer was lost is `unknown`, not sent again.
///
/// Thread-safe. Sockets live on `executor`, which runs one handler at a time; the clock and what is
/// under way do not outlive it.
class Smtp final : public act::Actuator {
 public:
  /// Resolves the password; does not connect. Errors: invalid_input, naming the option; not_found
  /// (no such secret).
  [[nodiscard]] static Result<std::unique_ptr<Smtp>> make(Config config,
                                                          const Clock& clock,
                                                          asio::any_io_executor executor);

  [[nodiscard]] std::string_view name() const override { return config_.name; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override;
  [[nodiscard]] Result<> check(const act::Operation& operation) const override;
  [[nodiscard]] Result<std::vector<act::Planned>> preview(
      const act::Operation& operation) const override;

  /// A server shows no mail that it took: in_effect is empty.
  Task<act::Reading> read(act::Operation operation, Deadline deadline) override;
  Task<model::Outcome> execute(act::Operation operation, Deadline deadline) override;
  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override;

 private:
  Smtp(Config config,
       Secret password,
       std::shared_ptr<http::TlsContext> tls,
       const Clock& clock,
       asio::any_io_executor executor);

  [[nodiscard]] Result<Letter> letter_of(const act::Operation& operation) const;
  /// A server that has let us in.
  Task<std::unique_ptr<Dialog>> open() const;
  Task<> let_us_in(Dialog& dialog, Reply hello) const;
  Task<model::Outcome> send(Letter letter) const;

  Config config_;
  Secret password_;
  std::shared_ptr<http::TlsContext> tls_;
  const Clock& clock_;
  asio::any_io_executor executor_;
};

}  // namespace sallyport::connectors::smtp
