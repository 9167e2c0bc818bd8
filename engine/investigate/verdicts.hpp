#pragma once

#include "engine/base/result.hpp"
#include "engine/model/verdict.hpp"
#include "engine/store/store.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::investigate {

/// Puts a verdict into `batch`, with what it can be replayed from. Its document stands once, in the
/// ledger; the table of investigations says where.
void put_verdict(store::Batch& batch, const model::Verdict& verdict);

/// Reads a verdict document. Errors: corrupt.
[[nodiscard]] Result<model::Verdict> read_verdict(std::string_view text);

/// The newest verdict of an investigation. Errors: not_found, corrupt, unavailable.
[[nodiscard]] Result<model::Verdict> find_verdict(const store::Store& store,
                                                  std::string_view investigation);

/// All versions of its verdict, the oldest first. Errors: those of find_verdict().
[[nodiscard]] Result<std::vector<model::Verdict>> find_versions(const store::Store& store,
                                                                std::string_view investigation);

/// Visits the investigations of `tenant` (empty: of all), newest first, those after `before`
/// (empty: from the newest); `visit` returns false to stop. Errors: corrupt, unavailable.
[[nodiscard]] Result<> list_verdicts(const store::Store& store,
                                     std::string_view tenant,
                                     std::string_view before,
                                     const std::function<bool(model::Verdict verdict)>& visit);

}  // namespace sallyport::investigate
