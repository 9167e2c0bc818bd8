#include "engine/base/json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <charconv>

namespace sallyport {

namespace {

constexpr std::size_t max_depth = 64;

using Ec = boost::system::error_code;

/// Makes the tree, like the library's own builder but for one thing: Boost 1.81 reads one in ten
/// numbers of 17 digits to the neighbour of what is written. What we hash is text that is made of
/// trees again, so a number must come back as it was. Can go with Boost 1.84
/// (number_precision::precise).
struct TreeBuilder {
  // What the parser asks of its handler; the names are the library's.
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value_stack stack{};

  static bool on_document_begin(Ec&) { return true; }

  static bool on_document_end(Ec&) { return true; }

  static bool on_object_begin(Ec&) { return true; }

  static bool on_array_begin(Ec&) { return true; }

  static bool on_comment_part(json::string_view, Ec&) { return true; }

  static bool on_comment(json::string_view, Ec&) { return true; }

  // The text is there as a whole, so no number comes in parts.
  static bool on_number_part(json::string_view, Ec&) { return true; }

  bool on_object_end(std::size_t n, Ec&) { return stack.push_object(n), true; }

  bool on_array_end(std::size_t n, Ec&) { return stack.push_array(n), true; }

  bool on_key_part(json::string_view text, std::size_t, Ec&) {
    return stack.push_chars(text), true;
  }

  bool on_key(json::string_view text, std::size_t, Ec&) { return stack.push_key(text), true; }

  bool on_string_part(json::string_view text, std::size_t, Ec&) {
    return stack.push_chars(text), true;
  }

  bool on_string(json::string_view text, std::size_t, Ec&) { return stack.push_string(text), true; }

  bool on_int64(std::int64_t number, json::string_view, Ec&) {
    return stack.push_int64(number), true;
  }

  bool on_uint64(std::uint64_t number, json::string_view, Ec&) {
    return stack.push_uint64(number), true;
  }

  bool on_double(double nearly, json::string_view text, Ec&) {
    auto number = nearly;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return stack.push_double(number), true;
  }

  bool on_bool(bool value, Ec&) { return stack.push_bool(value), true; }

  bool on_null(Ec&) { return stack.push_null(), true; }
};

}  // namespace

Result<json::value> parse_json(std::string_view text, json::storage_ptr memory) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::basic_parser<TreeBuilder> parser{options};
  parser.handler().stack.reset(std::move(memory));
  Ec error;
  const auto used = parser.write_some(false, text.data(), text.size(), error);
  if (error == json::error::incomplete) {
    return fail(Errc::invalid_input,
                fmt::format("not JSON at byte {}: ends too early", text.size()));
  }
  if (!error && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos)
    error = json::make_error_code(json::error::extra_data);
  if (error)
    return fail(Errc::invalid_input, fmt::format("not JSON at byte {}: {}", used, error.message()));
  return parser.handler().stack.release();
}

}  // namespace sallyport
