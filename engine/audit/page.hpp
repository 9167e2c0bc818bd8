#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::audit {

/// A plain HTML page without scripts. Every text is escaped: nothing that an alert or a policy says
/// becomes markup.
class Page {
 public:
  explicit Page(std::string_view title);

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  void table(const std::vector<std::string>& head,
             const std::vector<std::vector<std::string>>& rows);

  [[nodiscard]] std::string text() const;

 private:
  std::string body_;
};

/// One line of CSV (RFC 4180). A field that a spreadsheet would take for a formula gets a quote
/// before it.
[[nodiscard]] std::string csv_line(const std::vector<std::string>& fields);

}  // namespace sallyport::audit
