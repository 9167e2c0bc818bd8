#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::lab {

/// How the lists of a vendor are cut into pages with a cursor: a first one without anything, as
/// vendors have it that search while they page, then one for each element.
struct Paging {
  enum class Course : std::uint8_t {
    ends,     ///< As a vendor's does, with an empty cursor.
    endless,  ///< There is always one more page, with a cursor of its own.
    circle,   ///< The last page leads to the second.
  };

  Course course = Course::ends;
  std::string path;   ///< Part of the target whose lists are cut.
  std::string items;  ///< Where the list stands: `data.items`; empty: the body is the list.
  std::string next;   ///< Where the next cursor stands.
  std::string query;  ///< The parameter that carries it.
};

/// Cuts what a vendor answers into pages, and knows which were asked for. Not thread-safe.
class Pager {
 public:
  explicit Pager(Paging paging) : paging_{std::move(paging)} {}

  [[nodiscard]] bool concerns(std::string_view method, std::string_view target) const;

  /// The page that `request` asks for, of what `vendor` answers to it.
  http::Response answer(Vendor& vendor, VendorRequest request);

  struct Asked {
    std::size_t page = 0;
    bool last = false;
  };

  /// The pages that were asked for, in their order.
  [[nodiscard]] const std::vector<Asked>& asked() const noexcept { return asked_; }

 private:
  Paging paging_;
  std::vector<Asked> asked_;
};

}  // namespace sallyport::lab
