#include "engine/app/commands/configured_products.hpp"

#include "engine/app/loading.hpp"

#include <cstdlib>

namespace sallyport::app {

std::string no_secret() {
  constexpr auto variable = "SALLYPORT_NO_SECRET";
  ::setenv(variable, "***", 1);
  return std::string{"env:"} + variable;
}

Result<std::unique_ptr<ConfiguredProducts>> ConfiguredProducts::make(const std::string& file,
                                                                     Secrets secrets) {
  auto settings = config::load_settings(file);
  if (!settings) return std::unexpected{settings.error()};
  auto catalogue = load_catalogue(settings->schemas);
  if (!catalogue) return std::unexpected{catalogue.error()};
  auto made = std::make_unique<ConfiguredProducts>();
  made->settings = *std::move(settings);
  made->catalogue = std::make_shared<const model::Catalogue>(*std::move(catalogue));
  if (secrets == Secrets::left_out)
    for (auto& [name, options] : made->settings.connectors)
      if (auto* given = options.if_contains("secrets"); given && given->is_object())
        for (auto& [key, reference] : given->get_object()) reference = no_secret();
  Faults faults;
  made->products = make_products(made->settings,
                                 {.catalogue = made->catalogue,
                                  .clock = made->clock,
                                  .pool = made->loop.get_executor(),
                                  .loop = made->loop.get_executor()},
                                 faults);
  made->faults = faults.empty() ? std::string{} : made->settings.render(faults);
  return made;
}

}  // namespace sallyport::app
