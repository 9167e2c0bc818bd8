#pragma once

#include "engine/base/result.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"
#include "engine/reason/language_model.hpp"

#include <string>
#include <string_view>

/// The reader: a model without tools and without a say, which turns the text of an alert into a
/// fixed form. The judge sees the form and never the text.
namespace sallyport::reason {

/// Appears as the source of its evidence.
inline constexpr std::string_view reading_source = "alert.reading";

/// What the reader is shown of an alert: all that an attacker could have written, cleaned and
/// capped.
[[nodiscard]] std::string text_to_read(const model::Alert& alert);

/// The question to the reader.
[[nodiscard]] ModelRequest reader_request(const model::Alert& alert,
                                          std::string_view text,
                                          std::string_view marker);

/// What came of it: evidence that an attacker can write. An indicator that does not stand in `text`
/// or is no single word is dropped; so is what is no technique. The signal `injection_suspected`
/// where the text speaks to its reader. Errors: invalid_input (not of the form).
[[nodiscard]] Result<model::Evidence> read_reading(std::string_view answer,
                                                   std::string_view text,
                                                   const model::Alert& alert);

}  // namespace sallyport::reason
