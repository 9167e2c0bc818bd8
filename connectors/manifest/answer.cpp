#include "connectors/manifest/answer.hpp"

#include "connectors/manifest/xml.hpp"
#include "engine/base/ascii.hpp"
#include "engine/base/cut.hpp"
#include "engine/http/date.hpp"
#include "engine/match/json_record.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::size_t longest_text_bytes = 64UL << 10U;
/// Of a product's words, before our secrets are taken out of them: what is cut off first may leave
/// a part of one that nobody recognises.
constexpr std::size_t longest_words_bytes = 64U << 10U;
constexpr double epoch_s = 1e9;  ///< A delay in seconds is shorter, a moment in them greater.

/// The product's own words, fit for one line of a log.
std::string sentence(const json::value& record, const std::string& path) {
  auto value = path.empty() ? std::nullopt : value_at(record, path);
  if (!value) return {};
  if (const auto* list = value->if_array()) {
    if (list->empty()) return {};
    value = (*list)[0];
  }
  auto text = text_of_scalar(*value).value_or("");
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return std::string{cut(text, longest_words_bytes)};
}

std::string reason(const Plan& plan, const json::value& record, const std::string& because) {
  const auto code = sentence(record, plan.error_detail.code);
  const auto message = sentence(record, plan.error_detail.message);
  auto text =
      because.empty() ? fmt::format("answered {}", record.at("status").as_int64()) : because;
  if (!code.empty() || !message.empty())
    text += fmt::format(" ({}{}{})", code, code.empty() || message.empty() ? "" : ": ", message);
  return text;
}

std::optional<std::chrono::milliseconds> delay(const json::value& record,
                                               const std::string& path,
                                               bool milliseconds,
                                               Time now) {
  const auto value = value_at(record, path);
  const auto text = value ? text_of_scalar(*value) : fail(Errc::not_found, "");
  double number = 0;
  if (!text) return std::nullopt;
  if (const auto date = http::parse_date(*text))
    return std::chrono::ceil<std::chrono::milliseconds>(std::max(*date - now, Time::duration{0}));
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || !std::isfinite(number) ||
      number < 0)
    return std::nullopt;
  if (milliseconds)
    return std::chrono::milliseconds{static_cast<std::int64_t>(std::min(number, 1e9))};
  if (number > epoch_s) {
    const auto since = std::chrono::duration<double>(now.time_since_epoch()).count();
    number = std::max(0.0, number - since);
  }
  return std::chrono::milliseconds{static_cast<std::int64_t>(std::min(number, 1e6) * 1000)};
}

/// What a status means where no rule of the manifest says it.
AnswerClass by_status(std::int64_t status) {
  if (status == 401) return AnswerClass::unauthorized;
  if (status == 403) return AnswerClass::forbidden;
  if (status == 404 || status == 410) return AnswerClass::not_found;
  if (status == 409 || status == 412) return AnswerClass::conflict;
  if (status == 429) return AnswerClass::rate_limited;
  return status >= 500 ? AnswerClass::retryable : AnswerClass::permanent;
}

/// The whole number there, also where it is written as text.
std::optional<std::int64_t> number_at(const json::value& root, std::string_view path) {
  const auto value = value_at(root, path);
  const auto text = value ? text_of_scalar(*value) : fail(Errc::not_found, "");
  std::int64_t number = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc{} && end == text->data() + text->size() ? std::optional{number}
                                                                    : std::nullopt;
}

/// Leaves the elements whose numbers are of the range, and tells the least number that none has.
/// Errors: unavailable (an element without a number: what is free cannot be told).
Result<std::optional<std::int64_t>> keep_numbered(const NumberedSpec& numbered,
                                                  const json::value& record,
                                                  json::array& items) {
  const auto least = number_at(record, numbered.least);
  const auto most = number_at(record, numbered.most);
  if (!least || !most)
    return fail(Errc::unavailable,
                fmt::format("{} or {} is no number", numbered.least, numbered.most));
  std::set<std::int64_t> taken;
  json::array within;
  for (auto& item : items) {
    const auto number = number_at(item, numbered.at);
    if (!number)
      return fail(Errc::unavailable,
                  fmt::format("the product shows an element without its {}", numbered.at));
    if (*number < *least || *number > *most) continue;
    taken.insert(*number);
    within.push_back(std::move(item));
  }
  items = std::move(within);
  auto unused = *least;
  for (const auto number : taken)
    if (number == unused) ++unused;  // in ascending order
  return unused <= *most ? std::optional{unused} : std::nullopt;
}

json::array candidates(const json::value& record, const PickPlan& pick) {
  auto found = value_at(record, pick.from);
  if (!found || found->is_null()) return {};
  if (auto* list = found->if_array()) return std::move(*list);
  json::array one;
  one.push_back(*std::move(found));
  return one;
}

Result<std::optional<json::value>> pick_one(const PickPlan& pick, const json::value& record) {
  const bool several = pick.count || pick.numbered || pick.most > 0;
  if (!several && !pick.where && pick.latest_by.empty() && pick.take.empty() && pick.needed.empty())
    return value_at(record, pick.from);
  auto items = candidates(record, pick);
  if (pick.where) {
    auto asked = record;
    const auto other = [&](const json::value& item) {
      asked.as_object()["item"] = item;
      return !holds(pick.where, asked);
    };
    items.erase(std::remove_if(items.begin(), items.end(), other), items.end());
  }
  if (pick.numbered) {
    const auto unused = keep_numbered(*pick.numbered, record, items);
    if (!unused) return std::unexpected{unused.error()};
    if (pick.unused)
      return *unused ? std::optional{json::value(**unused)} : std::optional<json::value>{};
  }
  if (pick.count) return std::optional{json::value(static_cast<std::int64_t>(items.size()))};
  if (pick.most > 0) {
    if (!pick.take.empty()) {
      json::array taken;
      for (const auto& item : items)
        if (auto value = value_at(item, pick.take)) taken.push_back(*std::move(value));
      items = std::move(taken);
    }
    if (items.empty()) return std::optional<json::value>{};
    if (items.size() > pick.most) items.resize(pick.most);
    return std::optional{json::value(std::move(items))};
  }
  if (!pick.latest_by.empty() && items.size() > 1) {
    const auto before = [&](const json::value& a, const json::value& b) {
      const auto left = value_at(a, pick.latest_by);
      const auto right = value_at(b, pick.latest_by);
      if (left && right && left->is_number() && right->is_number())
        return left->to_number<double>() < right->to_number<double>();
      const auto text = [](const std::optional<json::value>& value) {
        return value ? text_of_scalar(*value).value_or("") : std::string{};
      };
      return text(left) < text(right);
    };
    auto latest = *std::ranges::max_element(items, before);
    items.clear();
    items.push_back(std::move(latest));
  }
  if (items.empty()) return std::optional<json::value>{};
  if (items.size() > 1)
    return fail(
        Errc::conflict,
        fmt::format("{}: the product shows {} where one is needed", pick.name, items.size()));
  if (pick.take.empty()) return std::optional{std::move(items.front())};
  return value_at(items.front(), pick.take);
}

}  // namespace

bool holds(const Question& question, const json::value& record) {
  return question && question->matches(match::JsonRecord{record});
}

json::value with_answer(const json::value& facts, http::Response response, Accept accept) {
  auto record = facts.as_object();
  record["status"] = response.status;
  json::object headers;
  for (const auto& [name, value] : response.headers) headers.emplace(ascii::lowered(name), value);
  record["header"] = std::move(headers);
  const bool readable = accept == Accept::json || accept == Accept::xml;
  if (readable && !response.body.empty()) {
    auto body = accept == Accept::json ? parse_json(response.body) : from_xml(response.body);
    if (body) record["body"] = *std::move(body);
  }
  if (response.body.size() > longest_text_bytes) response.body.resize(longest_text_bytes);
  record["text"] = std::move(response.body);
  return json::value(std::move(record));
}

Judgement judge(const Plan& plan, const StepPlan& step, const json::value& record, Time now) {
  for (const auto* rules : {&step.errors, &plan.errors}) {
    for (const auto& rule : *rules) {
      if (!holds(rule.when, record)) continue;
      return {
          .kind = Judgement::Kind::classed,
          .means = rule.means,
          .why = reason(plan, record, rule.because),
          .retry_after = delay(record,
                               rule.retry_after.empty() ? "header.retry-after" : rule.retry_after,
                               rule.milliseconds && !rule.retry_after.empty(),
                               now)};
    }
  }
  const auto status = record.at("status").as_int64();
  const bool fine = status >= 200 && status < 300;
  const bool expects_body =
      step.request.accept == Accept::json || step.request.accept == Accept::xml;
  const bool unreadable = expects_body && !record.as_object().contains("body") && status != 204 &&
                          !record.at("text").as_string().empty();
  if (fine && unreadable)
    return {.kind = Judgement::Kind::unclear,
            .why = fmt::format("answered {} with what is no {}",
                               status,
                               step.request.accept == Accept::json ? "JSON" : "XML")};
  if (step.success ? holds(step.success, record) : fine) return {};
  if (fine)
    return {
        .kind = Judgement::Kind::unclear,
        .why = reason(plan, record, fmt::format("answered {} without what means success", status))};
  return {.kind = Judgement::Kind::classed,
          .means = by_status(status),
          .why = reason(plan, record, {}),
          .retry_after = delay(record, "header.retry-after", false, now)};
}

Result<json::object> picked(const std::vector<PickPlan>& save, const json::value& record) {
  json::object values;
  for (const auto& pick : save) {
    auto value = pick_one(pick, record);
    if (!value) return std::unexpected{value.error()};
    if (!*value || (*value)->is_null()) {
      if (!pick.needed.empty()) return fail(Errc::not_found, pick.needed);
      continue;
    }
    if (pick.is) {
      auto good = checked(fmt::format("the product's {}", pick.name), *pick.is, **value);
      if (!good) return fail(Errc::unavailable, good.error().detail);
      value = std::optional{*std::move(good)};
    }
    values.emplace(pick.name, **std::move(value));
  }
  return values;
}

}  // namespace sallyport::connectors::manifest
