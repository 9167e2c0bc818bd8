#!/usr/bin/env python3
"""The engine against an implementation of both wire formats that is not ours (tools/fakellm): each dialect, streamed and
whole, with tools and without, from POST /v1/alerts to the verdict that GET /v1/investigations gives.

SALLYPORT_BINARY and SALLYPORT_FAKELLM (the interpreter that tools/fakellm prints) say what is run.
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TOKEN = "0123456789-viewer-and-ingest"
ALERT = (ROOT / "tests/ingest/samples/wazuh.json").read_text().splitlines()[0]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def call(url, body=None):
    request = urllib.request.Request(url, data=body, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def wait_for(what, tries=400):
    """What `what` gives once it does not fail and is not empty."""
    for _ in range(tries):
        with contextlib.suppress(OSError, ValueError):
            if got := what():
                return got
        time.sleep(0.05)
    raise AssertionError("it did not come within 20 s")


@contextlib.contextmanager
def running(command, **more):
    process = subprocess.Popen(command, **more)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def settings(folder, server, kind, stream, model, port):
    (folder / "token").write_text(TOKEN)
    (folder / "policy.yaml").write_text("tenants: {}\n")
    file = folder / "sallyport.yaml"
    # JSON is YAML.
    file.write_text(json.dumps({
        "data_dir": "data",
        "policy": "policy.yaml",
        "reasoner": str(ROOT / "config/reasoner.yaml"),
        "http": {
            "listen": f"127.0.0.1:{port}",
            "tokens": [{"name": "t", "secret": "file:token", "tenant": "acme", "roles": ["ingest", "viewer"]}],
        },
        "models": {
            "use": ["foreign"],
            "from_severity": "informational",
            "providers": {"foreign": {"kind": kind, "url": f"{server}/v1", "model": model, "stream": stream}},
        },
        "log": {"level": "warn"},
    }))
    return file


def investigation(server, kind, stream, model):
    with tempfile.TemporaryDirectory() as name:
        folder, port = pathlib.Path(name), free_port()
        file = settings(folder, server, kind, stream, model, port)
        url = f"http://127.0.0.1:{port}"
        with running([os.environ["SALLYPORT_BINARY"], "run", "--config", str(file)]):
            wait_for(lambda: urllib.request.urlopen(f"{url}/readyz", timeout=5).status == 200)
            call(f"{url}/v1/alerts?source=wazuh", ALERT.encode())
            listed = wait_for(lambda: call(f"{url}/v1/investigations").get("items"))
            return call(f"{url}/v1/investigations/{listed[0]['investigation']}")


def check(server, kind, stream, model):
    verdict = investigation(server, kind, stream, model)
    calls = [(made["role"], made["outcome"]) for made in verdict["model_calls"]]
    expected = {
        "curious": [("reader", "stop"), ("judge", "tool_calls"), ("judge", "stop")],
        "decided": [("reader", "stop"), ("judge", "tool_calls")],
    }[model]
    assert calls == expected, calls
    assert verdict["reasoner"] == "model:foreign", verdict["reasoner"]
    assert verdict["opinion"]["said"] == "suspicious", verdict["opinion"]
    assert "T1110.001" in verdict["techniques"], verdict["techniques"]
    evidence = {item["source"]: item for item in verdict["evidence"]}
    assert evidence["alert.reading"]["data"].get("activity") == ["failed_login"], evidence["alert.reading"]
    assert ("graph.surroundings" in evidence) == (model == "curious"), evidence.keys()
    assert verdict["cost"]["tokens_in"] > 0 and verdict["cost"]["tokens_out"] > 0, verdict["cost"]
    if not stream:
        assert all(made["measured"] for made in verdict["model_calls"]), verdict["model_calls"]
    assert not any("model" in gap for gap in verdict["missing"]), verdict["missing"]
    seen = call(f"{server}/_fakellm/stats")["recent"][: len(calls)]
    dialect = "anthropic" if kind == "anthropic" else "openai"
    assert all(one["api"] == dialect and one["stream"] == stream for one in seen), seen


def main():
    if unset := {"SALLYPORT_BINARY", "SALLYPORT_FAKELLM"} - os.environ.keys():
        print(f"set {' and '.join(sorted(unset))}; tools/test does", file=sys.stderr)
        return 1
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    command = [os.environ["SALLYPORT_FAKELLM"], "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port),
               "--log-level", "warning", "fakellm.server:app"]
    failed = 0
    with running(command, env={**os.environ, "FAKELLM_CONFIG": str(HERE / "rules.yaml")}):
        wait_for(lambda: call(f"{server}/_fakellm/stats"))
        for kind in ("openai", "vllm", "anthropic"):
            for stream in (True, False):
                for model in ("curious", "decided"):
                    case = f"{kind}, {'streamed' if stream else 'whole'}, {model}"
                    try:
                        check(server, kind, stream, model)
                        print(f"ok      {case}")
                    except AssertionError as wrong:
                        failed += 1
                        print(f"FAILED  {case}: {wrong}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
