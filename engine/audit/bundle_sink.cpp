#include "engine/audit/bundle.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::audit {

namespace fs = std::filesystem;

Result<DirectorySink> DirectorySink::make(fs::path directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    return fail(Errc::unavailable, fmt::format("{}: {}", directory.string(), error.message()));
  if (!fs::is_empty(directory, error) || error) {
    return fail(Errc::invalid_input,
                fmt::format("{}: something is in it; name a new directory", directory.string()));
  }
  return DirectorySink{std::move(directory)};
}

Result<> DirectorySink::write(const std::string& name, std::string_view bytes) {
  auto& file = files_[name];
  if (!file.is_open()) file.open(directory_ / name, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file)
    return fail(Errc::unavailable,
                fmt::format("{}: cannot be written", (directory_ / name).string()));
  return {};
}

Result<> DirectorySink::close() {
  for (auto& [name, file] : files_) {
    file.close();
    if (!file)
      return fail(Errc::unavailable,
                  fmt::format("{}: cannot be written", (directory_ / name).string()));
  }
  return {};
}

Result<> MemorySink::write(const std::string& name, std::string_view bytes) {
  if (bytes.size() > left_)
    return fail(Errc::invalid_input,
                "the bundle of this window is too large for one answer: ask for a shorter one, or "
                "use `sallyport audit export` where the data is");
  left_ -= bytes.size();
  files[name] += bytes;
  return {};
}

}  // namespace sallyport::audit
