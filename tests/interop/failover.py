#!/usr/bin/env python3
"""Failovers as they unfold: a ping every 10 ms while a link goes down or is cut, with BFD and without,
held against what the same file predicts in virtual time."""

import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

FILE = "examples/interop.yaml"
LINK = "loc1-ce1--er1-primary"
INTERVAL_MS = 10
# The same link with no BFD on either side, and a hold time for which a test can wait.
WITHOUT_BFD = [
    ("  er1:\n    peeringLocation", "  er1:\n    bfd: false\n    holdTime: 6\n    peeringLocation"),
    ("192.168.30.18: {remoteAsn", "192.168.30.18: {bfd: false, holdTime: 6, keepalive: 2, remoteAsn"),
]
# Fault, seconds of pings, and by how much a silence may differ in ms: what comes at intervals (BFD's
# packets, every 300 ms; keepalives, every 2 s) came last at some moment before the cut, by chance. A
# port that goes down is noticed at once.
WITH = [("down", 3, 60), ("cut", 4, 360)]
WITHOUT = [("down", 3, 60), ("cut", 11, 2060)]
ATTEMPTS = 3


def altered(folder, replacements):
    with open(os.path.join(labs.ROOT, FILE), encoding="utf-8") as file:
        text = file.read()
    for old, new in replacements:
        if text.count(old) != 1:
            raise RuntimeError(f"{FILE} no longer has one {old!r}")
        text = text.replace(old, new)
    path = os.path.join(folder, "interop.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def settle(lab):
    deadline = time.monotonic() + 10
    time.sleep(3)
    while not lab.status()["converged"] and time.monotonic() < deadline:
        time.sleep(0.1)


def measure(lab, fault, seconds):
    """Lost packets and the longest silence, in ms, of a ping from location 1 to the hub."""
    ping = subprocess.Popen(
        lab.command("loc1-vm", "ping", "-n", "-D", "-i", str(INTERVAL_MS / 1000),
                    "-c", str(seconds * 1000 // INTERVAL_MS), "-W", "1", "10.10.30.4"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )
    time.sleep(1)
    lab.verb(f"{fault}-link", LINK)
    output, _ = ping.communicate(timeout=30)
    answers = sorted(
        (int(found.group(2)), float(found.group(1)))
        for found in re.finditer(r"^\[([0-9.]+)\] .* icmp_seq=(\d+) .*time=", output, re.M)
    )
    pairs = list(zip(answers, answers[1:]))
    lost = sum(after[0] - before[0] - 1 for before, after in pairs)
    return lost, max(after[1] - before[1] for before, after in pairs) * 1000


def predict(lab, fault, seconds):
    return labs.ask("ping", lab.file, "loc1-vm", "hub-vm", "--interval", f"{INTERVAL_MS}ms", "--count",
                    str(seconds * 1000 // INTERVAL_MS), "--event", f"1s {fault} {LINK}")


def check(tap, lab, title, cases):
    for fault, seconds, spread_ms in cases:
        predicted = predict(lab, fault, seconds)
        # A busy machine is late now and then.
        for _ in range(ATTEMPTS):
            settle(lab)
            lost, silence = measure(lab, fault, seconds)
            lab.verb("up-link", LINK)
            differs = abs(silence - predicted["longestOutageMs"]) > spread_ms
            if not differs:
                break
        print(f"# {title}, {fault}: {silence:.0f} ms of silence, {lost} packets lost;",
              f"predicted {predicted['longestOutageMs']} ms, {predicted['lost']} packets")
        tap.case(f"{title}: after `{fault}` the network is silent for as long as predicted",
                 f"{silence:.0f} ms" if differs else None)


def check_return(tap, lab):
    lab.verb("cut-link", LINK, "--for", "300ms")
    cut = [link["state"] for link in lab.status()["links"] if link["name"] == LINK]
    time.sleep(0.5)
    back = [link["state"] for link in lab.status()["links"] if link["name"] == LINK]
    tap.case("a link cut for a time comes back by itself",
             None if cut == ["cut"] and back == ["up"] else f"{cut} {back}")


def main():
    labs.need("ping")
    tap = labs.Tap()
    with labs.Lab(FILE, "failover") as lab:
        check(tap, lab, "with BFD", WITH)
        check_return(tap, lab)
    with tempfile.TemporaryDirectory() as folder:
        with labs.Lab(altered(folder, WITHOUT_BFD), "failover-slow") as lab:
            check(tap, lab, "without BFD", WITHOUT)
    tap.end()


if __name__ == "__main__":
    main()
