#pragma once

#include "engine/app/api_client.hpp"
#include "engine/app/demo/story.hpp"
#include "engine/app/demo/watcher.hpp"
#include "engine/app/engine.hpp"
#include "engine/ingest/kafka.hpp"
#include "tools/lab/lab.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace sallyport::app::demo {

struct StageOptions {
  bool with_lab = true;
  std::filesystem::path data;  ///< Where the record stays; empty: a folder that goes at the end.
};

/// A folder that is removed with this object.
class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_{std::move(path)} {}

  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Somebody who may speak to the engine.
struct Person {
  std::string name;
  std::string token;
};

/// All that the story is played on: products, a broker, the engine between them.
///
/// Make it on the main thread, before any other thread exists: it sets environment variables, and
/// the products die with the thread that made them. Members end in the reverse order.
struct Stage {
  std::string no_lab;  ///< Why there are no products to act on; empty: there are.
  std::unique_ptr<Folder> own_folder;
  std::filesystem::path data;
  std::optional<lab::Lab> lab;
  std::unique_ptr<ingest::KafkaInProcess> broker;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<ingest::KafkaSink> sink;
  std::string url;
  Person analyst{.name = "mira@acme.example", .token = {}};
  Person approver{.name = "jonas@acme.example", .token = {}};
  Person visitor{.name = "you", .token = {}};

  /// Starts the products and finds a place for the record. Products that cannot be had are no
  /// error: `no_lab` says why. Errors: unavailable (no temporary folder).
  [[nodiscard]] Result<> prepare(const StageOptions& options);

  /// Starts the broker and the engine, once prepared. Errors: those of Engine::make() and start();
  /// unavailable (the broker).
  [[nodiscard]] Result<> open(const Story& story, Watcher& watcher);

  /// Somebody's way to the API. Errors: as ApiClient::make().
  [[nodiscard]] Result<std::unique_ptr<ApiClient>> client_of(const Person& person) const;
};

}  // namespace sallyport::app::demo
