#!/usr/bin/env python3
"""tools/openapi_check sees every kind of deviation: one small document, one good request, and each way to spoil it."""
import copy
import importlib.machinery
import importlib.util
import pathlib
import sys

file = pathlib.Path(__file__).resolve().parents[2] / "tools/openapi_check"
loader = importlib.machinery.SourceFileLoader("openapi_check", str(file))
check = importlib.util.module_from_spec(importlib.util.spec_from_loader("openapi_check", loader))
loader.exec_module(check)

SPEC = check.Spec({
    "servers": [{"url": "https://vendor.example/api"}],
    "security": [{"token": []}],
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {"Change": {"type": "object", "required": ["state"], "additionalProperties": False,
                               "properties": {"state": {"enum": ["on", "off"]}, "note": {"type": "string", "nullable": True},
                                              "count": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}}}},
    },
    "paths": {
        "/things/{id}": {
            "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string", "pattern": "^[a-z]+$"}}],
            "put": {
                "parameters": [{"in": "query", "name": "force", "required": True, "schema": {"type": "boolean"}},
                               {"in": "header", "name": "X-Run", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"required": True,
                                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Change"}}}}},
            "get": {}},
        "/things/all": {"get": {"security": []}}},
})
GOOD = {"method": "PUT", "url": "http://127.0.0.1:1/api/things/abc?force=true",
        "headers": {"Authorization": "Bearer ***", "X-Run": "1", "Content-Type": "application/json"},
        "body": '{"state":"on","note":null,"count":1}'}


def spoiled(**changes):
    request = copy.deepcopy(GOOD)
    for name, value in changes.items():
        if name in ("drop", "add"):
            for header in [value] if name == "drop" else []:
                del request["headers"][header]
            request["headers"].update(value if name == "add" else {})
        else:
            request[name] = value
    return request


def says(request, *words):
    faults = list(check.faults_of(SPEC, request))
    if not words and faults or words and not any(all(word in fault for word in words) for fault in faults):
        sys.exit(f"FAILED: {request}\nsays {faults}, expected {words or 'nothing'}")


base = "http://127.0.0.1:1/api"
says(GOOD)
says({"method": "GET", "url": base + "/things/all", "headers": {}})
says(spoiled(url=base + "/thing/abc?force=true"), "no such path")
says(spoiled(method="PATCH"), "there is", "PUT")
says(spoiled(url=base + "/things/ABC?force=true"), "path parameter id")
says(spoiled(url=base + "/things/abc"), "query parameter force is needed")
says(spoiled(url=base + "/things/abc?force=maybe"), "query parameter force", "maybe")
says(spoiled(url=base + "/things/abc?force=true&all=1"), "query parameter all is not known")
says(spoiled(drop="X-Run"), "header parameter X-Run is needed")
says(spoiled(drop="Authorization"), "no credential")
says(spoiled(add={"Authorization": "SSWS ***"}), "no credential")
says(spoiled(add={"Content-Type": "text/plain"}), "content type text/plain")
says(spoiled(body=""), "a body is needed")
says(spoiled(body='{"state":"half"}'), "body", "half")
says(spoiled(body='{"note":"x"}'), "body", "'state' is a required property")
says(spoiled(body='{"state":"on","extra":1}'), "body", "extra")
says(spoiled(body='{"state":"on","count":0}'), "body", "count")
says({"method": "GET", "url": base + "/things/abc", "headers": {"Authorization": "Bearer ***"}, "body": "{}"}, "takes no body")
