#!/usr/bin/env python3
"""Fails when a source includes what its place in the house does not allow.

  tools/check_layers.py [ROOT]

A room of engine/ includes the rooms that its sallyport_room() line in engine/CMakeLists.txt names and what those
include in turn. Nothing includes app. Only app knows connectors/ and the lab. Connectors include the rooms whose
ports they implement and the vocabulary. A third-party header stands in one room or connector.
"""
import pathlib
import re
import sys

ADAPTERS_MAY = {"act", "approve", "investigate", "reason", "http", "match", "config", "base", "model"}

# Third-party header -> the one folder that may include it, or the one source without its ending.
AT_HOME = [
    (r"simdjson", "engine/ingest"),
    (r"librdkafka/", "engine/ingest"),
    (r"rocksdb/", "engine/store"),
    (r"yaml-cpp/", "engine/config"),
    (r"re2/", "engine/match"),
    (r"boost/beast|boost/asio/ssl|openssl/ssl", "engine/http"),
    (r"spdlog/", "engine/observe"),
    (r"prometheus/", "engine/observe"),
    (r"CLI/", "engine/app/command_line"),
    (r"nftables/", "connectors/native/nftables"),
    (r"libssh/", "connectors/native/ssh"),
    (r"ldap\.h|lber\.h", "connectors/native/ldap"),
    (r"maxminddb\.h", "connectors/geoip"),
]
INCLUDE = re.compile(r'\s*#\s*include\s*[<"]([^>"]+)[>"]')
ROOM = re.compile(r"sallyport_room\((\w+)(?:\s+DEPENDS\s+([\w\s]+?))?(?:\s+LIBRARIES[^)]*)?\)")


def rooms_of(root):
    """Room -> the rooms that its line names."""
    text = re.sub(r"#.*", "", (root / "engine/CMakeLists.txt").read_text())
    rooms = {name: set(named.split()) for name, named in ROOM.findall(text)}
    if len(rooms) != text.count("sallyport_room("):
        sys.exit("engine/CMakeLists.txt: a sallyport_room() line cannot be read")
    return rooms


def reachable(rooms, room):
    seen, todo = {room}, [room]
    while todo:
        for named in rooms.get(todo.pop(), ()):
            if named not in seen:
                seen.add(named)
                todo.append(named)
    return seen


def includes(folder):
    """Yields (file, line number, what it includes)."""
    for source in sorted(folder.rglob("*.[ch]pp")):
        for number, line in enumerate(source.read_text().splitlines(), 1):
            if found := INCLUDE.match(line):
                yield source, number, found[1]


def faults_of_rooms(rooms):
    for room, named in rooms.items():
        for other in sorted(named):
            if other not in rooms:
                yield f"engine/CMakeLists.txt: {room} depends on {other}, which is no room"
            elif room in reachable(rooms, other):
                yield f"engine/CMakeLists.txt: {room} depends on itself by way of {other}"


def faults_of_place(place, allowed, target):
    """Why `place` (engine/<room>, connectors or tools/lab) may not include `target`."""
    parts = target.split("/")
    if parts[0] == "engine" and len(parts) > 2 and allowed is not None and parts[1] not in allowed:
        yield f"{place} may not include {parts[1]}"
    if parts[0] in ("connectors", "tools", "tests") and place.startswith("engine/") and place != "engine/app":
        yield f"{place} may not include {parts[0]}: only app knows it"


def faults_at_home(source, target):
    for pattern, home in AT_HOME:
        if re.match(pattern, target) and source != home and not source.startswith(home + "/"):
            yield f"{target} stands in {home} only"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    rooms = rooms_of(root)
    faults = list(faults_of_rooms(rooms))
    places = {f"engine/{room}": reachable(rooms, room) for room in rooms}
    places |= {"engine/app": set(rooms) | {"app"}, "connectors": ADAPTERS_MAY, "tools/lab": ADAPTERS_MAY}
    for folder in sorted((root / "engine").iterdir()):
        if folder.is_dir() and f"engine/{folder.name}" not in places:
            faults.append(f"engine/{folder.name}: has no sallyport_room() line in engine/CMakeLists.txt")
    seen = 0
    for place, allowed in places.items():
        for source, number, target in includes(root / place):
            seen += 1
            file = source.relative_to(root)
            for fault in [*faults_of_place(place, allowed, target), *faults_at_home(str(file.with_suffix('')), target)]:
                faults.append(f"{file}:{number}: {fault}")
    if not seen:
        faults.append(f"{root}: no sources found; is this the root of the checkout?")
    print("\n".join(faults) if faults else f"{seen} includes in {len(places)} places: each where it may be")
    sys.exit(bool(faults))


main()
