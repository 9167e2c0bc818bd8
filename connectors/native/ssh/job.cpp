#include "connectors/native/ssh/job.hpp"

#include "connectors/native/base/network.hpp"
#include "connectors/native/base/text.hpp"
#include "engine/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace sallyport::connectors::ssh {

namespace {

constexpr std::size_t name_limit_bytes = 255;
constexpr std::size_t path_limit_bytes = 1'024;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 19 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_beneath(std::string_view path, std::string_view folder) {
  return path == folder ||
         (path.starts_with(folder) && (folder.ends_with('/') || path[folder.size()] == '/'));
}

Result<> check_host(std::string_view host) {
  if (auto ok = check_text("the host", host, name_limit_bytes); !ok) return ok;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"._-"}.contains(c);
  };
  if (!std::ranges::all_of(host, allowed))
    return fail(Errc::invalid_input, "a host is named by ASCII letters, digits and ._-");
  return {};
}

Result<std::string> host_parameter(const act::Operation& operation) {
  auto host = text_parameter(operation.parameters, "host");
  if (!host) return std::unexpected{host.error()};
  if (!*host) return fail(Errc::invalid_input, "the parameter `host` is missing");
  if (auto ok = check_host(**host); !ok) return std::unexpected{ok.error()};
  return **std::move(host);
}

Result<Job> process_job(const Config& config, const act::Operation& operation) {
  if (operation.target.kind != "process")
    return fail(Errc::invalid_input, "the target must be of kind process");
  if (auto ok = check_parameters(operation.parameters,
                                 {"host", "pid", "name", "start_time", "started_at"});
      !ok)
    return std::unexpected{ok.error()};
  const auto host = host_parameter(operation);
  if (!host) return std::unexpected{host.error()};
  auto pid = integer_parameter(operation.parameters, "pid");
  auto name = text_parameter(operation.parameters, "name");
  const auto start = integer_parameter(operation.parameters, "start_time");
  if (!pid) return std::unexpected{pid.error()};
  if (!name) return std::unexpected{name.error()};
  if (!start) return std::unexpected{start.error()};
  const auto began = text_parameter(operation.parameters, "started_at");
  if (!began) return std::unexpected{began.error()};
  auto since = *start ? std::to_string(**start) : std::string{};
  if (*began) {
    const auto time = parse_rfc3339(**began);
    if (!time) return fail(Errc::invalid_input, "`started_at` must be an RFC 3339 time");
    if (*start) return fail(Errc::invalid_input, "give `start_time` or `started_at`, not both");
    since = fmt::format("@{}",
                        std::chrono::floor<std::chrono::seconds>(time->time_since_epoch()).count());
  }

  const auto& value = operation.target.value;
  if (auto ok = check_text("the process", value, name_limit_bytes); !ok)
    return std::unexpected{ok.error()};
  if (is_number(value)) {
    std::int64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    if (*pid && **pid != number)
      return fail(Errc::invalid_input, "target and parameter `pid` name different processes");
    *pid = number;
  } else {
    if (*name && **name != value)
      return fail(Errc::invalid_input, "target and parameter `name` name different processes");
    *name = value;
  }
  if (*name) {
    if (auto ok = check_text("the name", **name, name_limit_bytes); !ok)
      return std::unexpected{ok.error()};
    const auto base = std::string_view{**name}.substr((*name)->rfind('/') + 1);
    if (std::ranges::find(config.protected_processes, base) != config.protected_processes.end())
      return fail(Errc::denied, fmt::format("protected_processes holds {}", base));
  }
  if (*pid && **pid < 1) return fail(Errc::invalid_input, "a process id is a positive number");
  if (*pid && (**pid == 1 || **pid > 4'194'304))
    return fail(Errc::denied, "the first process is never killed, nor one that cannot be");
  if (*start && **start < 0) return fail(Errc::invalid_input, "`start_time` cannot be negative");
  if (!*name && since.empty())
    return fail(Errc::invalid_input,
                "a process id alone may be another process by now: give `name` or `started_at`");
  return Job{
      .host = *host,
      .kind = "process",
      .mode = "kill",
      .arguments = {name->value_or(""), *pid ? std::to_string(**pid) : "", std::move(since)}};
}

Result<> check_path(const Config& config, std::string_view path) {
  if (auto ok = check_text("the path", path, path_limit_bytes); !ok) return ok;
  if (!path.starts_with('/') || path.ends_with('/'))
    return fail(Errc::invalid_input, "the target must be the absolute path of one file");
  const auto closed = std::string{path} + "/";
  for (const std::string_view part : {"//", "/./", "/../"}) {
    if (closed.contains(part))
      return fail(Errc::invalid_input, "the path has empty, `.` or `..` parts");
  }
  for (const std::string_view kept : {"/proc", "/sys", "/dev"})
    if (is_beneath(path, kept)) return fail(Errc::denied, fmt::format("{} holds no files", kept));
  if (is_beneath(path, config.quarantine_dir))
    return fail(Errc::denied, "that is the quarantine itself");
  for (const auto& kept : config.protected_paths)
    if (is_beneath(path, kept)) return fail(Errc::denied, "protected_paths holds " + kept);
  return {};
}

Result<Job> file_job(const Config& config, const act::Operation& operation) {
  if (operation.target.kind != "file")
    return fail(Errc::invalid_input, "the target must be of kind file");
  if (auto ok = check_parameters(operation.parameters, {"host", "sha256"}); !ok)
    return std::unexpected{ok.error()};
  const auto host = host_parameter(operation);
  if (!host) return std::unexpected{host.error()};
  if (auto ok = check_path(config, operation.target.value); !ok) return std::unexpected{ok.error()};
  const auto asked = text_parameter(operation.parameters, "sha256");
  if (!asked) return std::unexpected{asked.error()};
  auto sum = asked->value_or(text_of(operation.restore, "sha256"));
  std::ranges::transform(sum, sum.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c;
  });
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!sum.empty() && (sum.size() != 64 || !std::ranges::all_of(sum, is_hex)))
    return fail(Errc::invalid_input, "`sha256` must be 64 hexadecimal digits");
  Job job{.host = *host,
          .kind = "file",
          .mode = operation.verb == "restore_file" ? "restore" : "quarantine",
          .arguments = {operation.target.value, config.quarantine_dir, sum}};
  for (const auto* key : {"mode", "uid", "gid"}) {
    auto number = text_of(operation.restore, key);
    if (!number.empty() && !is_number(number))
      return fail(Errc::invalid_input, "the rollback record has no usable owner and mode");
    job.arguments.push_back(std::move(number));
  }
  return job;
}

Result<Job> network_job(const Config& config, const act::Operation& operation) {
  if (operation.target.kind != "host")
    return fail(Errc::invalid_input, "the target must be of kind host");
  const bool isolate = operation.verb == "isolate_host";
  const auto known = isolate ? check_parameters(operation.parameters, {"allow", "duration_s"})
                             : check_parameters(operation.parameters, {});
  if (!known) return std::unexpected{known.error()};
  // The engine keeps the time.
  if (const auto seconds = integer_parameter(operation.parameters, "duration_s"); !seconds)
    return std::unexpected{seconds.error()};
  const auto& name = operation.target.value;
  if (auto ok = check_host(name); !ok) return std::unexpected{ok.error()};
  Job job{.host = name, .kind = "network", .mode = "release", .arguments = {}};
  if (!isolate) return job;
  if (std::ranges::any_of(config.protected_hosts,
                          [&](auto& kept) { return ascii::equal_ignoring_case(kept, name); }))
    return fail(Errc::denied, "protected_hosts holds that host");
  job.mode = "isolate";
  job.arguments = config.management;
  const auto* allow = operation.parameters.if_contains("allow");
  if (!allow) return job;
  if (!allow->is_array()) return fail(Errc::invalid_input, "`allow` must be a list of addresses");
  for (const auto& item : allow->get_array()) {
    const auto* text = item.if_string();
    const auto address = Network::parse(text ? std::string_view{*text} : std::string_view{});
    if (!address) return std::unexpected{address.error()};
    if (!address->is_host()) return fail(Errc::denied, "`allow` takes single addresses");
    job.arguments.push_back(address->text());
  }
  return job;
}

/// True where every chain drops and nothing is let through unconditionally.
bool isolates(const json::value& listing) {
  const auto* object = listing.if_object();
  const auto* items = object ? object->if_contains("nftables") : nullptr;
  if (!items || !items->is_array()) return false;
  std::set<std::string> dropping;
  for (const auto& item : items->get_array()) {
    if (!item.is_object()) return false;
    if (const auto* chain = item.get_object().if_contains("chain"); chain && chain->is_object()) {
      if (text_of(chain->get_object(), "policy") == "drop")
        dropping.insert(text_of(chain->get_object(), "hook"));
    }
    if (const auto* rule = item.get_object().if_contains("rule"); rule && rule->is_object()) {
      const auto* parts = rule->get_object().if_contains("expr");
      if (!parts || !parts->is_array()) return false;
      const bool bounded = std::ranges::any_of(parts->get_array(), [](const auto& part) {
        return part.is_object() && part.get_object().contains("match");
      });
      if (!bounded) return false;
    }
  }
  return dropping == std::set<std::string>{"forward", "input", "output"};
}

}  // namespace

Job Job::looking() const {
  auto look = *this;
  look.mode = "look";
  return look;
}

std::string Answer::fact(const std::string& key) const {
  const auto found = facts.find(key);
  return found == facts.end() ? std::string{} : found->second;
}

std::string quote(std::string_view text) {
  std::string quoted{"'"};
  for (const char c : text) {
    if (c == '\'') {
      quoted += R"('\'')";
    } else {
      quoted += c;
    }
  }
  return quoted += '\'';
}

std::string command_line(const Job& job, bool sudo) {
  // sudo drops the variable, so the login shell hands it over.
  std::string line{sudo ? "sudo -n sh -s -- " : "sh -s -- "};
  line += R"("$SSH_CONNECTION")";
  for (const auto* word : {&job.kind, &job.mode}) line += " " + quote(*word);
  for (const auto& argument : job.arguments) line += " " + quote(argument);
  return line;
}

Result<Job> job_of(const Config& config, const act::Operation& operation) {
  const auto& verb = operation.verb;
  if (verb == "kill_process") return process_job(config, operation);
  if (verb == "quarantine_file" || verb == "restore_file") return file_job(config, operation);
  if (verb == "isolate_host" || verb == "release_host") return network_job(config, operation);
  return fail(Errc::invalid_input, "not a verb of this connector");
}

Result<Host> host_of(const Config& config, std::string_view name) {
  for (const auto& [known, host] : config.hosts)
    if (ascii::equal_ignoring_case(known, name)) return host;
  return fail(Errc::not_found, fmt::format("no host `{}` is configured", name));
}

Answer parse_answer(std::string_view printed) {
  Answer answer;
  while (!printed.empty()) {
    const auto newline = printed.find('\n');
    if (newline == std::string_view::npos) break;  // cut off
    auto line = printed.substr(0, newline);
    printed.remove_prefix(newline + 1);
    if (!answer.begun) {  // what a login shell prints comes first
      answer.begun = line == "begin";
      continue;
    }
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    const auto second = line.substr(0, line.find(' '));
    const auto rest = line.substr(std::min(second.size() + 1, line.size()));
    if (word == "fact") {
      auto& value = answer.facts[std::string{second}];
      if (!value.empty()) value += ' ';
      value += rest;
    } else if (word == "end") {
      answer.word = second;
      answer.text = rest;
      break;
    }
  }
  return answer;
}

std::optional<Error> error_of(const Answer& answer) {
  for (const auto& [word, code] : std::array<std::pair<std::string_view, Errc>, 5>{{
           {"invalid_input", Errc::invalid_input},
           {"denied", Errc::denied},
           {"not_found", Errc::not_found},
           {"conflict", Errc::conflict},
           {"unavailable", Errc::unavailable},
       }})
    if (answer.word == word) return Error{.code = code, .detail = answer.text};
  return std::nullopt;
}

Result<act::Reading> reading_of(const act::Operation& operation, const Answer& answer) {
  act::Reading reading{.state = {}, .detail = answer.text};
  for (const auto& [key, value] : answer.facts) reading.state[key] = value;
  const auto& verb = operation.verb;
  if (verb == "kill_process") {
    reading.in_effect = answer.fact("alive") == "no";
  } else if (verb == "quarantine_file" || verb == "restore_file") {
    const bool present = answer.fact("present") == "yes";
    const bool kept = answer.fact("kept") == "yes";
    const bool incoming = answer.fact("incoming") == "yes";
    if (!present && !kept && !incoming) return fail(Errc::not_found, "no such file");
    if (verb == "quarantine_file") {
      reading.in_effect = !present && kept;
    } else {
      const auto sum = text_of(operation.restore, "sha256");
      reading.in_effect = present && !kept && (sum.empty() || sum == answer.fact("sha256"));
    }
  } else {
    const auto table = answer.fact("table");
    const auto listing = table.empty() ? Result<json::value>{json::value{}} : parse_json(table);
    if (!listing) return fail(Errc::corrupt, "the host's nftables answered no JSON");
    const bool isolated = isolates(*listing);
    reading.state = {{"isolated", isolated}, {"table", !table.empty()}};
    reading.in_effect = verb == "isolate_host" ? isolated : table.empty();
    reading.detail = isolated ? "the host is isolated" : "the host is not isolated";
  }
  return reading;
}

}  // namespace sallyport::connectors::ssh
