#include "engine/ingest/group_records.hpp"

#include "engine/base/json.hpp"

#include <fmt/compile.h>

#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace sallyport::ingest {

namespace {

using store::Table;

/// One alert of an investigation.
struct Member {
  std::string tenant;
  std::string source;
  std::string uid;
  Time at;
  std::optional<std::vector<std::string>> keys;  ///< Of the first.
};
BOOST_DESCRIBE_STRUCT(Member, (), (tenant, source, uid, at, keys))

std::string in_order(std::uint64_t number) {
  return fmt::format(FMT_COMPILE("{:012x}"), number);
}

std::string number_key(std::string_view investigation, std::uint64_t number) {
  return store::key({investigation, "n", in_order(number)});
}

std::string text_of(const GroupKey& key) {
  return fmt::format(FMT_COMPILE("{:016x}{:016x}"), key[0], key[1]);
}

std::optional<std::uint64_t> hexadecimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, 16);
  return error == std::errc{} && stop == end && !text.empty() ? std::optional{number}
                                                              : std::nullopt;
}

std::optional<GroupKey> group_key(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  const auto high = hexadecimal(text.substr(0, 16));
  const auto low = hexadecimal(text.substr(16));
  if (!high || !low) return std::nullopt;
  return GroupKey{*high, *low};
}

/// The parts of a key of Table::groups.
struct Place {
  std::string_view investigation;
  char kind = 0;
  std::uint64_t number = 0;
};

std::optional<Place> place_of(std::string_view key) {
  const auto end = key.find('\0');
  if (end == std::string_view::npos || key.size() < end + 4 || key[end + 2] != '\0')
    return std::nullopt;
  const auto number = hexadecimal(key.substr(end + 3));
  if (!number) return std::nullopt;
  return Place{.investigation = key.substr(0, end), .kind = key[end + 1], .number = *number};
}

std::unexpected<Error> broken(std::string_view key) {
  return fail(Errc::corrupt, fmt::format("no entry of a group: {:.60}", key));
}

Member member_of(const model::Alert& alert) {
  return {.tenant = alert.tenant,
          .source = alert.source,
          .uid = alert.uid,
          .at = alert.received_at,
          .keys = std::nullopt};
}

/// What an investigation's entries say of it, read from the last to the first.
struct Found {
  std::string investigation;
  std::uint64_t count = 0;
  Time last;
};

/// More entries of one investigation than this are not read one by one.
constexpr int worth_a_jump = 16;

}  // namespace

std::string alert_key(const model::Alert& alert) {
  return store::key({alert.tenant, alert.source, alert.uid});
}

void put_member(store::Batch& batch, const model::Alert& alert, const Placement& placement) {
  auto member = member_of(alert);
  if (placement.part == Part::opens) {
    auto& keys = member.keys.emplace();
    for (const auto& key : placement.keys) keys.push_back(text_of(key));
  }
  batch.put(Table::groups, number_key(placement.investigation, placement.number), to_json(member));
}

void put_version(store::Batch& batch,
                 const model::Alert& alert,
                 std::string_view investigation,
                 std::uint32_t version) {
  batch.put(Table::groups,
            store::key({investigation, "v", in_order(version)}),
            to_json(member_of(alert)));
}

Result<Members> members_of(const store::Store& store,
                           std::string_view investigation,
                           std::size_t list) {
  Members members;
  std::optional<Error> wrong;
  const auto prefix = store::key({investigation, "n", ""});
  auto read =
      store.scan(Table::groups, prefix, "", false, [&](std::string_view, std::string_view value) {
        if (members.uids.size() == list) return false;
        auto member = from_json<Member>(value);
        if (!member) return wrong.emplace(member.error()), false;
        members.uids.push_back(std::move(member->uid));
        return true;
      });
  if (read && !wrong)
    read = store.scan(Table::groups, prefix, "", true, [&](std::string_view key, std::string_view) {
      const auto place = place_of(key);
      if (place) members.count = place->number;
      return false;
    });
  if (!read) return std::unexpected{read.error()};
  if (wrong) return std::unexpected{*wrong};
  return members;
}

Result<std::vector<model::Alert>> deciding_alerts(const store::Store& store,
                                                  std::string_view investigation,
                                                  std::size_t most) {
  std::vector<model::Alert> alerts;
  std::optional<Error> wrong;
  const auto take = [&](std::string_view, std::string_view value) {
    if (alerts.size() == most) return false;
    const auto member = from_json<Member>(value);
    if (!member) return wrong.emplace(member.error()), false;
    auto alert = store.load<model::Alert>(
        Table::alerts, store::key({member->tenant, member->source, member->uid}));
    if (alert) {
      alerts.push_back(*std::move(alert));
    } else if (alert.error().code != Errc::not_found) {
      return wrong.emplace(alert.error()), false;
    }
    return true;
  };
  auto read = store.scan(Table::groups, number_key(investigation, 1), "", false, take);
  if (read && !wrong)
    read = store.scan(Table::groups, store::key({investigation, "v", ""}), "", false, take);
  if (!read) return std::unexpected{read.error()};
  if (wrong) return std::unexpected{*wrong};
  return alerts;
}

Result<> restore(const store::Store& store, Groups& groups, Time now) {
  const auto oldest = now - groups.rules()->longest();
  std::string from;
  for (bool more = true; more;) {
    more = false;
    std::optional<Found> current;
    std::optional<Error> wrong;
    int seen = 0;
    bool full = false;
    /// False: what comes now is not needed.
    const auto first_of = [&](const Found& found, const Member& first) {
      if (first.at < oldest || !first.keys) return first.at >= oldest;
      OpenGroup group{.investigation = found.investigation,
                      .keys = {},
                      .opened = first.at,
                      .last = found.last,
                      .count = found.count};
      for (const auto& text : *first.keys)
        if (const auto key = group_key(text)) group.keys.push_back(*key);
      return groups.restore(std::move(group));
    };
    const auto visit = [&](std::string_view key, std::string_view value) -> bool {
      const auto place = place_of(key);
      if (!place) return wrong.emplace(broken(key).error()), false;
      if (place->kind != 'n') return true;
      if (!from.empty() && key >= from) return true;
      if (!current || current->investigation != place->investigation) {
        const auto member = from_json<Member>(value);
        if (!member) return wrong.emplace(member.error()), false;
        current = Found{.investigation = std::string{place->investigation},
                        .count = place->number,
                        .last = member->at};
        seen = 0;
      }
      if (place->number != 1) {
        if (++seen < worth_a_jump) return true;
        // A storm: its first entry is far away.
        const auto first = store.load<Member>(Table::groups, number_key(current->investigation, 1));
        if (first) {
          full = !first_of(*current, *first);
        }
        from = store::key({current->investigation, "n", ""});
        more = !full;
        return false;
      }
      const auto first = from_json<Member>(value);
      if (!first) return wrong.emplace(first.error()), false;
      return first_of(*current, *first);
    };
    const auto read = store.scan(Table::groups, "", from, true, visit);
    if (!read) return read;
    if (wrong) return std::unexpected{*wrong};
  }
  return {};
}

}  // namespace sallyport::ingest
