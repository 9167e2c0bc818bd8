#include "connectors/native/nftables/session.hpp"

#include "connectors/native/base/network_namespace.hpp"
#include "engine/base/json.hpp"

#include <boost/json/serialize.hpp>
#include <nftables/libnftables.h>

#include <algorithm>
#include <memory>
#include <mutex>

namespace sallyport::connectors::nftables {

namespace {

/// libnftables keeps parser state of its own and does not promise to be safe in several threads.
std::mutex& library() {
  static std::mutex mutex;
  return mutex;
}

std::unexpected<Error> refused(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  const auto says = [&](std::string_view part) { return text.contains(part); };
  auto code = Errc::unavailable;
  if (says("Operation not permitted")) code = Errc::denied;
  if (says("No such file or directory") || says("does not exist")) code = Errc::not_found;
  if (says("File exists") || says("overlap") || says("conflicting intervals"))
    code = Errc::conflict;
  return fail(code, "nftables: " + text.substr(0, 300));
}

}  // namespace

Result<json::value> run(const std::string& network_namespace, const json::value& command) {
  const auto text = json::serialize(command);
  Result<json::value> answer = json::value{};
  const auto talk = [&] {
    const std::lock_guard lock{library()};
    const std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)> context{nft_ctx_new(NFT_CTX_DEFAULT),
                                                                    &nft_ctx_free};
    if (!context || nft_ctx_buffer_output(context.get()) != 0 ||
        nft_ctx_buffer_error(context.get()) != 0) {
      answer = fail(Errc::unavailable, "nftables: no connection to the kernel");
      return;
    }
    nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON);
    if (nft_run_cmd_from_buffer(context.get(), text.c_str()) != 0) {
      answer = refused(nft_ctx_get_error_buffer(context.get()));
      return;
    }
    const std::string_view printed = nft_ctx_get_output_buffer(context.get());
    if (!printed.empty()) answer = parse_json(printed);
  };
  if (auto there = in_network_namespace(network_namespace, talk); !there)
    return std::unexpected{there.error()};
  return answer;
}

}  // namespace sallyport::connectors::nftables
