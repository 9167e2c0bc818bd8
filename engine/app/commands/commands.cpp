#include "engine/app/commands/commands.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace sallyport::app {

int unusable(std::string_view command, const Error& error) {
  fmt::print(stderr, "sallyport {}: {}\n", command, error.detail);
  return 2;
}

}  // namespace sallyport::app
