#include "connectors/local/watched_files.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::connectors::local {

namespace fs = std::filesystem;

WatchedFiles::WatchedFiles(std::vector<fs::path> paths, std::vector<std::string> extensions)
    : paths_{std::move(paths)}, extensions_{std::move(extensions)} {}

std::vector<WatchedFiles::Seen> WatchedFiles::look() const {
  std::vector<Seen> found;
  const auto add = [&](const fs::path& path) {
    std::error_code ec;
    Seen seen{.path = path, .modified = fs::last_write_time(path, ec)};
    if (!ec) seen.size = fs::file_size(path, ec);
    seen.there = !ec;
    found.push_back(std::move(seen));
  };
  for (const auto& path : paths_) {
    std::error_code ec;
    if (!fs::is_directory(path, ec)) {
      add(path);
      continue;
    }
    std::vector<fs::path> inside;
    for (fs::directory_iterator it{path, ec}, end; !ec && it != end; it.increment(ec)) {
      const auto& file = it->path();
      std::error_code ignored;
      if (file.filename().string().starts_with('.') || !fs::is_regular_file(file, ignored))
        continue;
      if (std::ranges::find(extensions_, file.extension().string()) != extensions_.end())
        inside.push_back(file);
    }
    std::ranges::sort(inside);
    for (const auto& file : inside) add(file);
  }
  return found;
}

bool WatchedFiles::changed() {
  auto now = look();
  const bool differs = !looked_ || now != seen_;
  looked_ = true;
  seen_ = std::move(now);
  return differs;
}

Result<std::vector<fs::path>> WatchedFiles::files() const {
  std::vector<fs::path> result;
  for (const auto& seen : seen_) {
    if (!seen.there)
      return fail(Errc::not_found, fmt::format("{}: no such file", seen.path.string()));
    result.push_back(seen.path);
  }
  return result;
}

}  // namespace sallyport::connectors::local
