#include "engine/app/commands/commands.hpp"
#include "engine/app/commands/filter.hpp"
#include "engine/app/loading.hpp"
#include "engine/base/spelling.hpp"
#include "engine/ingest/decode.hpp"
#include "engine/ingest/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::app {

namespace {

constexpr ingest::DecodeLimits limits;
constexpr std::size_t shown_characters = 2000;  // of the original, in a dead letter

struct Options {
  std::string source;
  std::string schemas;
  std::vector<std::string> files;
};

/// `text` as valid UTF-8 of at most `limit` characters; a byte that is none becomes U+FFFD.
std::string readable(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t n = 0; !text.empty() && n < limit; ++n) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    bool good = length > 0 && length <= text.size();
    for (std::size_t i = 1; good && i < length; ++i)
      good = (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
    if (good && length == 3) {
      const auto second = static_cast<unsigned char>(text[1]);
      good = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F);
    }
    if (good && length == 4) {
      const auto second = static_cast<unsigned char>(text[1]);
      good = !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    }
    out += good ? text.substr(0, length) : std::string_view{"\xEF\xBF\xBD"};
    text.remove_prefix(good ? length : 1);
  }
  return out;
}

class Normalization {
 public:
  Normalization(ingest::Normalizer normalizer, std::optional<std::string> source)
      : normalizer_{std::move(normalizer)}, source_{std::move(source)} {}

  /// False when something could not be read, or not be used.
  bool read(const std::vector<std::string>& files) {
    const auto all = read_documents(
        files, limits.bytes, out_, [this](const std::string& file, const ingest::Piece& next) {
          piece(file, next);
        });
    letters_.flush();
    return all && !unused_;
  }

 private:
  void piece(const std::string& file, const ingest::Piece& piece) {
    const auto native = ingest::decode(piece.bytes, limits);
    if (!native) return dead(file, piece, native.error().detail, source_);
    const auto alert = normalizer_.normalize(
        *native,
        piece.bytes,
        {.source = source_, .tenant = "default", .received_at = clock_.now()});
    if (!alert) {
      if (const auto parts = normalizer_.apart(*native, source_); !parts.empty()) {
        for (const auto& part : parts) this->piece(file, {.bytes = part, .line = piece.line});
        return;
      }
      auto source = source_ ? source_ : normalizer_.recognise(*native);
      return dead(file, piece, alert.error().detail, source);
    }
    out_.write(to_json(alert->finding));
  }

  void dead(const std::string& file,
            const ingest::Piece& piece,
            const std::string& reason,
            const std::optional<std::string>& source) {
    unused_ = true;
    json::object letter{{"reason", reason}};
    letter["source"] = source ? json::value(*source) : json::value(nullptr);
    letter["file"] = file;
    letter["line"] = piece.line;
    letter["original"] = readable(piece.bytes, shown_characters);
    letters_.write(to_json(letter));
  }

  ingest::Normalizer normalizer_;
  std::optional<std::string> source_;
  SystemClock clock_;
  LineOutput out_{stdout};
  LineOutput letters_{stderr};
  bool unused_ = false;
};

int normalize(const Options& options) {
  auto normalizer = load_normalizer(options.schemas);
  if (!normalizer) {
    fmt::print(stderr, "{}\n", normalizer.error().detail);
    return 2;
  }
  std::optional<std::string> source;
  if (!options.source.empty()) {
    source = options.source;
    const auto known = normalizer->sources();
    if (std::ranges::find(known, *source) == known.end()) {
      fmt::print(stderr,
                 "unknown source '{}'{}\n",
                 *source,
                 suggestion(*source, {known.begin(), known.end()}));
      return 2;
    }
  }
  Normalization work{*std::move(normalizer), std::move(source)};
  return work.read(options.files) ? 0 : 2;
}

}  // namespace

void add_normalize(Command app, Run& run) {
  const auto options = std::make_shared<Options>();
  auto command = app.add_subcommand(
      "normalize", "Make OCSF Detection Findings of native alerts (JSON Lines, objects, arrays)");
  command.add_option("--source", options->source, "Read all alerts as of this source");
  command.add_option(
      "--schemas",
      options->schemas,
      "The folder whose alerts/*.yaml are the mappings; default: schemas of the installation");
  command.add_option("FILE", options->files, "Files of alerts; none or -: standard input");
  command.footer(
      "Findings go to standard output, one a line, in the order of the input. What cannot be used\n"
      "goes to standard error as one JSON object a line with its reason, and the rest goes on; "
      "the\n"
      "exit status is then 2.\n\nExample:\n"
      "  tail -F /var/ossec/logs/alerts/alerts.json | sallyport normalize --source wazuh");
  command.callback([&run, options] { run = [options] { return normalize(*options); }; });
}

}  // namespace sallyport::app
