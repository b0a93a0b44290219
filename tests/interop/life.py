#!/usr/bin/env python3
"""A lab's life: up, questions, wrong questions, several at once, sudden death, down. And that nothing
of it ever shows outside of its own namespaces."""

import ipaddress
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

FILE = "examples/interop.yaml"
SPACES = "/run/netns"
STATE = "/run/interplane"
ETH_P_ALL = 3
OUTGOING = 4
# All that the reference network addresses: nothing else of this machine may use these.
LAB_NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("10.10.30.0/24", "10.11.30.0/24", "10.17.30.0/25", "10.2.30.0/25", "10.1.31.0/25",
                 "192.168.30.0/24", "192.168.31.0/24", "52.168.162.84/32", "66.198.12.106/32")
]


class Sniffer(threading.Thread):
    """Everything that leaves by the machine's own interfaces."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.settimeout(0.2)
        self.found = []
        self.seen = 0
        self.ends = False

    def run(self):
        while not self.ends:
            try:
                packet, where = self.socket.recvfrom(65536)
            except socket.timeout:
                continue
            if where[2] != OUTGOING:
                continue
            self.seen += 1
            if where[1] == 0x0800 and len(packet) >= 20:
                for at in (12, 16):
                    address = ipaddress.ip_address(packet[at:at + 4])
                    if any(address in network for network in LAB_NETWORKS):
                        self.found.append(f"{where[0]}: {address}")
            if where[1] == 0x0806 and len(packet) >= 28:
                address = ipaddress.ip_address(packet[24:28])
                if any(address in network for network in LAB_NETWORKS):
                    self.found.append(f"{where[0]}: ARP for {address}")

    def stop(self):
        self.ends = True
        self.join()
        self.socket.close()


def machine():
    """The machine's own interfaces, addresses and routes."""
    return "".join(
        subprocess.run(["ip", *words], stdout=subprocess.PIPE, text=True).stdout
        for words in (["-o", "link"], ["-o", "addr"], ["route", "show", "table", "all"])
    )


def leftovers(name):
    spaces = os.listdir(SPACES) if os.path.isdir(SPACES) else []
    left = [space for space in spaces if space.startswith(f"ip-{name}-")]
    if os.path.isdir(os.path.join(STATE, name)):
        left.append(os.path.join(STATE, name))
    return left


def wait_until(condition, seconds=3):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def refused(done, code, *words):
    """What is wrong with an answer that should be an error of this code and mention these words."""
    if done.returncode != code:
        return f"exit code {done.returncode} instead of {code}: {done.stdout}{done.stderr}"
    missing = [word for word in words if word not in done.stderr]
    return missing and f"{missing} not in: {done.stderr}"


def check_questions(tap, lab):
    again = labs.run("lab", "up", lab.file, "--name", lab.name)
    tap.case("a lab that is up can't be brought up again", refused(again, 3, "up already"))
    done = lab.verb("cut-link", "loc1-ce1--er1-primry")
    tap.case("an unknown link is named, with its neighbour", refused(done, 2, "did you mean"))
    done = lab.verb("down-link", "loc1-ce1--er1-primary", "--one-way", "hub-vm")
    tap.case("a node that is no end of a link", refused(done, 2, "not an end"))
    done = lab.verb("shell", "nobody")
    tap.case("an unknown host", refused(done, 2, "no host nobody"))
    done = lab.verb("set", "loc1-ce1--er1-primary", "--loss", "many")
    tap.case("a loss that is none", refused(done, 2, "expected a share"))
    done = labs.run("lab", "status", "--name", "no-such-lab")
    tap.case("a lab that does not run", refused(done, 3, "does not run"))
    done = labs.run("lab", "up", "examples/no-such-file.yaml")
    tap.case("a file that is not there", refused(done, 2, "no-such-file"))
    trace = labs.ask("lab", "trace", "loc1-vm", "hub-vm", "--name", lab.name)
    nodes = [hop["node"] for hop in trace["hops"]]
    wanted = ["loc1-router", "loc1-ce1", "er1-primary", "hub-er-in1", "hub-vm"]
    tap.case("a marked packet tells its way",
             None if trace["reached"] and nodes == wanted else str(trace))
    routes = labs.ask("lab", "routes", "hub-vm", "--name", lab.name)
    tap.case("effective routes of a running machine", None if routes.get("value") else str(routes))


def check_process(tap, lab):
    pid = lab.status()["pid"]
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        rights = [line.split()[1] for line in file if line.startswith(("CapEff", "CapPrm", "CapBnd"))]
    tap.case("the process that carries packets has no capabilities",
             None if all(int(right, 16) == 0 for right in rights) else str(rights))

    def used():
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(3)
    share = (used() - before) / 3
    tap.case("an idle lab uses under 1 % of a core", None if share < 0.01 else f"{share:.3f}")
    open_before = len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(20):
        lab.status()
    tap.case("questions leave no descriptors behind",
             None if len(os.listdir(f"/proc/{pid}/fd")) <= open_before else "they do")


def check_capture(tap, lab):
    path = f"/tmp/interplane-life-{os.getpid()}.pcap"
    capture = subprocess.Popen(
        [labs.PROGRAM, "lab", "capture", "hub-vpn--branch-vpn", "-w", path, "--count", "6",
         "--name", lab.name]
    )
    time.sleep(0.3)
    lab.on("branch-vm", "ping", "-c", "3", "-i", "0.1", "10.10.30.4")
    try:
        capture.wait(5)
        with open(path, "rb") as file:
            bytes_ = file.read()
    finally:
        capture.kill()
        capture.wait()
        if os.path.exists(path):
            os.unlink(path)
    protocols, at, stamps = [], 24, []
    while at + 16 <= len(bytes_):
        seconds, _, length, _ = struct.unpack_from("<IIII", bytes_, at)
        stamps.append(seconds)
        protocols.append(bytes_[at + 16 + 9])
        at += 16 + length
    tap.case("a capture of a tunnel's outside holds ESP, stamped with the time of day",
             None if len(protocols) == 6 and protocols.count(50) >= 4
             and all(abs(time.time() - stamp) < 60 for stamp in stamps) else f"{protocols} {stamps}")


def check_second(tap, lab):
    with labs.Lab(FILE, "life-two") as second:
        second.verb("cut-link", "hub-vpn--branch-vpn")
        cut = second.on("branch-vm", "ping", "-c", "1", "-W", "0.5", "10.10.30.4")
        whole = lab.on("branch-vm", "ping", "-c", "1", "-W", "0.5", "10.10.30.4")
        done = labs.run("lab", "status")
        tap.case("two labs have nothing to do with each other",
                 None if cut.returncode and not whole.returncode else cut.stdout + whole.stdout)
        tap.case("without a name, several labs are one too many", refused(done, 3, "several labs"))
    tap.case("the second is gone", leftovers("life-two"))


def check_deleted_space(tap, lab):
    subprocess.run(["ip", "netns", "delete", f"ip-{lab.name}-spoke-vm"], check=False)
    done = lab.on("spoke-vm", "true")
    tap.case("a host whose namespace's name someone deleted can still be entered",
             None if done.returncode == 0 and "deleted" in done.stdout else done.stdout)
    alive = lab.on("branch-vm", "ping", "-c", "1", "-W", "0.5", "10.10.30.4")
    tap.case("and the lab lives on", alive.returncode and alive.stdout)


def check_death(tap):
    name = "life-dies"
    with labs.Lab(FILE, name) as lab:
        os.kill(lab.status()["pid"], signal.SIGKILL)
        gone = wait_until(lambda: not leftovers(name))
        tap.case("a killed lab is cleaned away by its watcher", None if gone else leftovers(name))
    for way in ("down", "up"):
        with labs.Lab(FILE, name) as lab:
            pid = lab.status()["pid"]
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                watcher = int(file.read().rsplit(")", 1)[1].split()[1])
            os.kill(watcher, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: labs.ask("lab", "list")["labs"][0]["state"] == "dead")
            there = leftovers(name)
            words = [lab.file] if way == "up" else []
            done = labs.run("lab", way, *words, "--name", name)
            if way == "down":
                problem = leftovers(name)
            else:
                problem = lab.on("hub-vm", "ping", "-c", "1", "-W", "1", "10.11.30.4").returncode
            tap.case(f"what a lab killed with its watcher leaves is cleaned by `lab {way}`",
                     None if there and not done.returncode and not problem
                     else f"{there} {done.stderr} {problem}")
    tap.case("in the end nothing is left", leftovers(name))


def main():
    labs.need("ping", "ip")
    tap = labs.Tap()
    before = machine()
    sniffer = Sniffer()
    sniffer.start()
    name = "life"
    started = time.monotonic()
    with labs.Lab(FILE, name) as lab:
        took = time.monotonic() - started
        tap.case("a lab is up in under a second", None if took < 1 else f"{took:.2f} s")
        check_questions(tap, lab)
        check_process(tap, lab)
        check_capture(tap, lab)
        check_second(tap, lab)
        tap.case("meanwhile the machine's own network is as it was",
                 None if machine() == before else machine())
        check_deleted_space(tap, lab)
    tap.case("lab down leaves nothing", leftovers(name))
    check_death(tap)
    # Not seeing anything means something only if what the machine itself sends is seen.
    before_probe = sniffer.seen
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.sendto(b"x", ("127.0.0.1", 9))
    time.sleep(0.3)
    sniffer.stop()
    tap.case("what the machine sends is seen", None if sniffer.seen > before_probe else "it is not")
    tap.case("no packet with a lab's address left by the machine's own interfaces",
             "\n".join(sniffer.found[:10]))
    tap.case("the machine's own network is as it was", None if machine() == before else machine())
    tap.end()


if __name__ == "__main__":
    main()
