#include "engine/app/grouping_file.hpp"

#include "engine/config/document.hpp"

#include <system_error>
#include <utility>

namespace sallyport::app {

namespace fs = std::filesystem;

Result<GroupingFile> GroupingFile::load(fs::path file) {
  GroupingFile result{std::move(file)};
  if (result.file_.empty()) {
    result.rules_ = std::make_shared<const ingest::GroupingRules>();
    return result;
  }
  std::error_code unknown;
  result.changed_ = fs::last_write_time(result.file_, unknown);
  const auto read = result.read();
  if (!read) return std::unexpected{read.error()};
  return result;
}

Result<> GroupingFile::read() {
  const auto document = config::Document::load(file_);
  if (!document) return std::unexpected{document.error()};
  Faults faults;
  auto rules = ingest::GroupingRules::read(document->root(), faults);
  if (!rules) return fail(Errc::invalid_input, document->render(faults));
  rules_ = std::move(rules);
  return {};
}

Result<bool> GroupingFile::reload_if_changed(ingest::Groups& groups) {
  if (file_.empty()) return false;
  std::error_code error;
  const auto changed = fs::last_write_time(file_, error);
  if (error || changed == changed_) return false;
  changed_ = changed;
  const auto again = read();
  if (!again) return std::unexpected{again.error()};
  groups.use(rules_);
  return true;
}

}  // namespace sallyport::app
