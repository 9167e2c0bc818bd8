#!/usr/bin/env python3
"""The commands that govern an engine, through their own doors: governance_test.py BINARY.

One real engine (`sallyport run`, HTTP alone) with a firewall of ours that speaks FortiGate's API; alerts come in over HTTP, people
answer with the command line. Nothing of the engine is imported here.
"""
import csv
import datetime
import hashlib
import http.client
import http.server
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BINARY = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/sallyport").resolve())
SOURCE = pathlib.Path(__file__).resolve().parents[2]
TOKENS = {"alice": "alice-token-0123456789", "bob": "bob-token-0123456789", "carol": "carol-token-0123456789"}

POLICY = """# the rules of engagement
tenants:
  acme:
    tier: L2   # contain
    authority: { owner: soc-lead@acme.example, approved: 2026-11-01, review_by: 2099-01-01 }
    protected: [ { target.kind: ip, target.value|cidr: 10.0.0.0/8 } ]
"""


class Firewall(http.server.BaseHTTPRequestHandler):
    """Bans and unbans addresses as FortiGate's REST API does."""

    banned = {}  # address -> expiry

    def answer(self, results=None):
        body = json.dumps({"status": "success", "results": results}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer([{"ip_address": address} for address in list(self.banned)])

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for address in body["ip_addresses"]:
            if "add_users" in self.path:
                self.banned[address] = int(body["expiry"])
            else:
                self.banned.pop(address, None)
        self.answer()

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Engine:
    """The engine and all that it needs, in a folder that is gone at the end."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-governance-"))
        self.policy = self.folder / "policy.yaml"
        self.policy.write_text(POLICY)
        self.firewall = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Firewall)
        threading.Thread(target=self.firewall.serve_forever, daemon=True).start()
        self.port = free_port()
        (self.folder / "intel.csv").write_text(
            "indicator,kind,confidence\n203.0.113.8,ip,100\n203.0.113.9,ip,100\n")
        for name, token in {**TOKENS, "key": "firewall-key-0123456789"}.items():
            (self.folder / name).write_text(token)
            (self.folder / name).chmod(0o600)

        def token(name, tenant, *roles):
            return {"name": name, "secret": f"file:{self.folder / name}", "tenant": tenant, "roles": list(roles)}

        settings = {
            "data_dir": str(self.folder / "data"),
            "policy": str(self.policy),
            "reasoner": str(SOURCE / "config/reasoner.yaml"),
            "schemas": str(SOURCE / "schemas"),
            "intel": [str(self.folder / "intel.csv")],
            "http": {"listen": f"127.0.0.1:{self.port}", "tokens": [
                token("alice", "acme", "analyst", "approver", "ingest"),
                token("bob", "acme", "approver"),
                token("carol", "*", "admin")]},
            "connectors": {"firewall": {
                "type": "manifest", "manifest": str(SOURCE / "connectors/firewall/fortigate.yaml"),
                "base_url": f"http://127.0.0.1:{self.firewall.server_address[1]}",
                "secrets": {name: f"file:{self.folder / 'key'}" for name in manifest_secrets()},
                "allow": ["127.0.0.1"]}},
        }
        self.settings = self.folder / "sallyport.yaml"
        self.settings.write_text(json.dumps(settings))
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([BINARY, "run", "--config", self.settings], stdout=self.log, stderr=self.log)
        if not comes_true(lambda: self.call("GET", "/readyz")[0] == 200):
            raise RuntimeError("the engine is not ready: " + (self.folder / "log").read_text()[-3000:])

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.firewall.shutdown()
        self.log.close()
        shutil.rmtree(self.folder)

    def call(self, method, path, body=None, who="carol", headers=None):
        """Status, headers and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {"Authorization": "Bearer " + TOKENS[who], **(headers or {})})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        except OSError:
            return 0, {}, ""
        finally:
            connection.close()

    def json(self, method, path, body=None, who="carol"):
        status, _, text = self.call(method, path, None if body is None else json.dumps(body), who)
        if status not in (200, 201, 202):
            raise AssertionError(f"{method} {path}: {status} {text}")
        return json.loads(text)

    def run(self, *arguments, who="carol", url=True, status=0):
        """What `sallyport ARGUMENTS` prints; it must end with `status`."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SALLYPORT_")}
        if url:
            environment |= {"SALLYPORT_URL": f"http://127.0.0.1:{self.port}", "SALLYPORT_TOKEN": TOKENS[who]}
        done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, env=environment, cwd=self.folder,
                              stdin=subprocess.DEVNULL, timeout=60)
        if done.returncode != status:
            raise AssertionError(f"{arguments}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def offline(self, *arguments, status=0):
        return self.run(*arguments, "--data", self.folder / "data", url=False, status=status)

    def version(self):
        return self.json("GET", "/v1/policy")["version"]

    def propose(self, address, who="alice", **parameters):
        return self.json("POST", "/v1/actions", {
            "action": "block_ip", "target": {"kind": "ip", "value": address}, "parameters": parameters}, who)

    def alert(self, address):
        """A sensor saw a listed address do damage: the agent proposes to block it."""
        self.json("POST", "/v1/alerts", {
            "timestamp": "2026-11-20T10:00:00.000001+0000", "flow_id": 1000001, "event_type": "alert", "src_ip": address,
            "src_port": 4444, "dest_ip": "10.77.0.1", "dest_port": 445, "proto": "TCP",
            "alert": {"action": "allowed", "signature_id": 2027001, "signature": "ET MALWARE ransom note", "severity": 1,
                      "category": "Malware Command and Control Activity Detected", "metadata": {"mitre_technique_id": ["T1486"]}}},
            "alice")

    def state(self, action):
        return self.json("GET", f"/v1/actions/{action}")["state"]


def manifest_secrets():
    text = (SOURCE / "connectors/firewall/fortigate.yaml").read_text()
    return [name.strip() for name in re.search(r"^secrets: \[(.*)\]", text, re.M)[1].split(",")]


def comes_true(holds, patience=20):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.02)
    return False


def now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class GateEval(unittest.TestCase):
    """`gate eval` on what a hostile hand writes."""

    REQUEST = '{"tenant":"acme","action":"%s","target":{"kind":"%s","value":"%s"},"confidence":0.9}'

    def decide(self, text, policy, status=0):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "policy.yaml")
            file.write_text(policy)
            done = subprocess.run([BINARY, "gate", "eval", "--policy", file, "--at", "2026-11-20T10:00:00Z"], input=text,
                                  capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return [line.get("error") or f"{line['decision']} {line['reason']}" for line in lines]

    def ask(self, policy, verb, kind, value):
        return self.decide(self.REQUEST % (verb, kind, value), policy)[0]

    def test_a_key_that_stands_twice_is_an_error_in_its_place(self):
        good = self.REQUEST % ("block_ip", "ip", "198.51.100.9")
        twice = good.replace('"confidence":0.9', '"grounded":false,"confidence":0.9,"grounded":true')
        inner = good.replace('"value":', '"value":"10.0.0.1","value":')
        escaped = good.replace('"action":', '"\\u0061ction":"notify","action":')
        answers = self.decide("\n".join((good, twice, inner, escaped, good)), POLICY.replace("L2", "L3"), status=2)
        self.assertEqual([answers[0], answers[4]], ["auto tier"] * 2)
        for answer, key in zip(answers[1:4], ("grounded", "value", "action")):
            self.assertIn(f"the key '{key}' stands twice in one object", answer)
        self.assertIn("stands twice", self.decide(f"[{good},\n{twice}]", POLICY, status=2)[0])
        self.assertIn("stands twice", self.decide(twice.replace(",", ",\n"), POLICY, status=2)[0])

    def test_another_spelling_of_a_protected_target_is_protected(self):
        policy = POLICY.replace("L2", "L3")
        for value in ("10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::10.0.0.1", "2002:a00:1::1", "010.0.0.1", "0xa.0.0.1",
                      "167772161", "10.1", "10.0.0.1/32", "10.0.0.0/7"):
            self.assertEqual(self.ask(policy, "block_ip", "ip", value), "queued protected_target", value)
        self.assertEqual(self.ask(policy, "block_ip", "ip", "198.51.100.9"), "auto tier")
        named = "tenants: { acme: { tier: L3, protected: [ { target.kind: user, target.value: admin } ] } }"
        for value in ("admin", "ADMIN", "\u0430dmin", "\uff41dmin", "ad\u200bmin"):
            self.assertEqual(self.ask(named, "reset_password", "user", value), "queued protected_target", value)
        self.assertEqual(self.ask(named, "reset_password", "user", "adm1n"), "auto tier")

    def test_what_cannot_be_read_keeps_its_place(self):
        good = self.REQUEST % ("notify", "user", "u")
        text = "\n".join(("\ufeff" + good, "{", "", good, '"x"', self.REQUEST % ("notify", "user", " u"), good.replace("0.9", "1.1"), good))
        answers = self.decide(text, POLICY, status=2)
        self.assertEqual([answer.split(":")[0] for answer in answers], ["auto tier", "standard input", "auto tier", *["standard input"] * 3, "auto tier"])
        self.assertIn("standard input:2:", answers[1])


class GateEvalOfAnEngine(unittest.TestCase):
    """What the engine refuses whatever the policy says, `gate eval` says as well."""

    POLICY = POLICY.replace("L2", "L3")

    def lines(self, requests, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "policy.yaml")
            file.write_text(self.POLICY)
            text = "\n".join(GateEval.REQUEST % request for request in requests)
            done = subprocess.run([BINARY, "gate", "eval", "--policy", file, *arguments], input=text, capture_output=True,
                                  text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def settings(self, folder):
        file = pathlib.Path(folder, "sallyport.yaml")
        file.write_text(json.dumps({
            "http": {"listen": "198.51.100.40:8080"},
            "kafka": {"brokers": "198.51.100.30:9092,[2001:db8::30]:9092"},
            "models": {"providers": {"local": {"kind": "vllm", "url": "http://198.51.100.50:8000/v1"}}},
            "connectors": {
                "firewall": {"type": "nftables"},
                "idp": {"type": "ldap", "urls": ["ldaps://dc.acme.example"], "bind_dn": "cn=s,dc=acme", "base_dn": "dc=acme",
                        "bind_password": "env:NOT_SET_HERE"},
                "siem": {"type": "syslog", "host": "198.51.100.20", "transport": "udp"}}}))
        return file

    def test_without_settings_it_is_what_no_engine_cuts_off(self):
        refused = ("0.0.0.0/0", "::/0", "127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254", "fe80::1", "2130706433")
        for line, value in zip(self.lines([("block_ip", "ip", value) for value in refused]), refused):
            self.assertTrue(line["refused"], value)
            self.assertTrue(line["rationale"].endswith("; not run: " + line["refused"]), line)
            self.assertIn(line["decision"], ("auto", "queued"), value)
        for line in self.lines([("block_ip", "ip", "198.51.100.20"), ("unblock_ip", "ip", "127.0.0.1"), ("notify", "ip", "127.0.0.1")]):
            self.assertNotIn("refused", line)
            self.assertNotIn("not run", line["rationale"])

    def test_with_settings_it_is_also_where_that_engine_is_and_connects_to(self):
        refused = (("block_ip", "ip", "198.51.100.20"), ("block_ip", "ip", "198.51.100.0/24"), ("block_ip", "ip", "198.51.100.30"),
                   ("block_ip", "ip", "2001:db8::30"), ("add_ioc", "ip", "198.51.100.40"), ("block_ip", "ip", "::ffff:198.51.100.50"),
                   ("block_domain", "domain", "DC.acme.example."), ("block_domain", "domain", "acme.example"),
                   ("isolate_host", "host", socket.gethostname()))
        allowed = (("block_ip", "ip", "198.51.100.21"), ("block_domain", "domain", "evil.example"), ("disable_user", "user", "alice"))
        with tempfile.TemporaryDirectory() as folder:
            lines = self.lines(refused + allowed, "--config", self.settings(folder))
        for line, request in zip(lines, refused):
            self.assertIn("refused", line, request)
        for line, request in zip(lines[len(refused):], allowed):
            self.assertNotIn("refused", line, request)

    def test_what_is_refused_uses_up_no_limit(self):
        limited = self.POLICY + "    limits: { block_ip: { per_hour: 1 } }\n"
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "policy.yaml")
            file.write_text(limited)
            text = "\n".join(GateEval.REQUEST % ("block_ip", "ip", value) for value in ("127.0.0.1", "198.51.100.20", "198.51.100.21"))
            done = subprocess.run([BINARY, "gate", "eval", "--policy", file], input=text, capture_output=True, text=True, timeout=60,
                                  check=True)
        self.assertEqual([json.loads(line)["reason"] for line in done.stdout.splitlines()], ["tier", "tier", "rate_limit"])

    def test_settings_that_cannot_be_read_end_it(self):
        done = subprocess.run([BINARY, "gate", "eval", "--policy", SOURCE / "config/policy.yaml", "--config", "/nowhere.yaml"],
                              input="", capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere.yaml", done.stderr)


class Governance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()

    def says(self, text, *parts):
        for part in parts:
            self.assertIn(part, text)

    # ---- what no policy allows

    def test_0_gate_eval_with_its_settings_answers_as_the_engine_does(self):
        engine = self.engine
        for value in ("0.0.0.0/0", "127.0.0.1", "::ffff:127.0.0.1", "fe80::1"):
            status, _, text = engine.call("POST", "/v1/actions", json.dumps({
                "action": "block_ip", "target": {"kind": "ip", "value": value}}), "alice")
            self.assertEqual(status, 403, text)
            recorded = engine.json("GET", "/v1/ledger?tenant=acme&kind=decided&limit=1000")["items"][-1]["body"]
            request = engine.folder / "request.json"
            request.write_text(json.dumps(recorded["request"]))
            told = json.loads(engine.run("gate", "eval", "--policy", engine.policy, "--config", engine.settings, request, url=False))
            self.assertEqual("refused: " + told["refused"], recorded["detail"])
            self.assertEqual([told["decision"], told["reason"]], [recorded["decision"]["decision"], recorded["decision"]["reason"]])

    # ---- what governs: the policy

    def test_1_a_tier_is_turned_at_once_and_stands_in_file_history_and_ledger(self):
        engine = self.engine
        before = engine.version()
        self.says(engine.run("policy", "set-tier", "acme", "L3", "--reason", "trial"), "L3")
        self.assertEqual(engine.version(), before + 1)
        self.assertIn("tier: L3   # contain", engine.policy.read_text())
        self.assertEqual(engine.propose("198.51.100.1")["decision"]["reason"], "tier")
        self.assertTrue(comes_true(lambda: "198.51.100.1" in Firewall.banned))
        engine.alert("203.0.113.8")
        self.assertTrue(comes_true(lambda: "203.0.113.8" in Firewall.banned))  # without a person
        self.says(engine.run("policy", "set-tier", "acme", "L2", "--reason", "incident 4711"), "L2")
        self.assertEqual(engine.propose("198.51.100.2")["decision"]["decision"], "queued")
        for history in (engine.run("policy", "history", "--limit", "2"), engine.offline("policy", "history", "--limit", "2")):
            self.says(history, "incident 4711", "carol", "trial")
        self.says(engine.run("policy", "diff", before + 1, before + 2, status=1), "/tenants/acme/tier: L3 -> L2")
        self.says(engine.offline("policy", "diff", before + 1, before + 2, status=1), "/tenants/acme/tier: L3 -> L2")
        self.assertEqual(engine.offline("policy", "diff", before, before + 2), "")
        entry = engine.json("GET", "/v1/ledger?tenant=acme&kind=policy_changed")["items"][-1]
        self.assertEqual(entry["actor"]["id"], "carol")
        self.assertEqual(entry["body"]["reason"], "incident 4711")
        self.assertEqual(entry["body"]["changes"], [{"path": "/tenants/acme/tier", "before": "L3", "after": "L2"}])
        engine.run("policy", "set-tier", "nobody", "L2", "--reason", "x", status=1)
        engine.run("policy", "set-tier", "acme", "L9", "--reason", "x", status=2)
        engine.run("policy", "set-tier", "acme", "L1", "--reason", "x", who="alice", status=1)

    def test_2_a_kill_switch_blocks_what_it_names_until_it_is_off(self):
        engine = self.engine

        def decision(address):
            made = engine.propose(address)["decision"]
            return f"{made['decision']} {made['reason']}"

        for n, (on, off) in enumerate((
                (("--tenant", "acme", "--verb", "block_ip"),) * 2,
                (("--tenant", "acme"),) * 2,
                (("--connector", "firewall"),) * 2,
                ((),) * 2)):
            engine.run("policy", "kill-switch", "on", *on, "--reason", f"drill {n}")
            self.assertEqual(decision(f"198.51.100.{10 + n}"), "blocked kill_switch")
            engine.run("policy", "kill-switch", "off", *off, "--reason", "over")
            self.assertEqual(decision(f"198.51.100.{20 + n}"), "queued tier")
        self.says(engine.run("policy", "kill-switch", "on", "--connector", "none", "--reason", "x", status=2), "firewall")
        self.says(engine.run("policy", "kill-switch", "on", "--verb", "blok_ip", "--reason", "x", status=2), "block_ip")
        engine.run("policy", "kill-switch", "on", "--tenant", "nobody", "--reason", "x", status=1)
        engine.run("policy", "kill-switch", "on", "--reason", "x", who="bob", status=1)
        # What was approved and waits is not sent either.
        queued = engine.propose("198.51.100.30")
        engine.run("policy", "kill-switch", "on", "--reason", "drill")
        self.says(engine.run("approvals", "approve", queued["id"], who="bob", status=1), "blocks")
        engine.run("policy", "kill-switch", "off", "--reason", "over")
        self.assertNotIn("198.51.100.30", Firewall.banned)

    def test_2_what_is_no_request_of_its_verb_is_refused_at_once_and_asks_nobody(self):
        engine = self.engine
        before = engine.json("GET", "/v1/approvals?tenant=acme")["items"]

        def refused(kind="ip", value="198.51.100.70", **parameters):
            status, _, text = engine.call("POST", "/v1/actions", json.dumps({
                "action": "block_ip", "target": {"kind": kind, "value": value}, "parameters": parameters}), "alice")
            self.assertEqual(status, 400, text)
            return text

        self.says(refused(kind="host"), "block_ip takes no target of kind 'host'; it takes ip")
        self.says(refused(duration=60), "/parameters/duration", "did you mean")
        self.says(refused(duration_s=-1), "must be at least 1")
        # A time that is text would be no time: nothing would end the block.
        self.says(refused(duration_s="60"), "must be of type integer")
        self.assertEqual(engine.json("GET", "/v1/approvals?tenant=acme")["items"], before)

    def test_3_the_whole_policy_is_replaced_only_by_a_sound_one_and_only_by_who_saw_the_last(self):
        engine = self.engine
        text = engine.policy.read_text()
        file = engine.folder / "new.yaml"
        file.write_text(text.replace("tier: L2", "tier: L1"))
        version = engine.version()
        self.says(engine.run("policy", "apply", file, "--reason", "r", "--replaces", version - 1, status=1), "not")
        self.says(engine.run("policy", "apply", file, "--reason", "quarterly", "--replaces", version),
                  "/tenants/acme/tier: L2 -> L1", "in force")
        self.assertEqual(engine.policy.read_text(), file.read_text())
        file.write_text(text.replace("tier: L2", "tier: L7"))
        self.says(engine.run("policy", "apply", file, "--reason", "r", status=2), "tier")
        file.write_text("tenants: [\n")
        engine.run("policy", "apply", file, "--reason", "r", status=2)
        engine.run("policy", "apply", engine.folder / "nowhere.yaml", "--reason", "r", status=2)
        self.assertEqual(engine.version(), version + 1)

        def put(body, tag, path="/v1/policy?reason=by%20hand"):
            return engine.call("PUT", path, body, headers={"If-Match": tag} if tag else {})[0]

        tag = engine.call("GET", "/v1/policy")[1]["ETag"]
        self.assertEqual(tag, f'"{version + 1}"')
        self.assertEqual(put(text, f'"{version}"'), 412)
        self.assertEqual(put(text, None), 428)
        self.assertEqual(put("tenants: { acme: { teir: L1 } }", tag), 400)
        self.assertEqual(put(text, tag, "/v1/policy"), 400)
        self.assertEqual(engine.version(), version + 1)
        self.assertEqual(put(text, tag), 200)
        self.assertEqual(engine.version(), version + 2)
        self.assertEqual(engine.policy.read_text(), text)

    def test_4_an_edit_of_the_file_is_in_force_within_a_second_and_a_faulty_one_changes_nothing(self):
        engine = self.engine
        text = engine.policy.read_text()
        version = engine.version()
        engine.policy.write_text(text.replace("tier: L2", "tier: L3"))
        begun = time.monotonic()
        self.assertTrue(comes_true(lambda: engine.version() == version + 1, 5))
        self.assertLess(time.monotonic() - begun, 2)  # a second, on a machine that does other things too
        log = engine.folder / "log"
        for n, (faulty, what) in enumerate((("tenants: { acme: { tier: L9 } }", "L9"), ("tenants: [", "policy.yaml"), ("", "nothing"))):
            reported = len(log.read_text())
            engine.policy.write_text(faulty)
            self.assertTrue(comes_true(lambda: what in log.read_text()[reported:], 5), f"fault {n} is not reported")
            self.assertEqual(engine.version(), version + 1)
            self.assertEqual(engine.propose(f"10.0.0.{n}")["decision"]["policy_version"], version + 1)
        engine.policy.write_text(text)
        self.assertTrue(comes_true(lambda: engine.version() == version + 2, 5))

    def test_5_every_version_can_be_shown_by_number_and_by_time(self):
        engine = self.engine
        before = now()
        version = engine.version()
        engine.run("policy", "set-tier", "acme", "L1", "--reason", "later")
        self.says(engine.run("policy", "show", "--at", before), f"version {version} since", "acme: L2")
        self.says(engine.run("policy", "show", "--at", now()), f"version {version + 1} since", "acme: L1")
        self.says(engine.run("policy", "show", "--version", version), f"version {version} since")
        shown = json.loads(engine.run("policy", "show", "--version", version, "--json"))
        self.assertEqual(shown["tenants"]["acme"]["tier"], "L2")
        self.assertEqual(engine.run("policy", "show", "--version", 1, "--text"), POLICY)
        self.assertEqual(engine.offline("policy", "show", "--version", 1, "--text"), POLICY)
        self.says(engine.offline("policy", "show", "--at", before), f"version {version} since", "acme: L2")
        engine.run("policy", "show", "--at", "2001-01-01T00:00:00Z", status=1)
        engine.run("policy", "show", "--version", 9999, status=1)
        engine.run("policy", "show", "--at", "yesterday", status=2)
        engine.run("policy", "set-tier", "acme", "L2", "--reason", "back")

    # ---- what is governed: people's answers, and what they lead to

    def test_6_people_approve_deny_change_and_undo(self):
        engine = self.engine
        engine.alert("203.0.113.9")
        self.assertTrue(comes_true(lambda: "203.0.113.9" in engine.run("approvals", "list", "--limit", 500, "--json")))
        waiting = [json.loads(line) for line in engine.run("approvals", "list", "--limit", 500, "--json", who="bob").splitlines()]
        asked = next(one for one in waiting if one["request"]["target"]["value"] == "203.0.113.9")
        self.assertEqual(asked["request"]["requested_by"]["kind"], "agent")
        shown = engine.run("approvals", "show", asked["id"], who="bob")
        self.says(shown, "203.0.113.9", asked["request_hash"], "evidence")

        # With changes: what cannot be is refused and leaves the question open.
        def change(with_, status=1, who="bob"):
            return engine.run("approvals", "approve", asked["id"], "--with", with_, "--comment", "an hour", who=who, status=status)

        self.says(change('{"durations_s":3600}', 2), "/parameters/durations_s: the verb has no such parameter; did you mean 'duration_s'?")
        self.says(change('{"duration_s":"1h"}', 2), "/parameters/duration_s: must be of type integer")
        self.says(change('{"duration_s":0}', 2), "/parameters/duration_s")  # shorter ones than the product keeps are the engine's to end
        self.says(change('{"duration_s":1,"duration_s":3600}', 2), "stands twice")
        self.says(change("3600", 2), "expected an object")
        self.says(engine.run("approvals", "approve", asked["id"], "--request-hash", "sha256:0", who="bob", status=1), asked["request_hash"])
        self.assertEqual(engine.state(asked["id"]), "queued")

        done = change('{"duration_s":3600}', 0)
        approved = engine.json("GET", f"/v1/approvals/{asked['id']}")
        self.assertEqual(approved["request"]["parameters"]["duration_s"], 3600)
        self.assertNotEqual(approved["request_hash"], asked["request_hash"])
        self.says(done, "changed to", approved["request_hash"])
        self.assertTrue(comes_true(lambda: engine.state(asked["id"]) == "verified"))
        self.assertEqual(Firewall.banned["203.0.113.9"], 3600)
        entry = engine.json("GET", f"/v1/ledger?tenant=acme&kind=approved&subject={asked['id']}")["items"][0]
        self.assertEqual(entry["actor"]["id"], "bob")
        self.assertEqual(entry["body"]["changed"], {
            "from": {"request_hash": asked["request_hash"], "parameters": asked["request"]["parameters"]},
            "to": {"request_hash": approved["request_hash"], "parameters": approved["request"]["parameters"]}})
        self.says(engine.run("approvals", "approve", asked["id"], who="bob", status=1), "approved before")

        # Over HTTP; nobody approves what they proposed, changed or not.
        own = engine.propose("198.51.100.40", who="alice")
        body = {"request_hash": own["request_hash"], "with": {"duration_s": 7200}}
        status, _, problem = engine.call("POST", f"/v1/approvals/{own['id']}/approve", json.dumps(body), "alice")
        self.assertEqual(status, 403, problem)
        answer = engine.json("POST", f"/v1/approvals/{own['id']}/approve", body, "bob")
        self.assertEqual(answer["request"]["parameters"], {"duration_s": 7200})
        self.assertTrue(comes_true(lambda: engine.state(own["id"]) == "verified"))
        schema = engine.json("GET", "/v1/openapi.json")["paths"]["/v1/approvals/{id}/approve"]["post"]
        self.assertIn("with", json.dumps(schema["requestBody"]))

        no = engine.propose("198.51.100.41")
        self.says(engine.run("approvals", "deny", no["id"], "--comment", "ours", who="bob"), "denied")
        plain = engine.propose("198.51.100.42")
        self.says(engine.run("approvals", "approve", plain["id"], who="bob"), "approve")
        self.assertTrue(comes_true(lambda: engine.state(plain["id"]) == "verified"))

        # Undone: the rollback is an action of its own, and waits for a person too.
        undo = json.loads(engine.run("actions", "rollback", own["id"], "--json", who="alice"))
        engine.run("approvals", "approve", undo["id"], "--with", '{"comment":"x"}', who="bob", status=2)
        engine.run("approvals", "approve", undo["id"], who="bob")
        self.assertTrue(comes_true(lambda: engine.state(own["id"]) == "rolled_back"))
        self.assertNotIn("198.51.100.40", Firewall.banned)

    def test_7_readiness_says_what_is_on_record_and_what_is_missing(self):
        engine = self.engine
        asked = [json.loads(line) for line in engine.run("readiness", "--tenant", "acme", "--json").splitlines()]
        looked = [json.loads(line) for line in engine.offline("readiness", "--tenant", "acme", "--json").splitlines()]
        self.assertEqual(asked, looked)
        row = next(row for row in asked if row["verb"] == "block_ip")
        self.assertEqual(row["target_kind"], "ip")
        # Approved: two changed, one as it was asked, one that a kill switch stopped.
        self.assertEqual((row["approved"], row["changed"], row["denied"], row["rolled_back"]), (4, 2, 1, 1))
        self.assertEqual(row["by_itself"], 2)
        self.assertEqual(row["overturned"], 0)
        self.assertEqual(row["agreement"], 0.4)
        self.assertGreater(row["queue_median_s"], 0)
        self.assertFalse(row["ready"])
        self.assertIn("samples: 5 of 30 answers of people", row["missing"])
        self.assertTrue(any(one.startswith("agreement: at least") for one in row["missing"]))
        self.assertFalse(any(one.startswith("authority") for one in row["missing"]))
        unread = lambda: [one for row in map(json.loads, engine.run("readiness", "--tenant", "acme", "--json").splitlines())
                          for one in row["missing"] if one.startswith("gate log reviewed")]
        before = unread()
        self.assertIn("nobody has", before[0])
        window = ("--tenant", "acme", "--from", "2020-01-01")
        to = now()
        engine.run("audit", "review", *window, "--to", to, "--note", "", status=2)
        engine.run("audit", "review", *window, "--to", "2099-01-01", "--note", "tomorrow's too", status=2)
        engine.run("audit", "review", *window, "--to", to, "--note", "an approver's own word", who="bob", status=1)
        nobodys = json.dumps({"tenant": "nobody", "from": "2020-01-01T00:00:00Z", "to": to, "note": "x"})
        self.assertEqual(engine.call("POST", "/v1/audit/reviews", nobodys)[0], 404)
        self.assertIn("reviewGateLog", engine.call("GET", "/v1/openapi.json")[2])
        self.assertEqual(unread(), before)
        # Anew: a review has to reach over half of the time since a verb's first decision, which for one was just now.
        self.says(engine.run("audit", "review", *window, "--to", now(), "--note", "all as agreed"), "decisions from 2020-01-01")
        self.assertEqual(unread(), [])
        undo = next(row for row in asked if row["verb"] == "unblock_ip")
        self.assertEqual(undo["changed"], 0)
        self.assertIn("overturned", undo["not_measured"])
        self.says(engine.run("readiness", "--tenant", "acme"), "4 approved (2 of these changed), 1 denied", "Wilson", "not measured")

    def test_8_the_past_comes_out_as_it_was_and_otherwise_under_another_policy(self):
        engine = self.engine
        self.says(engine.offline("policy", "replay"), "decisions come out as they were recorded")
        self.says(engine.run("policy", "replay"), "decisions come out as they were recorded")
        other = engine.folder / "l3.yaml"
        other.write_text(POLICY.replace("tier: L2", "tier: L3"))
        rows = [json.loads(line) for line in engine.offline(
            "policy", "replay", "--policy", other, "--from", "2020-01-01", "--to", "2099-01-01", "--json").splitlines()]
        row = next(row for row in rows if row["action"] == "block_ip")
        self.assertGreater(row["newly_auto"], 3)
        self.assertEqual((row["judged"], row["would_be_right"]), (5, 2))  # two were changed, one denied
        engine.offline("policy", "replay", "--policy", engine.folder / "nowhere", status=2)
        engine.offline("policy", "replay", "--from", "2026-02-01", "--to", "2026-01-01", status=2)

    # ---- what proves it: ledger and bundle

    def test_9_the_bundle_holds_what_the_manifest_names_and_the_signature_proves_it(self):
        engine = self.engine
        out = engine.folder / "bundle"
        self.says(engine.offline("audit", "export", "--from", "2020-01-01", "--to", "2099-01-01", "--out", out), "signed by")
        manifest = json.loads((out / "manifest.json").read_text())
        names = {file["name"] for file in manifest["files"]}
        for name in ("gate", "approvals", "executions", "rollbacks", "reviews", "tiers", "overrides", "whitelist", "protected"):
            self.assertTrue({f"{name}.jsonl", f"{name}.csv"} <= names, f"{name} is not among {sorted(names)}")
        self.assertIn("index.html", names)
        for file in manifest["files"]:
            digest = "sha256:" + hashlib.sha256((out / file["name"]).read_bytes()).hexdigest()
            self.assertIn(digest.removeprefix("sha256:"), file["sha256"])
        chain = next(chain for chain in manifest["chains"] if chain["tenant"] == "acme")
        self.assertRegex(chain["head"], "^sha256:[0-9a-f]{64}$")
        if shutil.which("openssl"):
            (out / "raw.sig").write_bytes(__import__("base64").b64decode((out / "manifest.sig").read_text()))
            checked = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", out / "public-key.pem", "-rawin", "-in",
                                      out / "manifest.json", "-sigfile", out / "raw.sig"], capture_output=True, check=False)
            self.assertEqual(checked.returncode, 0, checked.stderr)
        review, = [json.loads(line) for line in (out / "reviews.jsonl").read_text().splitlines()]
        # Her token has the role admin alone: a person's word all the same.
        self.assertEqual((review["kind"], review["actor"], review["body"]["note"]),
                         ("reviewed", {"kind": "analyst", "id": "carol"}, "all as agreed"))
        rows = list(csv.DictReader(io.StringIO((out / "approvals.csv").read_text())))
        changed = [row for row in rows if row["changed"]]
        self.assertEqual(len(changed), 2)
        self.assertEqual(json.loads(changed[0]["changed"])["to"]["parameters"]["duration_s"], 3600)
        gate = [json.loads(line) for line in (out / "gate.jsonl").read_text().splitlines()]
        record = next(entry["body"] for entry in gate if entry["body"]["request"]["target"]["value"] == "203.0.113.9")
        self.assertEqual(record["request"]["requested_by"]["kind"], "agent")
        for key in ("rationale", "tier", "blast_radius", "policy_version", "policy_hash"):
            self.assertTrue(record["decision"][key], key)
        self.assertTrue(all(re.fullmatch(r"E\d+ sha256:[0-9a-f]{64}", read) for read in record["evidence"]) and record["evidence"])
        tiers = list(csv.DictReader(io.StringIO((out / "tiers.csv").read_text())))
        self.assertIn(("incident 4711", "carol"), {(row["reason"], row["by"]) for row in tiers})
        engine.offline("audit", "export", "--from", "2020-01-01", "--to", "2099-01-01", "--out", out, status=2)  # not empty
        engine.offline("audit", "export", "--from", "2099-01-01", "--to", "2020-01-01", "--out", engine.folder / "b2", status=2)

    def test_a_the_statement_says_what_could_have_run_per_verb_and_kind_of_target(self):
        engine = self.engine
        stated = json.loads(engine.offline(
            "audit", "statement", "--from", "2020-01-01", "--to", "2099-01-01", "--tenant", "acme", "--json",
            "--out", engine.folder / "statement"))
        block = next(one for one in stated["verbs"] if one["verb"] == "block_ip" and one["target_kind"] == "ip")
        self.assertEqual(block["did"]["executed"], 1)
        self.assertIn("any", {could["could"] for could in block["could"]})  # while it was at L3
        self.assertIn("none", {could["could"] for could in block["could"]})
        for before, after in zip(block["could"], block["could"][1:]):
            self.assertEqual(before["during"]["to"], after["during"]["from"])
        text = (engine.folder / "statement" / "statement.txt").read_text()
        self.says(text, 'block_ip on "ip" (MEDIUM)', "1 decided, 1 executed", "wipe_host", "CRITICAL never runs by itself")

    def test_b_the_ledger_is_exported_verified_and_searched(self):
        engine = self.engine
        found = engine.offline("ledger", "tail", "--verb", "block_ip", "--decision", "blocked", "--reason", "kill_switch",
                               "--target", "198.51.100.10", "--actor", "alice", "--json")
        self.assertEqual(json.loads(found)["body"]["request"]["target"]["value"], "198.51.100.10")
        subject = json.loads(found)["subject"]
        self.assertEqual({json.loads(line)["subject"] for line in engine.offline("ledger", "tail", "--subject", subject, "--json").splitlines()},
                         {subject})
        engine.offline("ledger", "tail", "--verb", "wipe_host", status=1)
        self.says(engine.offline("ledger", "tail", "--decision", "quequed", status=2), "--decision: 'quequed' is none of auto queued blocked")
        self.says(engine.offline("ledger", "tail", "--reason", "nonsense", status=2), "no_whitelist_match")
        self.says(engine.offline("ledger", "tail", "--from", "yesterday", status=2), "--from")
        first, last = [json.loads(line)["at"] for line in (lambda all_: (all_[0], all_[-1]))(
            engine.offline("ledger", "tail", "--n", 100000, "--json").splitlines())]
        self.assertEqual(len(engine.offline("ledger", "tail", "--from", last, "--json").splitlines()), 1)
        engine.offline("ledger", "tail", "--to", first, status=1)
        early = engine.offline("ledger", "tail", "--verb", "block_ip", "--to", last, "--n", 1, "--json")
        self.assertLess(json.loads(early)["at"], last)
        self.assertEqual(len(engine.offline("ledger", "tail", "--tenant", "acme", "--n", 3).splitlines()), 3)
        engine.offline("ledger", "tail", "--tenant", "nobody", status=2)

        over_http = engine.json("GET", "/v1/ledger?tenant=acme&verb=block_ip&decision=blocked&reason=kill_switch&actor=alice&limit=100")
        self.assertEqual(len(over_http["items"]), 4)
        self.assertEqual({item["body"]["decision"]["reason"] for item in over_http["items"]}, {"kill_switch"})

        # Signed at the latest as the engine stops.
        engine.process.send_signal(signal.SIGTERM)
        self.assertEqual(engine.process.wait(30), 0)
        key = engine.folder / "ledger.pub"
        key.write_text(engine.offline("ledger", "public-key").split("sha256:")[0].split("ed25519:")[0])
        self.assertIn("BEGIN PUBLIC KEY", key.read_text())
        verified = engine.offline("ledger", "verify", "--public-key", key)
        self.says(verified, "acme", "signed up to entry")
        copy = engine.folder / "acme.jsonl"
        engine.offline("ledger", "export", "--tenant", "acme", "--out", copy)
        lines = copy.read_text().splitlines(keepends=True)
        head = json.loads(lines[-1])["hash"]
        self.says(verified, head)

        def verify(text, status, *options):
            copy.write_text(text)
            return engine.run("ledger", "verify", *options, copy, url=False, status=status)

        whole = "".join(lines)
        self.says(verify(whole, 0, "--public-key", key), head, f"{len(lines)} entries", "signed up to entry")
        self.says(verify(whole, 0, "--head", head), head)
        middle = len(lines) // 2
        changed = lines[middle].replace('"seq":', '"sEq":')
        for text, first in (
                ("".join([*lines[:middle], changed, *lines[middle + 1:]]), middle + 1),
                ("".join(lines[:middle] + lines[middle + 1:]), middle + 1),
                ("".join([*lines[:middle], lines[middle], *lines[middle:]]), middle + 2),
                ("".join([*lines[:middle], lines[middle + 1], lines[middle], *lines[middle + 2:]]), middle + 1),
                ("".join(lines[:-1]), len(lines)),
                (whole[:-1], len(lines)),
                (whole + "{}\n", len(lines) + 1),
                ("".join(lines[1:]), 1)):
            self.says(verify(text, 1), "does not hold")
            self.assertEqual(json.loads(verify(text, 1, "--json"))["first_bad_seq"], first)
        self.assertEqual(json.loads(verify("".join(lines[:-1]), 1, "--json"))["first_bad_seq"], len(lines))

        # The command as an auditor calls it, some hundred times: each kind of damage all over the export.
        data = whole.encode()
        n = len(lines)
        damage = []
        for i in range(60):
            at = i * len(data) // 60 + i % 7
            damage += [data[:at] + bytes([data[at] ^ 1 << i % 8]) + data[at + 1:], data[:at] + data[at + 1:], data[:at]]
            line = i * (n - 1) // 60
            other = (line + 1 + i * 17 % (n - line - 1))
            swapped = [*lines]
            swapped[line], swapped[other] = swapped[other], swapped[line]
            damage += ["".join(part).encode() for part in (
                lines[:line] + lines[line + 1:], [*lines[:line + 1], *lines[line:]], swapped, lines[:line], lines[line + 1:])]
        damage = [one for one in damage if one != data]
        self.assertGreater(len(damage), 400)
        for number, one in enumerate(damage):
            copy.write_bytes(one)
            done = subprocess.run([BINARY, "ledger", "verify", "--public-key", key, copy], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1, f"damage {number}: {done.stdout}{done.stderr}")
            self.assertIn("does not hold", done.stdout)
        self.says(verify(whole, 1, "--head", "sha256:" + "0" * 64), "does not hold")
        verify("", 1)
        engine.offline("ledger", "export", "--tenant", "nobody", status=2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
