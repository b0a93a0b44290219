#!/usr/bin/env python3
"""Real traffic over a running lab: TCP and UDP through the VPN, path-MTU discovery, a flood."""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

FILE = "examples/interop.yaml"


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


def main():
    labs.need("ping", "iperf3", "ip")
    tap = labs.Tap()
    with labs.Lab(FILE, "traffic") as lab:
        check_streams(tap, lab)
        check_path_mtu(tap, lab)
        check_flood(tap, lab)
    tap.end()


if __name__ == "__main__":
    main()
