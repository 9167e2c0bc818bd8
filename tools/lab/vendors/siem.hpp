#pragma once

#include "tools/lab/vendors/microsoft.hpp"
#include "tools/lab/vendors/vendor.hpp"

#include <string>
#include <string_view>

namespace sallyport::lab {

/// What the logs of the lab hold: three events of each of these, and of nothing else.
struct Logged {
  static constexpr std::string_view host = "WKS-0042";
  static constexpr std::string_view user = "alice";
  static constexpr std::string_view ip = "203.0.113.66";
  static constexpr std::string_view sha256 =
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  static constexpr int events = 3;
};

/// Splunk's search API. Searches only what it is told the exact form of, in a window that is one.
class SplunkLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  bool full = false;  ///< The queue of searches is.
};

/// The search API of Elasticsearch and of what came of it, over one index.
class ElasticLab final : public Vendor {
 public:
  /// `index`: the one it has; `authorization`: the header that it takes.
  ElasticLab(std::string index, std::string authorization)
      : index_{std::move(index)}, authorization_{std::move(authorization)} {}

  http::Response answer(const VendorRequest& request) override;

  bool overloaded = false;
  int broken_shards = 0;

 private:
  std::string index_;
  std::string authorization_;
};

/// Log Analytics: a workspace, a query, a time span.
class SentinelLab final : public MicrosoftLab {
 public:
  SentinelLab() : MicrosoftLab{"https://api.loganalytics.io/.default"} {}

  bool in_part = false;  ///< Answers 200 with an error beside a part of the rows.

 private:
  http::Response answer_known(const VendorRequest& request) override;
};

/// Loki's query API, of one tenant.
class LokiLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  bool limited = false;
};

}  // namespace sallyport::lab
