#include "engine/store/store.hpp"

#include "engine/store/commit_queue.hpp"
#include "engine/store/database.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <future>

namespace sallyport::store {

namespace {

constexpr std::string_view schema_key = "schema_version";
constexpr int schema_version = 1;

/// Errors: invalid_input when a newer engine wrote what is there.
Result<> check_schema(Database& database, const Options& options) {
  const auto found = database.get(Table::meta, schema_key);
  if (!found) return std::unexpected{found.error()};
  if (!*found) {
    if (options.read_only) return {};
    rocksdb::WriteBatch batch;
    batch.Put(database.family(Table::meta), std::string{schema_key}, std::to_string(schema_version))
        .PermitUncheckedError();
    return database.write(batch);
  }
  int version = 0;
  const auto& text = **found;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size())
    return fail(Errc::corrupt,
                fmt::format("{}: unreadable schema version", options.directory.string()));
  if (version > schema_version) {
    return fail(Errc::invalid_input,
                fmt::format("the store in {} has schema {}, this sallyport knows up to {}: use the "
                            "newer sallyport that wrote it, or another directory",
                            options.directory.string(),
                            version,
                            schema_version));
  }
  return {};
}

}  // namespace

std::string key(std::initializer_list<std::string_view> parts) {
  std::string joined;
  bool first = true;
  for (const auto part : parts) {
    if (!first) joined += '\0';
    first = false;
    joined += part;
  }
  return joined;
}

void Batch::put(Table table, std::string key, std::string value) {
  bytes_ += key.size() + value.size() + sizeof(Write);
  writes_.push_back({table, std::move(key), std::move(value)});
}

void Batch::erase(Table table, std::string key) {
  bytes_ += key.size() + sizeof(Write);
  writes_.push_back({table, std::move(key), std::nullopt});
}

void Batch::append(std::string_view tenant,
                   model::EntryKind kind,
                   std::string_view subject,
                   const model::Actor& actor,
                   Time at,
                   std::string body) {
  bytes_ += tenant.size() + subject.size() + body.size() + sizeof(Draft);
  drafts_.push_back({.tenant = std::string{tenant},
                     .kind = kind,
                     .subject = std::string{subject},
                     .actor = actor,
                     .at = at,
                     .body = std::move(body)});
}

void Batch::merge(Batch other) {
  bytes_ += other.bytes_;
  std::ranges::move(other.writes_, std::back_inserter(writes_));
  std::ranges::move(other.drafts_, std::back_inserter(drafts_));
}

bool Batch::empty() const noexcept {
  return writes_.empty() && drafts_.empty();
}

std::size_t Batch::bytes() const noexcept {
  return bytes_;
}

struct Store::Impl {
  Options options;
  std::shared_ptr<Database> looked_at;  ///< Read-only.
  std::unique_ptr<CommitQueue> queue;   ///< Otherwise.

  [[nodiscard]] Result<std::shared_ptr<Database>> database() const {
    if (queue) return queue->database();
    return looked_at;
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(Options options) {
  auto database = Database::open(options);
  if (!database) return std::unexpected{database.error()};
  if (auto checked = check_schema(**database, options); !checked)
    return std::unexpected{checked.error()};
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  if (options.read_only) {
    impl->looked_at = *std::move(database);
  } else {
    auto heads = load_heads(**database);
    if (!heads) return std::unexpected{heads.error()};
    impl->queue =
        std::make_unique<CommitQueue>(std::move(options), *std::move(database), *std::move(heads));
  }
  return std::unique_ptr<Store>{new Store{std::move(impl)}};
}

void Store::commit(Batch batch, std::move_only_function<void(Result<>)> done) {
  if (!impl_->queue) return done(fail(Errc::denied, "the store was opened for reading only"));
  impl_->queue->push(std::move(batch), std::move(done));
}

Task<> Store::commit(Batch batch) {
  // The handler is the suspended coroutine: it must go on on its own executor, which the work guard
  // keeps running until then. The guard goes along: once the executor has both, it may end.
  auto begin = [this](auto handler, Batch what) {
    auto executor = asio::get_associated_executor(handler);
    auto work = asio::make_work_guard(executor);
    commit(std::move(what),
           [executor = std::move(executor), resume = std::move(handler), work = std::move(work)](
               Result<> outcome) mutable {
             asio::post(executor,
                        [resume = std::move(resume),
                         work = std::move(work),
                         outcome = std::move(outcome)]() mutable {
                          std::move(resume)(std::move(outcome));
                        });
           });
  };
  auto settled = asio::async_initiate<const asio::use_awaitable_t<>, void(Result<>)>(
      begin, asio::use_awaitable, std::move(batch));
  co_return co_await std::move(settled);
}

Result<> Store::commit_and_wait(Batch batch) {
  std::promise<Result<>> settled;
  auto outcome = settled.get_future();
  commit(std::move(batch), [settled = std::move(settled)](Result<> result) mutable {
    settled.set_value(std::move(result));
  });
  return outcome.get();
}

Result<std::optional<std::string>> Store::get(Table table, std::string_view key) const {
  const auto database = impl_->database();
  if (!database) return std::unexpected{database.error()};
  return (*database)->get(table, key);
}

Result<std::vector<std::optional<std::string>>> Store::get_all(
    Table table, const std::vector<std::string>& keys) const {
  const auto database = impl_->database();
  if (!database) return std::unexpected{database.error()};
  return (*database)->get_all(table, keys);
}

Result<> Store::scan(
    Table table,
    std::string_view prefix,
    std::string_view from,
    bool reverse,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  const auto database = impl_->database();
  if (!database) return std::unexpected{database.error()};
  return (*database)->scan(table, prefix, from, reverse, visit);
}

Result<> Store::refresh() {
  if (!impl_->looked_at) return {};
  return impl_->looked_at->catch_up();
}

std::size_t Store::waiting_bytes() const {
  return impl_->queue ? impl_->queue->waiting_bytes() : 0;
}

Counters Store::counters() const {
  return impl_->queue ? impl_->queue->counters() : Counters{};
}

}  // namespace sallyport::store
