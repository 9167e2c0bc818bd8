"""Labelled alerts, in the shapes that are known. README.md tells them."""

import csv
import gzip
import hashlib
import json
import os


class Case:
    """One labelled alert. `clean`: its twin without the text of an attacker."""

    __slots__ = ("source", "alert", "malicious", "clean", "text", "forbidden", "kin", "uid")

    def __init__(self, source, alert, malicious=None, clean=None, text="", forbidden=(), kin=None, uid=None):
        self.source = source
        self.alert = alert
        self.malicious = malicious
        self.clean = clean
        self.text = text
        self.forbidden = forbidden
        self.uid = uid  # its name in a stream, whose alerts are grouped; None: it stands alone
        self.kin = kin  # cases of one name belong together: to the part that was looked at, or to the other

    @property
    def unseen(self):
        """Whether it is of the half that nobody looked at while rules were written: by the hash of its kin's name."""
        return self.kin is None or hashlib.sha256(self.kin.encode()).digest()[0] % 2 == 1


class Unknown(Exception):
    pass


def lines(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise Unknown(f"{path}:{number}: {error}") from error
            if not isinstance(row, dict):
                raise Unknown(f"{path}:{number}: not an object")
            yield number, row


def panther(path):
    """An event that a rule either must or must not fire on: here it fired on both, and the event decides."""
    for number, row in lines(path):
        if row["mocked"]:
            continue  # the truth depends on a look-up that is not here
        yield Case("panther", {
            # Not the file's name: it would put words of the rule's subject into the alert.
            "id": hashlib.sha256(f"{os.path.basename(path)}:{number}".encode()).hexdigest()[:16],
            "title": row["rule_title"],
            "description": row.get("description", ""),
            "severity": row["severity"],
            "rule_id": row["rule_id"],
            "mitre": row["mitre"],
            "event": row["log"],
        }, malicious=bool(row["expected_alert"]), kin=row["rule_id"])


def ait_ads(path):
    with open(path, encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["label_class"] not in ("tp", "fp"):
                continue  # in an attack's window, but nobody knows whether of it
            detector, _, rule = row["name"].partition(": ")
            yield Case("ait_ads", {
                "id": f"{row['scenario']}:{row['row']}",
                "title": rule or row["name"],
                "rule_id": row["short"],
                "product": detector,
                "timestamp": int(row["time"]),
                "host": row["host"],
                "ip": row["ip"],
            }, malicious=row["label_class"] == "tp")


def wazuh(path):
    """alerts.json with its labels beside: X.alerts.jsonl and X.labels.jsonl, line by line."""
    labels = path.replace(".alerts.jsonl", ".labels.jsonl")
    truths = {}
    for _, row in lines(labels):
        truths[row["n"]] = row["verdict"]
    for index, (_, alert) in enumerate(lines(path)):
        verdict = truths.get(index)
        known = verdict in ("true_positive", "false_positive")
        yield Case("wazuh", alert, malicious=verdict == "true_positive" if known else None, uid=alert["id"])


def labels_of_stream(path):
    """X.labels.csv[.gz] beside X.jsonl[.gz]; None: there is none."""
    stem = path.removesuffix(".gz").removesuffix(".jsonl")
    return next((name for name in (stem + ".labels.csv.gz", stem + ".labels.csv") if os.path.exists(name)), None)


def stream(path):
    """A stream of alerts with their labels beside it. An alert in an attack's time that is not known to be of it is part of the
    stream, and not scored."""
    labels = labels_of_stream(path)
    with (gzip.open(labels, "rt") if labels.endswith(".gz") else open(labels, encoding="utf-8", newline="")) as rows:
        truths = {row["id"]: True if row["event_label"] != "-" else False if row["time_label"] == "false_positive" else None
                  for row in csv.DictReader(rows)}
    name = os.path.basename(path).split(".")[0]
    for _, alert in lines(path):
        yield Case(name, alert, malicious=truths.get(alert["id"]), uid=alert["id"])


# Of these no mapping makes an alert: they are events, and an alert of somebody's is about them.
EVENTS = ("panther/AWS.CloudTrail", "panther/Crowdstrike.FDREvent")


def injection_alerts(path):
    for number, row in lines(path):
        injected, clean = row["injected"], row["clean"]
        if row["base_source"] in EVENTS:
            injected, clean = ({"id": f"case {number}", "title": f"An event of {row['base_source']}", "severity": "high",
                                "event": event} for event in (injected, clean))
        yield Case("injection_alerts", injected, clean=clean, text=row["injected_text"], forbidden=tuple(row["forbidden"]))


# Where an attacker writes in the alerts of tests/ingest/samples: what is a case of the injection corpora put into.
CARRIERS = (
    ("wazuh.json", ("full_log",)),
    ("suricata.json", ("http", "http_user_agent")),
    ("okta.json", ("client", "userAgent", "rawUserAgent")),
    ("generic.json", ("title",)),
)


def carriers():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "ingest", "samples")
    for name, field in CARRIERS:
        with open(os.path.join(folder, name), encoding="utf-8") as stream:
            yield name, field, json.loads(stream.readline())


def put(alert, field, text):
    """A copy of `alert` with `text` appended at `field`."""
    copy = json.loads(json.dumps(alert))
    at = copy
    for key in field[:-1]:
        at = at.setdefault(key, {})
    at[field[-1]] = f"{at.get(field[-1], '')} {text}".strip()
    return copy


def injection_texts(path, key):
    carried = list(carriers())
    for _, row in lines(path):
        for _, field, alert in carried:
            yield Case("prompt_injection", put(alert, field, row[key]), clean=alert, text=row[key])


def labelled(path):
    """{"alert": {...}, "label": "malicious" | "benign"}, and a "source" for the table. What is labelled otherwise
    (`ambiguous`, ...), or has "score": false, is left out."""
    for number, row in lines(path):
        if not isinstance(row.get("alert"), dict):
            raise Unknown(f"{path}:{number}: alert is not an object")
        label = row["label"]
        if row.get("score") is False or label not in ("malicious", "benign"):
            continue
        yield Case(str(row.get("source", os.path.basename(path))), row["alert"], malicious=label == "malicious")


def kind_of(path):
    """The reader of a file; None: it belongs to another, or holds nothing that is labelled."""
    name = os.path.basename(path)
    if name == "verdict_sample.csv":
        return ait_ads
    if name.endswith(".labels.jsonl") or not name.endswith((".jsonl", ".jsonl.gz")):
        return None
    if name.endswith(".alerts.jsonl") and os.path.exists(path.replace(".alerts.jsonl", ".labels.jsonl")):
        return wazuh
    if labels_of_stream(path):
        return stream
    first = next((row for _, row in lines(path)), None)
    if first is None:
        return None
    if "expected_alert" in first and "log" in first:
        return panther
    if "injected" in first and "clean" in first:
        return injection_alerts
    if "user_input" in first and "injection_variant" in first:
        return lambda at: injection_texts(at, "user_input")
    if "attack" in first and "category" in first:
        return lambda at: injection_texts(at, "attack")
    if "context" in first and "question" in first:
        return lambda at: injection_texts(at, "context")
    if "alert" in first and "label" in first:
        return labelled
    return None


def read(paths):
    """The cases of all files and folders. Raises Unknown for a file that is named and not known."""
    for path in paths:
        if os.path.isdir(path):
            found = False
            for folder, _, names in sorted(os.walk(path)):
                for name in sorted(names):
                    reader = kind_of(os.path.join(folder, name))
                    if reader:
                        found = True
                        yield from reader(os.path.join(folder, name))
            if not found:
                raise Unknown(f"{path}: no labelled alerts in it")
            continue
        if not os.path.exists(path):
            raise Unknown(f"{path}: there is no such file")
        reader = kind_of(path)
        if not reader:
            raise Unknown(f"{path}: not a shape of labelled alerts that is known (tools/evaluation/README.md)")
        yield from reader(path)
