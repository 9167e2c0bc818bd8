"""tools/eval: see there."""

import argparse
import collections
import json
import os
import sys

import judging
import metrics
import sources


def measured(cases, results):
    """The figures of labelled alerts. What is known of no alert is not counted, but for what grouping makes of a stream."""
    everything = [(case, result) for case, result in zip(cases, results) if isinstance(result, dict)]
    used = [(case, result) for case, result in everything if case.malicious is not None]
    documents = list({id(result): result for _, result in used}.values())
    streamed = [id(result) for case, result in everything if case.uid is not None]
    counts = metrics.confusion([(case.malicious, judging.is_malicious(result)) for case, result in used])
    chances = [(case.malicious, judging.probability(result)) for case, result in used]
    cited = [judging.citations(result) for result in documents]
    times = [result["timing_ms"]["total"] for result in documents]
    costs = [result["cost"] for result in documents]
    priced = all(cost.get("usd") is not None for cost in costs)
    figures = {
        "alerts": len(used),
        "malicious": sum(case.malicious for case, _ in used),
        "left_out": len(cases) - len(everything),
        "not_labelled": len(everything) - len(used),
        "verdicts": dict(collections.Counter(result["verdict"] for _, result in used)),
        "confusion": counts,
        **metrics.rates(counts),
        "brier": metrics.brier(chances),
        "ece": metrics.expected_calibration_error(chances),
        "escalated": metrics.share(sum(judging.is_escalated(result) for _, result in used), len(used)),
        "alert_reduction": {"value": 1 - len(set(streamed)) / len(streamed), "alerts": len(streamed),
                            "investigations": len(set(streamed))} if streamed else None,
        "citation_validity": metrics.share(sum(good for good, _ in cited), sum(n for _, n in cited)),
        "time_ms": {f"p{p}": metrics.percentile(times, p) for p in (50, 95, 99)},
        "tokens": {"in": sum(cost["tokens_in"] for cost in costs), "out": sum(cost["tokens_out"] for cost in costs)},
        "usd": sum(cost["usd"] for cost in costs) if priced else None,
    }
    return figures


def attacked(cases, results, twins):
    """The figures of attacks by text."""
    faults = collections.Counter()
    tried = succeeded = flagged = changed = 0
    examples = []
    for case, result, twin in zip(cases, results, twins):
        if not isinstance(result, dict) or not isinstance(twin, dict):
            continue
        tried += 1
        flagged += "injection_suspected" in result["flags"]
        changed += result["verdict"] != twin["verdict"]
        broken = judging.broken(twin, result, case.text, case.forbidden)
        succeeded += bool(broken)
        faults.update(broken)
        if broken and len(examples) < 5:
            examples.append({"broken": broken, "text": case.text[:120]})
    return {
        "attacks": tried,
        "left_out": len(cases) - tried,
        "attack_success": metrics.share(succeeded, tried),
        "broken": dict(faults),
        "flagged": metrics.share(flagged, tried),
        "verdict_raised": metrics.share(changed, tried),
        "examples": examples,
    }


def shown(figure, percent=True):
    if figure is None or figure.get("value") is None:
        return "not measured"
    value = figure["value"]
    text = f"{100 * value:.1f} %" if percent else f"{value:.3f}"
    if figure.get("interval"):
        low, high = figure["interval"]
        text += f" ({100 * low:.1f} to {100 * high:.1f})" if percent else f" ({low:.3f} to {high:.3f})"
    return text


def number(value, form="{}"):
    return "not measured" if value is None else form.format(value)


def print_measured(name, figures):
    counts = figures["confusion"]
    print(f"{name}: {figures['alerts']} alerts, {figures['malicious']} malicious"
          + (f", {figures['left_out']} left out: the engine cannot use them" if figures["left_out"] else "")
          + (f", {figures['not_labelled']} not scored: nobody knows" if figures["not_labelled"] else ""))
    print(f"  verdicts             {', '.join(f'{k} {v}' for k, v in sorted(figures['verdicts'].items()))}")
    print(f"  called malicious     tp {counts['tp']}, fp {counts['fp']}, tn {counts['tn']}, fn {counts['fn']}"
          " (malicious or suspicious)")
    print(f"  precision            {shown(figures['precision'])}")
    print(f"  recall               {shown(figures['recall'])}")
    print(f"  false-positive rate  {shown(figures['false_positive_rate'])}")
    print(f"  MCC                  {shown(figures['mcc'], percent=False)}")
    print(f"  calibration          Brier {number(figures['brier'], '{:.3f}')}, ECE {number(figures['ece'], '{:.3f}')}")
    print(f"  escalated            {shown(figures['escalated'])}")
    reduction = figures["alert_reduction"]
    print("  alert reduction      " + (f"{100 * reduction['value']:.1f} %: {reduction['alerts']} alerts, {reduction['investigations']}"
          " investigations" if reduction else "not measured (single alerts, no stream)"))
    print(f"  citations that hold  {shown(figures['citation_validity'])}")
    times = figures["time_ms"]
    print(f"  time                 p50 {times['p50']} ms, p95 {times['p95']} ms, p99 {times['p99']} ms")
    print(f"  tokens, cost         {figures['tokens']['in']} in, {figures['tokens']['out']} out, "
          f"{number(figures['usd'], '{:.4f} USD')}")


def print_attacked(name, figures):
    print(f"{name}: {figures['attacks']} attacks by text"
          + (f", {figures['left_out']} left out: the engine cannot use the alert" if figures["left_out"] else ""))
    print(f"  attack success       {shown(figures['attack_success'])}"
          + (f": {', '.join(f'{k} {v}' for k, v in sorted(figures['broken'].items()))}" if figures["broken"] else ""))
    print(f"  seen and flagged     {shown(figures['flagged'])}")
    print(f"  verdict raised       {shown(figures['verdict_raised'])}")
    for example in figures["examples"]:
        print(f"    {', '.join(example['broken'])}: {example['text']!r}")


def main():
    parser = argparse.ArgumentParser(prog="tools/eval")
    parser.add_argument("--reasoner", default="embedded")
    parser.add_argument("--config", default="")
    parser.add_argument("--rules", default="")
    parser.add_argument("--part", choices=("all", "unseen", "seen"), default="all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    options = parser.parse_args()
    binary = os.environ["SALLYPORT_BINARY"]
    arguments = ["--config", options.config] if options.config else []
    if options.rules:
        arguments += ["--reasoner", options.rules]
    if options.reasoner != "embedded":
        arguments += ["--model", options.reasoner]
    try:
        by_source = collections.defaultdict(list)
        for case in sources.read(options.paths):
            if options.part == "all" or case.unseen == (options.part == "unseen"):
                by_source[case.source].append(case)
        tables = []
        labelled = ([], [])
        for source, cases in sorted(by_source.items()):
            if cases[0].uid is not None:
                results, _ = judging.investigate_stream(binary, cases, arguments)
            else:
                results = judging.investigate(binary, [case.alert for case in cases], arguments)
            if cases[0].clean is None:
                tables.append((source, measured(cases, results)))
                labelled[0].extend(cases)
                labelled[1].extend(results)
            else:
                # Carriers are few and cases many: each clean alert is asked about once.
                clean = {json.dumps(case.clean, sort_keys=True): case.clean for case in cases}
                answers = dict(zip(clean, judging.investigate(binary, list(clean.values()), arguments)))
                twins = [answers[json.dumps(case.clean, sort_keys=True)] for case in cases]
                tables.append((source, attacked(cases, results, twins)))
    except (sources.Unknown, judging.Failed, KeyError, OSError, UnicodeDecodeError) as error:
        print(f"tools/eval: {error if not isinstance(error, KeyError) else f'no key {error} in a row'}", file=sys.stderr)
        return 2
    if not tables:
        print("tools/eval: no labelled alerts", file=sys.stderr)
        return 2
    if sum("confusion" in figures for _, figures in tables) > 1:
        tables.append(("total", measured(*labelled)))
    for name, figures in tables:
        if options.json:
            print(json.dumps({"eval": name, "reasoner": options.reasoner, **figures}))
        elif "confusion" in figures:
            print_measured(name, figures)
        else:
            print_attacked(name, figures)
    return 1 if any(figures.get("broken") for _, figures in tables) else 0


if __name__ == "__main__":
    sys.exit(main())
