"""What the interoperability article prints, hop by hop, and how an answer is held against it."""

import json
import os

from program import ask, check

RTT_TOLERANCE_MS = 3  # the article prints whole milliseconds, with jitter


def load():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "interop-expected.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


RESULTS = load()

# Hops between which a flow's hash chooses. Both MSEEs of circuit 1 lead to the remote network, but
# only the primary leads to location 1; each customer edge of location 2 goes with its own MSEE.
FIRST_HOPS = (
    ("10.10.30.132", "10.10.30.133"),
    ("10.10.30.134", "10.10.30.135"),
    ("10.17.30.36", "10.17.30.37"),
)
SECOND_EDGE = (
    ("192.168.31.0", "192.168.31.18"),
    ("192.168.31.4", "192.168.31.22"),
)


def name_of(result):
    down = f" with {result['down'][0]} down" if result["down"] else ""
    verb = "to" if result["reached"] else "does not reach"
    return f"{result['from']} {verb} {result['to']}{down}"


def hops_of(result):
    return [hop["address"] or "*" for hop in result["hops"]]


def alternatives(result):
    """All traces that the equal paths of the network allow."""
    hops = hops_of(result)
    found = [hops]
    for members in FIRST_HOPS:
        if hops[0] in members and result["to"] != "loc1-vm":
            found = [[member, *hops[1:]] for member in members]
    for edge in SECOND_EDGE:
        if tuple(hops[1:3]) == edge:
            found = [[hops[0], *other, *hops[3:]] for other in SECOND_EDGE]
    return found


def trace(network, result, *options):
    downs = [word for link in result["down"] for word in ("--down", link)]
    return ask("trace", network, result["from"], result["to"], *downs, *options)


def answered_hops(answer):
    return [hop["address"] or "*" for hop in answer["hops"]]


def smallest(printed):
    """The smallest printed round trip as a range: "<1" is 0 to 1."""
    return min((0, 1) if text == "<1" else (float(text), float(text)) for text in printed)


def check_times(result, answer):
    for expected, hop in zip(result["hops"], answer["hops"]):
        if expected["address"] is None:
            continue
        low, high = smallest(expected["rttMs"])
        times = [time for time in hop["rttMs"] if time is not None]
        check(len(times) == 3, f"{hop['address']} answered {len(times)} of 3 probes")
        check(
            low - RTT_TOLERANCE_MS <= min(times) <= high + RTT_TOLERANCE_MS,
            f"{hop['address']} took {min(times)} ms; the article prints {expected['rttMs']}",
        )


def check_result(network, result, allowed, *options, translate=str):
    """`allowed`: the traces that are right, of which any will do."""
    answer = trace(network, result, *options)
    shown = f"{' '.join(answered_hops(answer))} ({answer['verdict']})"
    check(answer["reached"] == result["reached"], shown)
    if not result["reached"]:
        return answer
    wanted = [[hop if hop == "*" else translate(hop) for hop in hops] for hops in allowed]
    check(answered_hops(answer) in wanted, f"{shown}, not {wanted}")
    check_times(result, answer)
    return answer
