#!/usr/bin/env python3
"""Ordinary programs on a running lab's hosts, in both address families: ping, traceroute, mtr, curl,
iperf3 and tcpdump see what they would see on the network itself, a stateful security group included."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

FILE = "tests/interop/both.yaml"
APP = {"": "10.41.0.4", "6": "fd00:41::4"}
HUB = {"": "10.40.1.4", "6": "fd00:40:0:1::4"}
WAIT_SECONDS = "2"
PAGE_BYTES = 300000


def in_url(address):
    return f"[{address}]" if ":" in address else address


class Server:
    """A web server on a host, for both families, with one page."""

    def __init__(self, lab, host, port):
        self.folder = tempfile.TemporaryDirectory()
        with open(os.path.join(self.folder.name, "page"), "wb") as page:
            page.write(b"x" * PAGE_BYTES)
        self.process = subprocess.Popen(
            lab.command(host, "python3", "-m", "http.server", str(port), "--bind", "::",
                        "--directory", self.folder.name),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        listens = f":{port} "
        deadline = time.monotonic() + 10
        while listens not in lab.on(host, "ss", "-Hlnt").stdout and time.monotonic() < deadline:
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def fetch(lab, host, address, port):
    """How many bytes came, 0 when the server was not reached."""
    done = lab.on(host, "curl", "-s", "-o", "/dev/null", "-w", "%{size_download}",
                  "--noproxy", "*", "--connect-timeout", WAIT_SECONDS, "-m", "20",
                  f"http://{in_url(address)}:{port}/page")
    return int(done.stdout or 0)


def check_security_group(tap, lab):
    """Port 80 is open from outside, nothing else is; what app-vm asks for itself is answered."""
    with Server(lab, "app-vm", 80), Server(lab, "app-vm", 81), Server(lab, "hub-vm", 81):
        for family in APP:
            got = fetch(lab, "hub-vm", APP[family], 80)
            tap.case(f"curl of an open port, IPv{family or 4}", None if got == PAGE_BYTES else got)
            got = fetch(lab, "hub-vm", APP[family], 81)
            tap.case(f"curl of a closed port, IPv{family or 4}", got and f"{got} bytes came")
            got = fetch(lab, "app-vm", HUB[family], 81)
            tap.case(f"the answer to a flow from within, IPv{family or 4}",
                     None if got == PAGE_BYTES else got)
        got = fetch(lab, "desk-vm", APP[""], 80)
        tap.case("curl through the tunnel", None if got == PAGE_BYTES else got)
        got = fetch(lab, "desk-vm", APP[""], 81)
        tap.case("curl of a closed port through the tunnel", got and f"{got} bytes came")


def check_streams(tap, lab):
    for family, address in HUB.items():
        listening = subprocess.Popen(
            lab.command("hub-vm", "iperf3", "-s", "-1"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(0.3)
            done = lab.on("app-vm", "iperf3", "-J", "-t", "1", "-c", address, timeout=20)
        finally:
            listening.kill()
            listening.wait()
        rate = json.loads(done.stdout).get("end", {}).get("sum_received", {}).get("bits_per_second", 0)
        tap.case(f"TCP over a peering, IPv{family or 4}", None if rate > 50e6 else done.stdout[:500])
        print(f"# {rate / 1e6:.0f} Mbit/s")


def check_paths(tap, lab):
    for family, address in APP.items():
        more = ["-6"] if family else []
        done = lab.on("hub-vm", "ping", *more, "-n", "-c", "3", "-i", "0.1", "-W", "1", address)
        tap.case(f"ping, IPv{family or 4}", done.returncode and done.stdout)
        done = lab.on("hub-vm", "ping", *more, "-n", "-c", "2", "-i", "0.1", "-s", "4000", address)
        tap.case(f"ping in fragments, IPv{family or 4}", done.returncode and done.stdout)
        done = lab.on("hub-vm", "traceroute", *more, "-I", "-n", "-w", "0.5", "-m", "4", address)
        hops = labs.traceroute_hops(done.stdout)
        tap.case(f"traceroute, IPv{family or 4}", None if hops == [{address}] else done.stdout)
        done = lab.on("hub-vm", "mtr", *more, "-n", "-j", "-c", "3", "-i", "0.2", "-G", "1", address)
        hubs = json.loads(done.stdout)["report"]["hubs"] if not done.returncode else []
        seen = [(hop["host"], hop["Loss%"]) for hop in hubs]
        tap.case(f"mtr, IPv{family or 4}", None if seen == [(address, 0)] else done.stdout)


def check_tcpdump(tap, lab):
    """Both directions of a ping stand in a capture that the host itself takes, checksums right."""
    watching = subprocess.Popen(
        lab.command("app-vm", "timeout", "10", "tcpdump", "-n", "-v", "-c", "4", "-i", "eth0", "icmp"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    time.sleep(0.5)
    lab.on("desk-vm", "ping", "-n", "-c", "2", "-i", "0.2", APP[""])
    output, _ = watching.communicate(timeout=20)
    kinds = re.findall(r"ICMP echo (request|reply)", output)
    tap.case("tcpdump on a host",
             None if sorted(kinds) == ["reply", "reply", "request", "request"] and "bad" not in output
             else output)


def main():
    labs.need("ping", "traceroute", "mtr", "curl", "iperf3", "tcpdump", "ss")
    tap = labs.Tap()
    with labs.Lab(FILE, "applications") as lab:
        check_paths(tap, lab)
        check_security_group(tap, lab)
        check_streams(tap, lab)
        check_tcpdump(tap, lab)
        verify = labs.run("verify", "--live", lab.name)
        tap.case("verify", verify.returncode and verify.stdout + verify.stderr)
    tap.end()


if __name__ == "__main__":
    main()
