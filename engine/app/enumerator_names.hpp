#pragma once

#include "engine/base/json.hpp"

#include <functional>
#include <string_view>

namespace sallyport::app {

/// The names of an enumeration whose values count up from zero, in their order.
template <class E>
void for_each_name(const std::function<void(std::string_view)>& visit) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { visit(spelled(d.name)); });
}

}  // namespace sallyport::app
