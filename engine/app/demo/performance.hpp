#pragma once

#include "engine/app/demo/proofs.hpp"
#include "engine/app/demo/screen.hpp"
#include "engine/app/demo/stage.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::app::demo {

/// Plays the story on the stage, shows it, and keeps what did not go as the story says.
///
/// Used by the main thread only. What it is given outlives it.
class Performance {
 public:
  Performance(const Story& story, Stage& stage, Watcher& watcher, Screen& screen, bool in_a_hurry)
      : story_{story}, stage_{stage}, watcher_{watcher}, screen_{screen}, in_a_hurry_{in_a_hurry} {}

  /// Scene by scene; then everything is undone, and summed up. Ends early when the watcher is
  /// interrupted. Errors: as Stage::client_of().
  [[nodiscard]] Result<> play();

  /// What did not hold, one sentence each; empty: everything did.
  [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }

 private:
  /// Something done to the products, and the proofs of its scene.
  struct Done {
    std::string id;
    std::string action;
    std::string target;
  };

  void play(const Scene& scene);
  [[nodiscard]] Values values_of(const Scene& scene);
  [[nodiscard]] std::size_t send(const NativeAlert& native, const Values& values);
  void look_at(std::string_view label, const std::vector<Proof>& proofs, bool Proof::* expected);
  void show_verdicts(const Scene& scene, const std::vector<model::Verdict>& verdicts);
  void show_decisions(const Scene& scene, const std::vector<model::Verdict>& verdicts);
  void show_action(const model::Proposal& proposal);
  void check_actions(const Scene& scene, const std::vector<model::Proposal>& proposals);
  [[nodiscard]] bool approve(const std::string& id, std::string_view comment);
  void undo();
  void undo(const Done& done);
  void sum_up();
  void verify_record();

  void expect(bool holds, std::string fault);

  const Story& story_;
  Stage& stage_;
  Watcher& watcher_;
  Screen& screen_;
  bool in_a_hurry_;
  std::unique_ptr<ApiClient> analyst_;
  std::unique_ptr<ApiClient> approver_;
  std::string scene_;  ///< The title, for faults.
  std::size_t sent_ = 0;
  std::size_t redelivered_ = 0;
  std::size_t told_ = 0;  ///< Verdicts that belong to earlier scenes.
  std::vector<Done> done_;
  std::vector<Proof> proofs_;
  std::vector<std::string> faults_;
};

}  // namespace sallyport::app::demo
