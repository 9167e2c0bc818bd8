#pragma once

#include "engine/app/command_line.hpp"
#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::app {

/// What every command that speaks to a running engine takes.
struct ApiOptions {
  std::string url;
  std::string token;
  std::string ca_file;
  bool json = false;

  /// Adds --url, --token (or SALLYPORT_URL, SALLYPORT_TOKEN), --ca and --json.
  void add_to(Command command);
};

/// Speaks to a running engine. Each call waits for its answer, at most 60 seconds. One thread.
class ApiClient {
 public:
  /// Errors: invalid_input (no url or token, or not usable).
  [[nodiscard]] static Result<std::unique_ptr<ApiClient>> make(const ApiOptions& options);
  ~ApiClient();

  using Query = std::vector<std::pair<std::string, std::string>>;

  /// `path` is made of segments, each encoded: {"v1", "approvals", id}.
  /// Errors: unavailable (no answer), and what the engine's problem document means: not_found,
  /// conflict, denied, expired, invalid_input; the detail is its text.
  [[nodiscard]] Result<json::value> get(const std::vector<std::string>& path,
                                        const Query& query = {});
  [[nodiscard]] Result<json::value> post(const std::vector<std::string>& path,
                                         const json::value& body,
                                         const Query& query = {});

  /// Replaces what was looked at: `tag` is the ETag of that. Errors: as get(); conflict also where
  /// it is another by now.
  [[nodiscard]] Result<json::value> put(const std::vector<std::string>& path,
                                        const Query& query,
                                        std::string tag,
                                        std::string body);

  /// All pages of a list, at most `limit` items. Errors: as get().
  [[nodiscard]] Result<json::array> list(const std::vector<std::string>& path,
                                         Query query,
                                         std::size_t limit);

 private:
  struct Impl;
  explicit ApiClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Prints the error of a call and returns the exit status that fits it: 1 the answer is no, 2 it
/// could not be asked.
[[nodiscard]] int report(const Error& error);

/// The text at a dotted path of a document, as it is shown in a column; empty where there is none.
[[nodiscard]] std::string shown(const json::value& document, std::string_view path);

}  // namespace sallyport::app
