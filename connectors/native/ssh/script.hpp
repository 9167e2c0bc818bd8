#pragma once

#include <string_view>

namespace sallyport::connectors::ssh {

/// The one script that runs on a host, read from standard input by `sh -s -- ARGUMENTS`. It is one
/// function and a call of it in the last line: a script that arrives in part does nothing.
///
/// It prints `begin`, lines `fact KEY VALUE`, and `end WORD TEXT`; WORD is `done`, `already`,
/// `unknown` or the name of an error code.
[[nodiscard]] std::string_view script();

}  // namespace sallyport::connectors::ssh
