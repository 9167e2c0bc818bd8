#pragma once

#include "engine/base/json.hpp"
#include "engine/model/request.hpp"
#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::conformance {

/// A shipped manifest and the vendor of the lab that stands for its product.
struct Product {
  std::string manifest;  ///< Below connectors/: `idp/okta.yaml`
  std::unique_ptr<lab::Vendor> (*vendor)();
  std::map<std::string, std::string> secrets;  ///< What the vendor takes, as it is.
  std::map<std::string, json::value> options{};
};

/// What an operation is tried with. The verb that undoes it is tried with it.
struct Sample {
  std::string manifest;
  std::string verb;
  model::Target target;
  json::object parameters{};
};

[[nodiscard]] const std::vector<Product>& products();
[[nodiscard]] const std::vector<Sample>& samples();

/// nullptr where the lab has no vendor for it.
[[nodiscard]] const Product* product_of(std::string_view manifest);
[[nodiscard]] std::vector<Sample> samples_of(std::string_view manifest);

}  // namespace sallyport::conformance
