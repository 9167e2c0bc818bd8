#include "engine/base/fault.hpp"

#include <algorithm>

namespace sallyport {

bool has_errors(const Faults& faults) {
  return std::ranges::any_of(faults, [](const Fault& fault) { return !fault.warning; });
}

std::string child(std::string_view pointer, std::string_view token) {
  std::string result{pointer};
  result += '/';
  for (const char c : token) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

std::string child(std::string_view pointer, std::size_t index) {
  return child(pointer, std::to_string(index));
}

}  // namespace sallyport
