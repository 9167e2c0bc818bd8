#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>
#include <vector>

namespace sallyport::lab {

/// A receiver that drops what the key `lab-webhook-key-0123` did not sign, and takes each
/// Idempotency-Key once.
class WebhookLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, json::value> received;  ///< By key.
};

/// The workflow `0a1b` behind a channel of Microsoft Teams. Its URL is signed with `lab-teams-sig`.
class TeamsLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::vector<std::string> messages;
};

/// Mattermost's channel `4xp9fdt77pncbef59f4k1qe83o`. The token is `lab-mattermost-token`.
class MattermostLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, std::string> messages;  ///< By pending_post_id.
};

/// Matrix's room `!soc:acme.example`. The token is `lab-matrix-token`.
class MatrixLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, std::string> messages;  ///< By transaction.
};

/// Opsgenie's alerts of the team `soc`, made at the second look. The key is `lab-opsgenie-key`.
class OpsgenieLab final : public Vendor {
 public:
  struct Alert {
    std::string message;
    int looks = 0;
  };

  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, Alert> alerts;  ///< By alias.
  bool knows_team = true;

 private:
  std::vector<std::string> requests_;  ///< Aliases.
};

/// A consumer of OpenC2. The token is `lab-openc2-token`.
class OpenC2Lab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, std::string> actions;  ///< By target, as it was told last: deny, allow ...
  std::map<std::string, std::string> directions;  ///< Of networks.
};

}  // namespace sallyport::lab
