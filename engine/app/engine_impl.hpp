#pragma once

#include "engine/act/actions.hpp"
#include "engine/act/executor.hpp"
#include "engine/app/action_limits.hpp"
#include "engine/app/action_watch.hpp"
#include "engine/app/api_backend.hpp"
#include "engine/app/audit_endpoints.hpp"
#include "engine/app/autonomy.hpp"
#include "engine/app/budgets.hpp"
#include "engine/app/change_check.hpp"
#include "engine/app/channels.hpp"
#include "engine/app/connector_endpoints.hpp"
#include "engine/app/connector_events.hpp"
#include "engine/app/connector_shelf.hpp"
#include "engine/app/connectors.hpp"
#include "engine/app/engine.hpp"
#include "engine/app/feedback.hpp"
#include "engine/app/feedback_endpoints.hpp"
#include "engine/app/feeds.hpp"
#include "engine/app/grouping_file.hpp"
#include "engine/app/kafka_intake.hpp"
#include "engine/app/known_secrets.hpp"
#include "engine/app/ledger_mailbox.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/materials.hpp"
#include "engine/app/models.hpp"
#include "engine/app/notices.hpp"
#include "engine/app/overdue_reviews.hpp"
#include "engine/app/pipeline.hpp"
#include "engine/app/policy_keeper.hpp"
#include "engine/app/thinking.hpp"
#include "engine/approve/approvals.hpp"
#include "engine/approve/courier.hpp"
#include "engine/approve/outbox.hpp"
#include "engine/audit/checkpoint.hpp"
#include "engine/base/on_pool.hpp"
#include "engine/base/ulid.hpp"
#include "engine/gate/gate.hpp"
#include "engine/graph/entity_graph.hpp"
#include "engine/graph/lifetime.hpp"
#include "engine/ingest/group_records.hpp"
#include "engine/ingest/groups.hpp"
#include "engine/ingest/intake.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/investigate/kept.hpp"
#include "engine/investigate/surroundings.hpp"
#include "engine/observe/metrics.hpp"
#include "engine/store/store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <iterator>
#include <stop_token>
#include <thread>

namespace sallyport::app {

inline constexpr std::size_t connector_threads = 16;
/// How often what nobody asks for is looked at.
inline constexpr std::chrono::milliseconds tick{500};
/// How often names of what the engine lives by are looked up, and this machine's addresses.
inline constexpr std::chrono::minutes places_every{1};
/// Entries that wait to be counted: more than come between two looks.
inline constexpr std::size_t most_waiting = 20'000;

/// The parts of the engine, made by engine_build.cpp, looked after by engine_upkeep.cpp, started
/// and stopped by engine.cpp.
///
/// Members stand in the order in which they depend on each other; they end in the reverse order.
struct Engine::Impl {
  config::Settings settings;
  observe::Log log;
  Listener listener;
  SystemClock clock;
  UlidSource ids;
  observe::Metrics metrics;
  model::Catalogue catalogue;
  serve::Access access;  ///< Until serve_http() takes them.
  http::ServerOptions server;

  LedgerMailbox mailbox{most_waiting};
  LedgerMailbox lessons_mailbox{most_waiting};
  std::unique_ptr<store::Store> store;
  std::optional<audit::Checkpointer> checkpointer;
  asio::io_context loop{1};
  asio::thread_pool workers;
  /// A pool takes a descriptor with its first timer: now, not when there is none left.
  asio::steady_timer first_timer{workers};
  asio::thread_pool blocking{connector_threads};  ///< Nothing in it waits by a timer.

  std::optional<LocalEnrichers> knowledge;
  Products products;
  std::stop_source ending;  ///< Asked to stop: names are not looked up any more.
  std::vector<std::unique_ptr<connectors::taxii::Feed>> feeds;
  std::optional<ConnectorShelf> shelf;
  std::filesystem::file_time_type rules_changed;  ///< Of the reasoner's file, as it was read.
  std::optional<PolicyKeeper> policy;
  std::optional<gate::Gate> gate;
  std::optional<approve::Outbox> outbox;
  Channels channels;
  std::vector<std::unique_ptr<approve::Courier>> couriers;
  std::optional<Autonomy> autonomy;
  std::optional<OverdueReviews> reviews;
  std::optional<Feedback> feedback;
  std::optional<graph::EntityGraph> graph;
  std::optional<GroupingFile> grouping;
  std::optional<ingest::Groups> groups;
  std::optional<ingest::Intake> intake;
  std::optional<investigate::Investigator> investigator;
  std::optional<act::Actions> actions;
  std::optional<approve::Approvals> approvals;
  std::optional<ConnectorEvents> connector_events;
  std::optional<act::Executor> executor;
  std::unique_ptr<Thinking> thinking;
  std::optional<Dispatcher> dispatcher;
  std::optional<Pipeline> pipeline;
  std::optional<ActionWatch> watch;
  std::optional<ApiBackend> backend;
  std::unique_ptr<serve::Service> service;
  /// Of `service`, once it listens: verdicts and actions come earlier, on any thread.
  std::atomic<serve::EventHub*> events = nullptr;
  std::unique_ptr<KafkaIntake> kafka;
  std::optional<TaskGroup> tasks;

  asio::executor_work_guard<asio::io_context::executor_type> keep_loop{loop.get_executor()};
  std::thread loop_thread;
  bool stopped = false;

  Impl(config::Settings given, observe::Log to, Listener listening)
      : settings{std::move(given)},
        log{std::move(to)},
        listener{std::move(listening)},
        workers{settings.investigation.workers > 0
                    ? settings.investigation.workers
                    : std::max(1U, std::thread::hardware_concurrency())} {}

  Result<> build();
  Result<> build_models();
  Result<> resume();
  Result<> remember_usage();
  asio::awaitable<void> take_up(model::Action action);
  asio::awaitable<void> keep_time();
  asio::awaitable<void> keep_watch();
  asio::awaitable<void> keep_policy();
  asio::awaitable<void> keep_places();
  Result<> employ_couriers();
  asio::awaitable<void> carry(approve::Courier& courier);
  void reload();
  void reload_rules();
  void reload_knowledge();
  void put(const ConnectorShelf::News& news);
  void tell(const ConnectorShelf::News& news) const;
  Result<> serve_http();
  void tell(const model::Verdict& verdict);
  void tell(const model::Action& action);
  void tell_waiting(const model::Action& action);
  void tell(const model::Notification& notification);
  void report(const std::exception_ptr& thrown) const;
};

}  // namespace sallyport::app
