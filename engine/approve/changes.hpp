#pragma once

#include "engine/base/fault.hpp"
#include "engine/base/json.hpp"
#include "engine/model/catalogue.hpp"

namespace sallyport::approve {

/// `parameters` with the members of `changes` in place of their own; null takes one away.
[[nodiscard]] json::object with_changes(json::object parameters, const json::object& changes);

/// What is wrong with the parameters of a verb by its schema in the catalogue, which is written in
/// the part of JSON Schema that schemas/actions.yaml uses. Empty: nothing.
[[nodiscard]] Faults check_parameters(const model::Verb& verb, const json::object& parameters);

}  // namespace sallyport::approve
