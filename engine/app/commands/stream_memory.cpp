#include "engine/app/commands/stream_memory.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace sallyport::app {

Result<std::unique_ptr<StreamMemory>> StreamMemory::make() {
  std::error_code error;
  auto name = (std::filesystem::temp_directory_path(error) / "sallyport-stream-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr)
    return fail(Errc::unavailable, fmt::format("{}: cannot be made", name));
  auto store = store::Store::open({.directory = name});
  if (!store) {
    std::filesystem::remove_all(name, error);
    return std::unexpected{store.error()};
  }
  return std::unique_ptr<StreamMemory>{new StreamMemory{name, *std::move(store)}};
}

StreamMemory::StreamMemory(std::filesystem::path directory, std::unique_ptr<store::Store> store)
    : directory_{std::move(directory)},
      store_{std::move(store)},
      graph_{std::make_unique<graph::EntityGraph>(*store_)} {}

StreamMemory::~StreamMemory() {
  graph_.reset();
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<> StreamMemory::keep(const model::Alert& alert, model::Judgement judgement) {
  graph_->observe(batch_, alert, judgement);
  if (batch_.bytes() < together_bytes) return {};
  return store_->commit_and_wait(std::exchange(batch_, {}));
}

}  // namespace sallyport::app
