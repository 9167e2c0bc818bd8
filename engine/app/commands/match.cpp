#include "engine/app/commands/commands.hpp"
#include "engine/app/commands/event_reader.hpp"
#include "engine/config/document.hpp"
#include "engine/match/rule.hpp"
#include "engine/match/windows_event.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/stream_parser.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace sallyport::app {

namespace {

constexpr std::size_t max_event_bytes = 256ULL << 20U;
constexpr std::size_t max_event_depth = 1024;

void complain(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  fmt::print(stderr, "{}\n", text);
}

/// Reads text into JSON that lives in memory used again for the next event.
class EventParser {
 public:
  /// Null, with `error` set, when `text` is not a JSON object. Good until the next call.
  const json::value* parse(std::string_view text, std::string& error) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    value_.reset();
    memory_.emplace(buffer_.get(), buffer_bytes);
    json::parse_options options;
    options.max_depth = max_event_depth;
    json::stream_parser parser{{}, options};
    parser.reset(json::storage_ptr{&*memory_});
    boost::system::error_code failure;
    const auto used = parser.write_some(text.data(), text.size(), failure);
    const auto rest = text.find_first_not_of(" \t\r\n", used);
    if (!failure && rest != std::string_view::npos)
      failure = json::make_error_code(json::error::extra_data);
    if (!failure) parser.finish(failure);
    if (failure) {
      error = fmt::format("not JSON at byte {}: {}", used + 1, failure.message());
      return nullptr;
    }
    value_.emplace(parser.release());
    if (value_->is_object()) return &*value_;
    error = "an event is a JSON object";
    return nullptr;
  }

 private:
  static constexpr std::size_t buffer_bytes = 256UL << 10U;
  std::unique_ptr<unsigned char[]> buffer_ = std::make_unique<unsigned char[]>(buffer_bytes);
  std::optional<json::monotonic_resource> memory_;
  std::optional<json::value> value_;
};

/// The rules of a file: each of its documents is a rule, a detection with a condition, or a bare
/// block. Empty when one of them cannot be used; stderr then says where and why.
std::vector<match::Detection> load_rules(const std::string& file,
                                         const match::Placeholders& placeholders) {
  const auto documents = config::Document::load_all(file);
  if (!documents) {
    complain(documents.error().detail);
    return {};
  }
  std::vector<match::Detection> rules;
  bool usable = true;
  for (const auto& document : *documents) {
    const auto& root = document.root();
    if (root.is_null()) continue;
    Faults faults;
    const auto* map = root.if_object();
    const bool is_rule = map != nullptr && (map->contains("detection") || map->contains("title") ||
                                            map->contains("logsource"));
    if (is_rule) {
      if (auto rule = match::compile_rule(root, faults, placeholders))
        rules.push_back(std::move(rule->detection));
    } else if (auto detection = match::Detection::compile(root, faults, "", placeholders)) {
      rules.push_back(*std::move(detection));
    }
    if (!faults.empty()) complain(document.render(faults));
    usable &= !has_errors(faults);
  }
  if (usable && rules.empty()) complain(fmt::format("{}:1:1: error: there is no rule in it", file));
  return usable ? rules : std::vector<match::Detection>{};
}

/// Prints the events that one of the rules matches.
class Grep final : public EventSink {
 public:
  explicit Grep(const std::vector<match::Detection>& rules) : rules_{rules} {}

  void begin(std::string name) { name_ = std::move(name); }

  bool event(std::string_view text, std::size_t line) override {
    std::string error;
    const auto* value = parser_.parse(text, error);
    if (value == nullptr) {
      broken(line, error);
      return true;
    }
    const match::EventRecord record{*value};
    const auto matches = [&record](const auto& rule) { return rule.matches(record); };
    if (std::ranges::none_of(rules_, matches)) return true;
    matched_ = true;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    if (std::ferror(stdout) == 0) return true;
    cut_off_ = true;
    return false;
  }

  void broken(std::size_t line, std::string_view reason) override {
    faulty_ = true;
    waiting();
    complain(fmt::format("{}:{}: {}", name_, line, reason));
  }

  void waiting() override { std::fflush(stdout); }

  void unreadable(std::string_view name, std::string_view reason) {
    faulty_ = true;
    complain(fmt::format("{}: {}", name, reason));
  }

  /// The other end of the pipe is gone: nobody wants the rest.
  [[nodiscard]] bool cut_off() const { return cut_off_; }

  [[nodiscard]] int status() const { return faulty_ ? 2 : matched_ ? 0 : 1; }

 private:
  const std::vector<match::Detection>& rules_;
  EventParser parser_;
  std::string name_;
  bool matched_ = false;
  bool faulty_ = false;
  bool cut_off_ = false;
};

struct MatchOptions {
  std::string rule;
  std::vector<std::string> files;
  std::vector<std::string> placeholders;
};

std::optional<match::Placeholders> read_placeholders(const std::vector<std::string>& given) {
  match::Placeholders placeholders;
  for (const auto& each : given) {
    const auto equals = each.find('=');
    if (equals == std::string::npos || equals == 0) {
      complain(fmt::format("--placeholder {}: write it as NAME=VALUE", each));
      return std::nullopt;
    }
    placeholders[each.substr(0, equals)].push_back(each.substr(equals + 1));
  }
  return placeholders;
}

int run_match(const MatchOptions& options) {
  const auto placeholders = read_placeholders(options.placeholders);
  if (!placeholders) return 2;
  const auto rules = load_rules(options.rule, *placeholders);
  if (rules.empty()) return 2;

  Grep grep{rules};
  const auto files = options.files.empty() ? std::vector<std::string>{"-"} : options.files;
  for (const auto& file : files) {
    const int descriptor = file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      grep.unreadable(file, std::generic_category().message(errno));
      continue;
    }
    grep.begin(file == "-" ? "(standard input)" : file);
    EventReader{descriptor, max_event_bytes}.read(grep);
    if (descriptor != STDIN_FILENO) ::close(descriptor);
    if (grep.cut_off()) break;
  }
  grep.waiting();
  return grep.status();
}

}  // namespace

void add_match(Command app, Run& run) {
  auto command = app.add_subcommand("match", "Print the events that a Sigma rule matches");
  auto options = std::make_shared<MatchOptions>();
  command
      .add_option("RULE",
                  options->rule,
                  "A Sigma rule, or a bare detection block; of several documents, any may match")
      .required();
  command.add_option("FILE",
                     options->files,
                     "Events: JSON Lines, a list, or objects over several lines; standard input "
                     "without one, or for -");
  command
      .add_option("--placeholder",
                  options->placeholders,
                  "NAME=VALUE: a value of %NAME% for |expand; may be given several times")
      .one_value_each();
  command.footer(
      "Windows events (Event.System, Event.EventData) are seen flat.\n"
      "Exit status: 0 something matched; 1 nothing did; 2 a rule or an input could not be used.\n"
      "Example:\n  sallyport match rule.yml events.jsonl | wc -l");
  command.callback([&run, options] { run = [options] { return run_match(*options); }; });
}

}  // namespace sallyport::app
