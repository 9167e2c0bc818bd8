#pragma once

#include <string_view>

namespace sallyport::reason {

/// What every judge and every reader is told first: the same bytes each time, so that a provider
/// can keep what it made of them. Nothing of an alert ever stands in them.
extern const std::string_view judge_instructions;
extern const std::string_view reader_instructions;

}  // namespace sallyport::reason
