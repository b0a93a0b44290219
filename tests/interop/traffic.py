#!/usr/bin/env python3
"""Real traffic over a running lab: TCP and UDP through the VPN, path-MTU discovery, a flood, and
failovers held against what the same file predicts."""

import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

FILE = "examples/interop.yaml"
LINK = "loc1-ce1--er1-primary"
INTERVAL_MS = 10
PINGS = 300
# By how much a silence may differ: BFD's packets come every 300 ms, and where among them a link is cut
# is chance; a link that goes down is noticed at once.
SPREAD_MS = {"down": 60, "cut": 360}


def iperf(lab, server, client, address, *how):
    listening = subprocess.Popen(
        lab.command(server, "iperf3", "-s", "-1"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(0.3)
        done = lab.on(client, "iperf3", "-J", "-t", "2", "-c", address, *how, timeout=20)
        return json.loads(done.stdout)
    finally:
        listening.kill()
        listening.wait()


def check_streams(tap, lab):
    for server, client, address, what in (
        ("hub-vm", "spoke-vm", "10.10.30.4", "a peering"),
        ("hub-vm", "branch-vm", "10.10.30.4", "a VPN tunnel"),
        ("hub-vm", "loc1-vm", "10.10.30.4", "a circuit"),
    ):
        result = iperf(lab, server, client, address)
        rate = result.get("end", {}).get("sum_received", {}).get("bits_per_second", 0)
        tap.case(f"TCP over {what}", None if rate > 50e6 else json.dumps(result)[:500])
        print(f"# {rate / 1e6:.0f} Mbit/s")
    result = iperf(lab, "hub-vm", "branch-vm", "10.10.30.4", "-u", "-b", "50M", "-l", "1200")
    lost = result.get("end", {}).get("sum", {}).get("lost_percent", 100)
    tap.case("UDP through a VPN tunnel loses next to nothing",
             None if lost < 1 else json.dumps(result)[:500])


def check_path_mtu(tap, lab):
    """A packet larger than the tunnel's 1,400 bytes, which may not be fragmented, is refused with the
    size that fits; one that just fits passes, and one that may be fragmented does."""
    lab.on("branch-vm", "ip", "route", "flush", "cache")
    done = lab.on("branch-vm", "ping", "-M", "do", "-s", "1450", "-c", "2", "-W", "1", "10.10.30.4")
    tap.case("a packet too large for the tunnel is told its size",
             None if "mtu" in done.stdout and "1400" in done.stdout else done.stdout)
    done = lab.on("branch-vm", "ping", "-M", "do", "-s", "1372", "-c", "1", "-W", "1", "10.10.30.4")
    tap.case("a packet of just that size passes", done.returncode and done.stdout)
    done = lab.on("branch-vm", "ping", "-M", "dont", "-s", "4000", "-c", "1", "-W", "1", "10.10.30.4")
    tap.case("a packet that may be fragmented passes", done.returncode and done.stdout)


def check_flood(tap, lab):
    done = lab.on("spoke-vm", "timeout", "2", "ping", "-f", "-q", "10.10.30.4")
    print("#", " ".join(done.stdout.splitlines()[-2:]))
    started = time.monotonic()
    status = lab.status()
    tap.case("a lab answers after a flood",
             None if status["converged"] and time.monotonic() - started < 1 else str(status)[:300])


def settle(lab):
    deadline = time.monotonic() + 10
    time.sleep(3)
    while not lab.status()["converged"] and time.monotonic() < deadline:
        time.sleep(0.1)


def measure_failover(lab, fault):
    """Lost packets and the longest silence, in ms, of a ping from location 1 to the hub."""
    ping = subprocess.Popen(
        lab.command("loc1-vm", "ping", "-n", "-D", "-i", str(INTERVAL_MS / 1000), "-c", str(PINGS),
                    "-W", "1", "10.10.30.4"),
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


def predict_failover(lab, fault):
    return labs.ask("ping", lab.file, "loc1-vm", "hub-vm", "--interval", f"{INTERVAL_MS}ms",
                    "--count", str(PINGS), "--event", f"1s {fault} {LINK}")


def check_failover(tap, lab):
    for fault in ("down", "cut"):
        predicted = predict_failover(lab, fault)
        for _ in range(3):
            settle(lab)
            lost, silence = measure_failover(lab, fault)
            lab.verb("up-link", LINK)
            difference = abs(silence - predicted["longestOutageMs"])
            if difference <= SPREAD_MS[fault]:
                break
        print(f"# {fault}: {silence:.0f} ms of silence, {lost} packets lost;",
              f"predicted {predicted['longestOutageMs']} ms, {predicted['lost']} packets")
        tap.case(f"after `{fault}` the network is silent for as long as predicted",
                 f"{silence:.0f} ms" if difference > SPREAD_MS[fault] else None)
    lab.verb("cut-link", LINK, "--for", "300ms")
    cut = [link["state"] for link in lab.status()["links"] if link["name"] == LINK]
    time.sleep(0.5)
    back = [link["state"] for link in lab.status()["links"] if link["name"] == LINK]
    tap.case("a link cut for a time comes back by itself",
             None if cut == ["cut"] and back == ["up"] else f"{cut} {back}")


def main():
    labs.need("ping", "iperf3", "ip")
    tap = labs.Tap()
    with labs.Lab(FILE, "traffic") as lab:
        check_streams(tap, lab)
        check_path_mtu(tap, lab)
        check_flood(tap, lab)
        check_failover(tap, lab)
    tap.end()


if __name__ == "__main__":
    main()
