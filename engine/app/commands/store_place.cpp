#include "engine/app/commands/store_place.hpp"

#include "engine/config/settings.hpp"
#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::app {

void StorePlace::add_to(Command command) {
  command.add_option("--config", config, "Settings file that names the data directory")
      .value_name("FILE");
  command.add_option("--data", data, "The data directory itself").value_name("DIR");
}

Result<std::filesystem::path> StorePlace::directory() const {
  if (!data.empty()) return data;
  const auto settings = config::load_settings(config);
  if (!settings) return std::unexpected{settings.error()};
  return settings->data_dir;
}

Result<std::unique_ptr<store::Store>> StorePlace::open() const {
  const auto where = directory();
  if (!where) return std::unexpected{where.error()};
  return store::Store::open({.directory = *where, .read_only = true});
}

Result<std::vector<std::string>> asked_tenants(const store::Store& store,
                                               const std::string& tenant) {
  auto tenants = store::ledger_tenants(store);
  if (!tenants || tenant.empty()) return tenants;
  if (std::ranges::find(*tenants, tenant) != tenants->end()) return std::vector{tenant};
  return fail(
      Errc::not_found,
      fmt::format("no tenant '{}' has a ledger here; {} has",
                  tenant,
                  tenants->empty() ? "none" : fmt::format("{}", fmt::join(*tenants, ", "))));
}

}  // namespace sallyport::app
