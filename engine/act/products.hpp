#pragma once

#include "engine/act/product.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::act {

/// All products that are configured, by name, each with limits and a breaker of its own.
/// Thread-safe for finding and changing; see Product for the rest.
class Products {
 public:
  /// `limits_of`: by name, those that `limits` are not for.
  Products(std::vector<std::shared_ptr<Actuator>> actuators,
           const ProductLimits& limits,
           const std::map<std::string, ProductLimits>& limits_of,
           const Product::Turned& turned);

  /// Uses `actuator` from now on, in place of one of that name. Without `limits`: as all.
  void put(std::shared_ptr<Actuator> actuator, const std::optional<ProductLimits>& limits = {});

  void take_away(std::string_view name);

  /// The first that can run `verb`; nullptr: none.
  [[nodiscard]] std::shared_ptr<Product> for_verb(std::string_view verb) const;

  /// nullptr: none.
  [[nodiscard]] std::shared_ptr<Product> named(std::string_view name) const;

  [[nodiscard]] std::vector<std::shared_ptr<Product>> all() const;

  [[nodiscard]] std::vector<std::string> names() const;

  [[nodiscard]] std::vector<ProductHealth> health() const;

 private:
  const ProductLimits limits_;
  const Product::Turned turned_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Product>> products_;
};

}  // namespace sallyport::act
