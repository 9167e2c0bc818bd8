#pragma once

#include <boost/json/value.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace sallyport::match {

namespace json = boost::json;

/// One value of a record, looked at without copying it. `nullptr` is JSON's null.
using Scalar =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view>;

/// A field name, both as it was written and split at its dots.
struct FieldPath {
  std::string whole;
  std::vector<std::string> parts;
};

/// Takes one value; false: no more, please. Refers to the callable it was made from and does not
/// own it: for passing down, never for keeping.
class Visitor {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Visitor> &&
             std::is_invocable_r_v<bool, F&, const Scalar&>)
  Visitor(F&& callable)  // NOLINT(google-explicit-constructor): a lambda is passed as it is
      : callable_{const_cast<void*>(static_cast<const void*>(std::addressof(callable)))},
        call_{[](void* target, const Scalar& value) -> bool {
          return std::invoke(*static_cast<std::remove_reference_t<F>*>(target), value);
        }} {}

  bool operator()(const Scalar& value) const { return call_(callable_, value); }

 private:
  void* callable_;
  bool (*call_)(void*, const Scalar&);
};

/// What can be asked for fields: JSON, or a value that is never turned into JSON for the asking
/// (the gate matches its request without building a tree).
///
/// The text of a visited Scalar must stay where it is as long as the record itself: a detection
/// fetches each field once and keeps looking at it.
class Record {
 public:
  using Visitor = match::Visitor;

  virtual ~Record() = default;

  /// Visits every value at `path`: one, or several where it crosses a list. Returns whether the
  /// field is there at all (also when it is an object or an empty list, which have no scalar to
  /// visit).
  virtual bool visit(const FieldPath& path, const Visitor& visitor) const = 0;

  /// Visits every scalar of the record: what a keyword search looks at.
  virtual void visit_all(const Visitor& visitor) const = 0;
};

}  // namespace sallyport::match
