#include "engine/app/commands/configured_products.hpp"

#include "engine/app/connector_shelf.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/materials.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace sallyport::app {

std::string no_secret() {
  constexpr auto variable = "SALLYPORT_NO_SECRET";
  ::setenv(variable, "***", 1);
  return std::string{"env:"} + variable;
}

namespace {

/// Puts what stands for a secret in the place of every reference to one.
void leave_out_secrets(json::value& value) {
  if (auto* object = value.if_object()) {
    for (auto& item : *object) leave_out_secrets(item.value());
  } else if (auto* list = value.if_array()) {
    for (auto& item : *list) leave_out_secrets(item);
  } else if (const auto* text = value.if_string()) {
    const std::string_view written{*text};
    if (written.starts_with("env:") || written.starts_with("file:") ||
        written.starts_with("credential:"))
      value = no_secret();
  }
}

void leave_out_secrets(json::object& options) {
  for (auto& option : options) leave_out_secrets(option.value());
  if (auto* given = options.if_contains("secrets"); given && given->is_object())
    for (auto& [key, reference] : given->get_object()) reference = no_secret();
}

}  // namespace

Result<std::unique_ptr<ConfiguredProducts>> ConfiguredProducts::make(const std::string& file,
                                                                     Secrets secrets) {
  auto settings = config::load_settings(file);
  if (!settings) return std::unexpected{settings.error()};
  auto catalogue = load_catalogue(settings->schemas);
  if (!catalogue) return std::unexpected{catalogue.error()};
  auto made = std::make_unique<ConfiguredProducts>();
  made->settings = *std::move(settings);
  made->catalogue = std::make_shared<const model::Catalogue>(*std::move(catalogue));
  ConnectorShelf::Prepare prepare;
  if (secrets == Secrets::left_out) {
    prepare = [](json::object& options) { leave_out_secrets(options); };
    for (auto& [name, options] : made->settings.connectors) prepare(options);
  }
  Faults faults;
  const Reach reach{.catalogue = made->catalogue,
                    .clock = made->clock,
                    .pool = made->loop.get_executor(),
                    .loop = made->loop.get_executor()};
  made->products = make_products(made->settings, reach, faults);
  add_places(made->settings, *made->products.places);
  if (!faults.empty()) made->faults = made->settings.render(faults);
  auto dropped = ConnectorShelf{made->settings, reach, made->products, std::move(prepare)}.look();
  std::ranges::move(dropped.put, std::back_inserter(made->products.actuators));
  for (const auto& fault : dropped.faults) {
    if (!made->faults.empty()) made->faults += '\n';
    made->faults += fault;
  }
  return made;
}

}  // namespace sallyport::app
