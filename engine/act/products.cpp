#include "engine/act/products.hpp"

#include <algorithm>

namespace sallyport::act {

Products::Products(std::vector<std::shared_ptr<Actuator>> actuators,
                   const ProductLimits& limits,
                   const std::map<std::string, ProductLimits>& limits_of,
                   const Product::Turned& turned)
    : limits_{limits}, turned_{turned} {
  for (auto& actuator : actuators) {
    const auto own = limits_of.find(std::string{actuator->name()});
    const auto& its = own == limits_of.end() ? limits_ : own->second;
    products_.push_back(std::make_shared<Product>(std::move(actuator), its, turned_));
  }
}

void Products::put(std::shared_ptr<Actuator> actuator, const std::optional<ProductLimits>& limits) {
  auto product = std::make_shared<Product>(std::move(actuator), limits.value_or(limits_), turned_);
  const std::scoped_lock lock{mutex_};
  const auto place = std::ranges::lower_bound(
      products_, product->name(), {}, [](const auto& each) { return each->name(); });
  if (place != products_.end() && (*place)->name() == product->name()) {
    *place = std::move(product);
  } else {
    products_.insert(place, std::move(product));
  }
}

void Products::take_away(std::string_view name) {
  const std::scoped_lock lock{mutex_};
  std::erase_if(products_, [&](const auto& product) { return product->name() == name; });
}

std::shared_ptr<Product> Products::for_verb(std::string_view verb) const {
  const std::scoped_lock lock{mutex_};
  const auto found =
      std::ranges::find_if(products_, [&](const auto& product) { return product->runs(verb); });
  return found == products_.end() ? nullptr : *found;
}

std::shared_ptr<Product> Products::named(std::string_view name) const {
  const std::scoped_lock lock{mutex_};
  const auto found =
      std::ranges::find_if(products_, [&](const auto& product) { return product->name() == name; });
  return found == products_.end() ? nullptr : *found;
}

std::vector<std::shared_ptr<Product>> Products::all() const {
  const std::scoped_lock lock{mutex_};
  return products_;
}

std::vector<std::string> Products::names() const {
  std::vector<std::string> names;
  for (const auto& product : all()) names.emplace_back(product->name());
  return names;
}

std::vector<ProductHealth> Products::health() const {
  std::vector<ProductHealth> health;
  for (const auto& product : all()) health.push_back(product->health());
  return health;
}

}  // namespace sallyport::act
