#!/usr/bin/env python3
"""Captures of a running lab: filters before and behind encryption, forms, ends, wrong uses."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

FILE = "examples/interop.yaml"
OUTER = "hub-vpn--branch-vpn"
INNER = "branch-vm--branch/workload"
FAR = "10.10.30.4"


class Capture:
    """A capture under way, while something is sent."""

    def __init__(self, lab, *words):
        self.process = subprocess.Popen(
            [labs.PROGRAM, "lab", "capture", *words, "--name", lab.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.3)

    def end(self, seconds=3, interrupts=True):
        """Waits for its own end, then for the one an interrupt makes."""
        try:
            return self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            if interrupts:
                self.process.send_signal(signal.SIGINT)
            else:
                self.process.kill()
            return self.process.communicate(timeout=5)


def fields(packets, *names):
    """What tshark says of each packet of a file's bytes."""
    words = ["tshark", "-n", "-r", "-", "-T", "fields", "-E", "occurrence=f"]
    for name in names:
        words += ["-e", name]
    done = subprocess.run(words, input=packets, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=30)
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


def send(lab, count=3):
    lab.on("branch-vm", "ping", "-c", str(count), "-i", "0.1", FAR)


def connect(lab):
    """A little TCP between the two machines."""
    server = subprocess.Popen(lab.command("hub-vm", "iperf3", "-s", "-1"),
                              stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    lab.on("branch-vm", "iperf3", "-c", FAR, "-n", "1M")
    server.kill()
    server.wait()


def check_filters(tap, lab):
    inner = Capture(lab, INNER, "tcp", "port", "5201")
    outer = Capture(lab, OUTER, "esp")
    plain = Capture(lab, OUTER, "tcp port 5201")
    connect(lab)
    send(lab)
    inside = fields(inner.end(1)[0], "ip.proto", "tcp.port")
    outside = fields(outer.end(1)[0], "ip.proto")
    tap.case("in front of the tunnel a filter by port has TCP and nothing else",
             None if len(inside) > 10 and all(row[0] == "6" for row in inside) else str(inside[:9]))
    tap.case("behind it everything is ESP",
             None if len(outside) > 10 and all(row[0] == "50" for row in outside)
             else str(outside[:9]))
    packets = plain.end(1)[0]
    tap.case("and the ports can't be seen there", fields(packets, "ip.proto"))
    tap.case("a capture of nothing is a file of nothing", None if len(packets) == 24 else packets)


def check_count(tap, lab):
    capture = Capture(lab, INNER, "icmp", "-c", "2", "-s", "40")
    send(lab)
    rows = fields(capture.end()[0], "frame.len", "frame.cap_len", "frame.time_epoch")
    tap.case("a count ends it, a snaplen cuts, and times are the time of day",
             None if [row[:2] for row in rows] == [["84", "40"]] * 2
             and all(abs(float(row[2]) - time.time()) < 60 for row in rows)
             and capture.process.returncode == 0 else str(rows))
    capture = Capture(lab, INNER, "icmp and src host branch-vm")
    send(lab)
    rows = fields(capture.end(0.5)[0], "ip.src")
    tap.case("a filter knows the network's names",
             None if rows == [["10.11.30.68"]] * 3 else str(rows))
    capture = Capture(lab, OUTER, "esp", "--one-way", "hub-vpn")
    send(lab)
    senders = {row[0] for row in fields(capture.end(0.5)[0], "ip.src")}
    tap.case("one way is what one end sends", None if len(senders) == 1 else str(senders))


def check_forms(tap, lab):
    capture = Capture(lab, "all", "icmp", "--format", "pcapng")
    lines = Capture(lab, "all", "icmp", "--format", "text")
    send(lab, 1)
    rows = fields(capture.end(0.5)[0], "frame.interface_name", "frame.interface_description")
    tap.case("pcapng says by which link a packet went, and who sent it",
             None if [INNER, "what branch-vm sends"] in rows else str(rows))
    text = lines.end(0.5)[0].decode()
    wanted = f"{INNER}  from branch-vm: 10.11.30.68 > {FAR}: ICMP echo request"
    tap.case("and so do the lines for people", None if wanted in text else text)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.pcap")
        capture = Capture(lab, INNER, "-w", path)
        send(lab)
        capture.end(0.2)
        with open(path, "rb") as file:
            rows = fields(file.read(), "ip.proto")
        tap.case("an interrupted capture's file is whole",
                 None if len(rows) == 6 and capture.process.returncode == 0
                 else f"{rows} {capture.process.returncode}")


def check_reader(tap, lab):
    """Of a pipe whose reader has gone, nothing is left behind, also when no packet comes."""
    capture = Capture(lab, OUTER, "host", "192.0.2.1")
    capture.process.stdout.read(24)
    capture.process.stdout.close()
    capture.process.stdout = None
    try:
        capture.process.wait(2)
        problem = None
    except subprocess.TimeoutExpired:
        problem = "it waits for a packet"
    capture.process.kill()
    capture.process.wait()
    capture.process.stderr.close()
    tap.case("a capture ends with its reader", problem)


def check_wrong(tap, lab):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.pcap")
        for name, words, part in (
                ("a wrong filter is refused in libpcap's words", [OUTER, "tcp", "prt", "3"],
                 'filter "tcp prt 3": can'),
                ("a host that is none of the network's", [OUTER, "src", "host", "branch-mv"],
                 'did you mean "branch-vm"?'),
                ("what only a kernel knows is refused", [OUTER, "inbound"], "only a kernel knows"),
                ("an unknown link", ["hub-vpn--branch-vp"], "did you mean"),
                ("a node that is no end of the link", [OUTER, "--one-way", "spoke-vm"],
                 "not an end"),
                ("a snaplen that is none", [OUTER, "-s", "7"], "expected a number")):
            done = lab.verb("capture", *words, "-w", path)
            tap.case(f"{name}, and no file is made",
                     None if done.returncode == 2 and part in done.stderr
                     and not os.path.exists(path) else f"{done.returncode} {done.stderr}")


def ask(name, **request):
    """A request as anybody might write it to the socket."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(5)
        control.connect(f"/run/interplane/{name}/control")
        control.sendall((json.dumps({"verb": "capture", "link": "all", **request}) + "\n").encode())
        return control.makefile().readline()


def check_untrusted(tap, lab):
    end = [6, 0, 0, 0]
    programs = ([[5, 0, 0, 4294967295], end], [[0x15, 200, 0, 0], end], [[96, 0, 0, 16], end],
                [[6, 0, 0]], "x", [[99999, 0, 0, 0]], [[6, 0, 0, -1]], [], [end] * 3000, [[0, 0, 0, 0]])
    for program in programs:
        answer = ask(lab.name, filter=program)
        if "no program that may be run" not in answer:
            tap.case("a program that may not run is refused", f"{str(program)[:60]}: {answer[:200]}")
            return
    tap.case("a program that may not run is refused", None)
    tap.case("and the lab lives on", None if lab.status()["converged"] else "it does not")


def main():
    labs.need("ping", "iperf3", "tshark")
    tap = labs.Tap()
    with labs.Lab(FILE, "interop-capture") as lab:
        check_filters(tap, lab)
        check_count(tap, lab)
        check_forms(tap, lab)
        check_reader(tap, lab)
        check_wrong(tap, lab)
        check_untrusted(tap, lab)
    tap.end()


if __name__ == "__main__":
    main()
