#include "engine/model/catalogue.hpp"

#include <fmt/format.h>

namespace sallyport::model {

namespace {

struct CatalogueFile {
  std::map<std::string, Verb, std::less<>> verbs;
};

BOOST_DESCRIBE_STRUCT(CatalogueFile, (), (verbs))

}  // namespace

Catalogue Catalogue::read(const json::value& document, Faults& faults) {
  CatalogueFile file;
  read_json(document, file, faults);
  for (const auto& [name, verb] : file.verbs) {
    const auto at = child("/verbs", name);
    if (verb.blast_radius == BlastRadius::UNKNOWN)
      faults.push_back({at, "blast_radius is missing: MINIMAL, LOW, MEDIUM, HIGH or CRITICAL"});
    if (verb.targets.empty()) faults.push_back({at, "targets is empty: name the kinds it takes"});
    if (!verb.reversed_by.empty() && !file.verbs.contains(verb.reversed_by)) {
      faults.push_back({child(at, "reversed_by"),
                        fmt::format("'{}' is not a verb of this catalogue", verb.reversed_by)});
    }
  }
  Catalogue catalogue;
  catalogue.verbs_ = std::move(file.verbs);
  return catalogue;
}

const Verb* Catalogue::find(std::string_view name) const {
  const auto found = verbs_.find(name);
  return found == verbs_.end() ? nullptr : &found->second;
}

BlastRadius Catalogue::blast_radius(std::string_view name) const {
  const auto* verb = find(name);
  return verb ? verb->blast_radius : BlastRadius::UNKNOWN;
}

}  // namespace sallyport::model
