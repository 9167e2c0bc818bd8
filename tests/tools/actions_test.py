#!/usr/bin/env python3
"""schemas/actions.yaml is what the gate, the connectors and OpenC2 can rely on: every verb with its radius, target kinds,
parameters as JSON Schema, how it is verified, and what undoes it; D3FEND techniques that exist and OpenC2 pairs that do."""
import csv
import pathlib
import sys

import jsonschema
import yaml

root = pathlib.Path(__file__).resolve().parents[2]
verbs = yaml.safe_load((root / "schemas/actions.yaml").read_text())["verbs"]

# The verbs that others script against.
RADII = {
    "MINIMAL": "notify page create_ticket update_ticket verify_with_user search_siem acknowledge_alert",
    "LOW": "quarantine_file restore_file add_ioc remove_ioc scan_host capture_forensics create_notable_event suppress_alert",
    "MEDIUM": "block_ip unblock_ip block_domain unblock_domain kill_process reset_password force_mfa run_playbook",
    "HIGH": "isolate_host release_host disable_user enable_user revoke_sessions run_script",
    "CRITICAL": "rotate_all_credentials isolate_segment wipe_host",
}
UNDO = {"quarantine_file": "restore_file", "add_ioc": "remove_ioc", "block_ip": "unblock_ip", "block_domain": "unblock_domain",
        "isolate_host": "release_host", "disable_user": "enable_user"}
# Language Specification 2.0 and the profile for endpoint response.
OPENC2 = {
    "deny": {"domain_name", "file", "ipv4_net", "ipv6_net"},
    "contain": {"device", "file"},
    "allow": {"domain_name", "device", "file", "ipv4_net", "ipv6_net"},
    "stop": {"device", "process", "service"},
    "set": {"ipv4_net", "ipv6_net", "registry_entry", "account"},
    "scan": {"device"},
}
# Tells, asks or keeps books, or does what D3FEND has no technique for; the same for OpenC2.
NO_D3FEND = set(RADII["MINIMAL"].split()) | {"capture_forensics", "create_notable_event", "suppress_alert", "run_playbook",
                                             "run_script"}
NO_OPENC2 = NO_D3FEND | {"reset_password", "force_mfa", "revoke_sessions", "rotate_all_credentials", "isolate_segment",
                         "wipe_host"}
NOTHING_UNDOES = {verb for words in RADII.values() for verb in words.split()} - set(UNDO) - set(UNDO.values())

faults = []


def must(holds, what):
    if not holds:
        faults.append(what)


for radius, words in RADII.items():
    have = {verb for verb, about in verbs.items() if about["blast_radius"] == radius}
    must(have == set(words.split()), f"{radius}: differs in {sorted(have ^ set(words.split()))}")
for verb, about in verbs.items():
    for key in ("description", "verified_by"):
        must(isinstance(about.get(key), str) and about[key].strip(), f"{verb}: no {key}")
    must(about.get("targets") and len(set(about["targets"])) == len(about["targets"]), f"{verb}: its targets")
    schema = about.get("parameters", {})
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        must(False, f"{verb}: parameters: {error.message}")
    must(schema.get("type") == "object" and schema.get("additionalProperties") is False, f"{verb}: parameters are not closed")
    must({"reason", "comment"} <= set(schema.get("properties", {})), f"{verb}: takes no reason or comment")
    must(set(schema.get("required", [])) <= set(schema.get("properties", {})), f"{verb}: needs a parameter that it does not have")
    must(("d3fend" in about) != (verb in NO_D3FEND), f"{verb}: D3FEND technique")
    must(("openc2" in about) != (verb in NO_OPENC2), f"{verb}: OpenC2 pair")
    if pair := about.get("openc2"):
        must(pair.get("target") in OPENC2.get(pair.get("action"), ()), f"{verb}: {pair} is no pair of OpenC2")
    must(("reversed_by" not in about) == (verb in NOTHING_UNDOES), f"{verb}: what undoes it")
for verb, undo in UNDO.items():
    must(verbs[verb].get("reversed_by") == undo and verbs[undo].get("reversed_by") == verb, f"{verb} and {undo} undo each other")
    must(verbs[verb]["targets"] == verbs[undo]["targets"], f"{verb} and {undo} take the same targets")

table = root.parent / "shared/data/attack_d3fend/d3fend_techniques.csv"
if table.exists():
    with table.open() as lines:
        known = {row["d3fend_id"] for row in csv.DictReader(lines)}
    for verb, about in verbs.items():
        must(about.get("d3fend") is None or about["d3fend"] in known, f"{verb}: D3FEND has no {about.get('d3fend')}")
else:
    print(f"not held to D3FEND's own list: {table} is not here")
print("\n".join(faults) if faults else f"{len(verbs)} verbs: each is whole")
sys.exit(bool(faults))
