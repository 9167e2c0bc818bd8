#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>
#include <vector>

namespace sallyport::lab {

/// A TAXII 2.1 server with one API root, `api1`. Pages by `next`, or by time alone.
class TaxiiLab final : public Vendor {
 public:
  struct Object {
    std::string added;  ///< RFC 3339, in order.
    json::object object;
  };

  http::Response answer(const VendorRequest& request) override;

  /// Adds an indicator to the collection; its version is the time when it was added.
  void add(const std::string& id,
           const std::string& pattern,
           const std::string& added,
           bool revoked = false);

  static constexpr std::string_view collection = "91a7b528-80eb-42ed-a74d-c6fbd5a26116";
  std::string authorization = "Basic bGFiLXVzZXI6bGFiLXBhc3N3b3Jk";  ///< lab-user:lab-password
  std::string header = "Authorization";
  std::string content_type = "application/taxii+json;version=2.1";
  std::size_t page = 2;  ///< What it gives at most, whatever is asked for.
  bool gives_next = true;
  std::vector<Object> objects;

 private:
  http::Response objects_of(const VendorRequest& request);
  [[nodiscard]] http::Response taxii(int status, json::object body) const;

  std::map<std::string, std::size_t> cursors_;  ///< `next` -> where the page begins.
};

}  // namespace sallyport::lab
