#pragma once

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

namespace sallyport::testing {

/// Alerts that the mapping `generic` reads, and their ids.
struct Alerts {
  std::vector<std::string> bytes;
  std::set<std::string> uids;

  void add(std::string uid, std::string text) {
    uids.insert(std::move(uid));
    bytes.push_back(std::move(text));
  }
};

/// `count` alerts `PREFIX-0`, `PREFIX-1`, ... about a few hosts and users, each of at least `size`
/// bytes.
inline Alerts make_alerts(const std::string& prefix, int count, std::size_t size = 0) {
  Alerts alerts;
  for (int i = 0; i < count; ++i) {
    auto uid = fmt::format("{}-{}", prefix, i);
    auto text = fmt::format(
        R"({{"id":"{}","title":"Failed logins on WKS-{:04}","severity":"medium","rule_id":"R{}",)"
        R"("host":"WKS-{:04}","user":"user{}","src_ip":"10.1.{}.{}",)"
        R"("timestamp":"2026-11-20T10:{:02}:{:02}Z","details":")",
        uid,
        i % 500,
        i % 20,
        i % 500,
        i % 300,
        i % 200,
        i % 250,
        i / 60 % 60,
        i % 60);
    if (text.size() + 2 < size) text.append(size - text.size() - 2, 'x');
    alerts.add(std::move(uid), text + "\"}");
  }
  return alerts;
}

}  // namespace sallyport::testing
