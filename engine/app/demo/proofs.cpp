#include "engine/app/demo/proofs.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace sallyport::app::demo {

namespace {

constexpr std::chrono::milliseconds patience_to_connect{2000};
constexpr std::chrono::milliseconds patience_to_fail{300};
constexpr int invalid_credentials = 49;  // LDAP's result code, which ldapwhoami hands on

}  // namespace

std::string subject_of(const Proof& proof) {
  if (!proof.connects.empty())
    return fmt::format("{} -> {}:{}", proof.connects, proof.to, proof.port);
  if (!proof.logs_in.empty()) return fmt::format("login of {}", proof.logs_in);
  if (!proof.runs.empty()) return fmt::format("process {}", proof.runs);
  return fmt::format("file {}", std::filesystem::path{proof.exists}.filename().string());
}

Sight look(lab::Lab& lab, const Proof& proof, bool expected) {
  if (!proof.connects.empty()) {
    const bool reached = lab::reaches(lab.networks().outside,
                                      proof.connects,
                                      proof.to,
                                      proof.port,
                                      expected ? patience_to_connect : patience_to_fail);
    return {.holds = reached, .words = reached ? "connects" : "does not connect"};
  }
  if (!proof.logs_in.empty()) {
    const auto status = lab.directory().log_in(proof.logs_in);
    if (!status) return {.holds = !expected, .words = status.error().detail};
    if (*status == 0) return {.holds = true, .words = "bind accepted (0)"};
    if (*status == invalid_credentials) return {.holds = false, .words = "bind refused (49)"};
    return {.holds = !expected, .words = fmt::format("ldapwhoami ended with {}", *status)};
  }
  if (!proof.runs.empty()) {
    const auto listed = lab.workstation().run_there({"ps", "-C", proof.runs, "-o", "stat="});
    // A process that has ended and that nobody has waited for yet is listed as a zombie.
    const bool runs = listed && listed->status == 0 && !listed->printed.starts_with('Z');
    return {.holds = runs, .words = runs ? "runs" : "gone"};
  }
  std::error_code error;
  const bool there = std::filesystem::exists(proof.exists, error);
  return {.holds = there, .words = there ? "at its path" : "not at its path"};
}

}  // namespace sallyport::app::demo
