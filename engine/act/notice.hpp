#pragma once

#include "engine/model/action.hpp"
#include "engine/store/store.hpp"

#include <cstdint>
#include <functional>

namespace sallyport::act {

/// What people are told of an action.
enum class Notice : std::uint8_t {
  fired,  ///< A whitelist entry that wants it told lets it run, other than the one told of
          ///< before.
  rollback_failed,  ///< It is still in effect.
  unclear,          ///< Nobody knows whether it happened; it is looked at again.
  drifted,          ///< Somebody undid it on the product.
  restored,         ///< What had been undone there is in effect again.
};

/// Writes the telling into the batch that makes it so. `action` as it will be.
using Tell = std::function<void(store::Batch& batch, const model::Action& action, Notice notice)>;

}  // namespace sallyport::act
