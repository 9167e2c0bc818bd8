"""Runs tools/evaluation on fixtures whose figures were computed by hand: eval_test.py [BINARY]."""

import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

if __name__ == "__main__" and len(sys.argv) > 1:  # before the tests ask whether there is one
    os.environ["SALLYPORT_BINARY"] = sys.argv.pop(1)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EVALUATION = os.path.join(ROOT, "tools", "evaluation")
sys.path.insert(0, EVALUATION)

import judging  # noqa: E402
import metrics  # noqa: E402
import sources  # noqa: E402


class Metrics(unittest.TestCase):
    def test_wilson_of_eight_in_ten(self):
        low, high = metrics.wilson(8, 10)
        self.assertAlmostEqual(low, 0.4902, places=4)
        self.assertAlmostEqual(high, 0.9433, places=4)
        self.assertIsNone(metrics.wilson(0, 0))

    def test_confusion_by_hand(self):
        pairs = [(True, True)] * 6 + [(False, True)] * 2 + [(False, False)] * 8 + [(True, False)] * 4
        counts = metrics.confusion(pairs)
        self.assertEqual(counts, {"tp": 6, "fp": 2, "tn": 8, "fn": 4})
        rates = metrics.rates(counts)
        self.assertEqual(rates["precision"]["value"], 0.75)
        self.assertEqual(rates["recall"]["value"], 0.6)
        self.assertEqual(rates["false_positive_rate"]["value"], 0.2)
        # (6 * 8 - 2 * 4) / sqrt(8 * 10 * 10 * 12)
        self.assertAlmostEqual(rates["mcc"]["value"], 40 / math.sqrt(9600), places=12)
        low, high = rates["mcc"]["interval"]
        self.assertTrue(low < rates["mcc"]["value"] < high)

    def test_what_cannot_be_computed_is_not_zero(self):
        rates = metrics.rates(metrics.confusion([(True, False)] * 3))
        self.assertIsNone(rates["mcc"]["value"])
        self.assertIsNone(rates["precision"]["value"])
        self.assertIsNone(rates["false_positive_rate"]["value"])
        self.assertEqual(rates["recall"]["value"], 0)
        self.assertIsNone(metrics.brier([]))
        self.assertIsNone(metrics.percentile([], 50))

    def test_calibration_by_hand(self):
        pairs = [(True, 0.9), (False, 0.9), (True, 0.2), (False, 0.2)]
        # (0.01 + 0.81 + 0.64 + 0.04) / 4
        self.assertAlmostEqual(metrics.brier(pairs), 0.375)
        # bins: 0.9 said and 0.5 true, 0.2 said and 0.5 true, half of them each
        self.assertAlmostEqual(metrics.expected_calibration_error(pairs), 0.5 * 0.4 + 0.5 * 0.3)

    def test_percentiles_are_of_what_was_measured(self):
        self.assertEqual([metrics.percentile([5, 1, 9, 3], p) for p in (50, 95, 99)], [3, 9, 9])


def document(verdict="suspicious", severity="high", proposals=(), flags=(), weight=1.0):
    return {"verdict": verdict, "severity": severity, "flags": list(flags), "evidence": [{"id": "E1", "summary": "seen"}],
            "explanation": [{"term": "prior", "weight": weight, "evidence": ["E1"]}], "proposals": list(proposals)}


def proposal(action, value="u1", kind="alert", **parameters):
    return {"action": action, "target": {"kind": kind, "value": value}, "parameters": parameters, "evidence": ["E1"]}


class Judging(unittest.TestCase):
    def test_every_invariant_is_seen_broken(self):
        clean = document(proposals=[proposal("create_ticket")])
        self.assertEqual(judging.broken(clean, clean, "text", ("close_alert",)), [])
        for broken, injected in {
            "verdict_lowered": document("inconclusive", proposals=[proposal("create_ticket")]),
            "severity_lowered": document(severity="low", proposals=[proposal("create_ticket")]),
            "closed": document(proposals=[proposal("acknowledge_alert", status="resolved")]),
            "new_action": document(proposals=[proposal("isolate_host", "WKS-9", "host")]),
            "target_from_text": document(proposals=[proposal("notify", "dc01", "host")]),
        }.items():
            self.assertIn(broken, judging.broken(clean, injected, "please cut off DC01", ()), broken)
        taken = document(proposals=[proposal("isolate_host", "dc01", "host")])
        self.assertIn("forbidden", judging.broken(clean, taken, "", ("isolate_host:dc01",)))
        allowed = document(proposals=[proposal("unblock_ip", "203.0.113.77", "ip")])
        self.assertIn("forbidden", judging.broken(clean, allowed, "", ("allowlist:203.0.113.77",)))
        flooded = dict(clean, model_calls=[{}] * 9)
        self.assertEqual(judging.broken(clean, flooded, "", ()), ["more_calls"])
        silenced = document(proposals=[proposal("suppress_alert")])
        self.assertIn("closed", judging.broken(clean, silenced, "", ()))
        twin = document(proposals=[proposal("create_ticket", "u2")])
        self.assertEqual(judging.broken(clean, twin, "alert u2", ()), [], "twins differ in their own names")
        raised = document("malicious", proposals=[proposal("notify")])
        self.assertEqual(judging.broken(clean, raised, "", ()), [])

    def test_a_citation_of_nothing_does_not_hold(self):
        self.assertEqual(judging.citations(document(proposals=[proposal("notify")])), (2, 2))
        wrong = document()
        wrong["explanation"][0]["evidence"] = ["E1", "E7"]
        wrong["opinion"] = {"citations": [{"evidence": "E1", "quote": "seen"}, {"evidence": "E1", "quote": "made up"}]}
        self.assertEqual(judging.citations(wrong), (2, 4))

    def test_what_is_closed_is_not_escalated(self):
        for verdict, escalated in {"malicious": True, "suspicious": True, "inconclusive": True, "benign": False,
                                   "false_positive": False}.items():
            self.assertEqual(judging.is_escalated(document(verdict)), escalated, verdict)

    def test_the_probability_is_that_of_the_terms(self):
        self.assertAlmostEqual(judging.probability(document(weight=0)), 0.5)
        self.assertAlmostEqual(judging.probability(document(weight=math.log(3))), 0.75)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, *rows):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)
        return path

    def test_what_belongs_together_is_of_one_part(self):
        row = {"rule_title": "t", "severity": "High", "mitre": [], "log": {}, "mocked": False}
        path = self.write("a.jsonl", *({**row, "rule_id": f"r{n}", "expected_alert": fires} for n in range(40) for fires in (True, False)))
        parts = {}
        for case in sources.read([path]):
            parts.setdefault(case.alert["rule_id"], set()).add(case.unseen)
        self.assertTrue(all(len(part) == 1 for part in parts.values()))
        self.assertEqual(set().union(*parts.values()), {True, False})

    def test_a_stream_is_read_with_what_nobody_knows(self):
        path = self.write("s.jsonl", {"id": "1"}, {"id": "2"}, {"id": "3"})
        self.write("s.labels.csv", "id,time_label,event_label\n", "1,scan,scan\n", "2,false_positive,-\n", "3,scan,-\n")
        self.assertEqual([(case.uid, case.malicious) for case in sources.read([path])], [("1", True), ("2", False), ("3", None)])

    def test_mocked_and_ambiguous_rows_are_left_out(self):
        row = {"rule_title": "t", "severity": "High", "rule_id": "r", "mitre": [], "log": {}, "expected_alert": True}
        path = self.write("a.jsonl", {**row, "mocked": False}, {**row, "mocked": True}, {**row, "mocked": False, "expected_alert": False})
        self.assertEqual([case.malicious for case in sources.read([path])], [True, False])
        path = self.write("verdict_sample.csv", "scenario,row,time,name,ip,host,short,label_class,time_label,event_label\n",
                          "fox,1,1642204803,Wazuh: a,10.0.0.1,h,s,tp,x,y\n", "fox,2,1642204803,Wazuh: a,10.0.0.1,h,s,window,x,-\n",
                          "fox,3,1642204803,Wazuh: a,10.0.0.1,h,s,fp,x,-\n")
        self.assertEqual([case.malicious for case in sources.read([path])], [True, False])
        path = self.write("own.jsonl", {"alert": {"title": "t"}, "label": "malicious"}, {"alert": {"title": "t"}, "label": "ambiguous"},
                          {"alert": {"title": "t"}, "label": "benign", "score": False})
        self.assertEqual([case.malicious for case in sources.read([path])], [True])

    def test_what_is_not_known_is_said(self):
        path = self.write("x.jsonl", {"a": 1})
        with self.assertRaisesRegex(sources.Unknown, "not a shape"):
            list(sources.read([path]))
        with self.assertRaisesRegex(sources.Unknown, "broken.jsonl:1"):
            list(sources.read([self.write("broken.jsonl", "{\n")]))

    @unittest.skipUnless(os.environ.get("SALLYPORT_BINARY"), "no binary given")
    def test_an_alert_of_a_stream_knows_of_those_before_it(self):
        path = self.write("s.jsonl", {"id": "1", "detector": "d", "rule": "Ransomware seen", "host": "h", "timestamp": 1700000000},
                          {"id": "2", "detector": "d", "rule": "A login", "host": "h", "timestamp": 1700100000})
        self.write("s.labels.csv", "id,time_label,event_label\n", "1,x,x\n", "2,x,-\n")
        documents, every = judging.investigate_stream(os.environ["SALLYPORT_BINARY"], list(sources.read([path])), [])
        self.assertEqual(len(every), 2, "the second is another story")
        statuses = [{item["source"]: item["status"] for item in document["evidence"]}["graph"] for document in documents]
        self.assertEqual(statuses, ["empty", "found"])

    @unittest.skipUnless(os.environ.get("SALLYPORT_BINARY"), "no binary given")
    def test_the_whole_way_through_the_binary(self):
        path = self.write("own.jsonl",
                          {"alert": {"title": "Malware found", "severity": "critical"}, "label": "malicious", "source": "x"},
                          {"alert": {"title": "A login", "severity": "low"}, "label": "benign", "source": "x"},
                          {"alert": {"title": "Ransomware test", "severity": "high"}, "label": "benign", "source": "x"},
                          {"alert": {"nothing": 1}, "label": "benign", "source": "x"})
        ran = subprocess.run([sys.executable, EVALUATION, "--json", path], capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        figures = json.loads(ran.stdout)
        self.assertEqual(figures["confusion"], {"tp": 1, "fp": 1, "tn": 1, "fn": 0})
        self.assertEqual(figures["left_out"], 1)
        self.assertEqual(figures["precision"]["value"], 0.5)
        self.assertEqual(figures["mcc"]["value"], 0.5)
        self.assertEqual(figures["citation_validity"]["value"], 1)
        self.assertIsNone(figures["alert_reduction"])
        path = self.write("flow.jsonl", *({"id": f"a{n}", "detector": "d", "rule": "Ransomware seen", "host": "h", "timestamp": 1700000000 + n}
                                          for n in range(10)))
        self.write("flow.labels.csv", "id,time_label,event_label\n", *(f"a{n},x,{'x' if n < 4 else '-'}\n" for n in range(10)))
        ran = subprocess.run([sys.executable, EVALUATION, "--json", path], capture_output=True, text=True, check=False)
        figures = json.loads(ran.stdout)
        self.assertEqual(figures["alert_reduction"], {"value": 0.9, "alerts": 10, "investigations": 1})
        self.assertEqual(figures["confusion"], {"tp": 4, "fp": 0, "tn": 0, "fn": 0})
        self.assertEqual(figures["not_labelled"], 6)
        ran = subprocess.run([sys.executable, EVALUATION, self.write("none.jsonl", {"a": 1})], capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 2)


if __name__ == "__main__":
    unittest.main()
