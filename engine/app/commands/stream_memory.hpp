#pragma once

#include "engine/base/result.hpp"
#include "engine/graph/entity_graph.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/verdict.hpp"
#include "engine/store/store.hpp"

#include <filesystem>
#include <memory>

namespace sallyport::app {

/// What earlier alerts of a stream said, in a store of its own that is gone when this is. Used by
/// one thread.
class StreamMemory {
 public:
  /// Errors: unavailable (no room for temporary files).
  [[nodiscard]] static Result<std::unique_ptr<StreamMemory>> make();

  ~StreamMemory();
  StreamMemory(const StreamMemory&) = delete;
  StreamMemory& operator=(const StreamMemory&) = delete;

  [[nodiscard]] const graph::EntityGraph& graph() const noexcept { return *graph_; }

  /// Alerts after this one know of it, and of how it was judged. Errors: unavailable.
  [[nodiscard]] Result<> keep(const model::Alert& alert, model::Judgement judgement);

 private:
  StreamMemory(std::filesystem::path directory, std::unique_ptr<store::Store> store);

  static constexpr std::size_t together_bytes = 256UL << 10U;  ///< Of what is written at once.

  std::filesystem::path directory_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<graph::EntityGraph> graph_;
  store::Batch batch_;
};

}  // namespace sallyport::app
