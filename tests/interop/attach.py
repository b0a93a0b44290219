#!/usr/bin/env python3
"""Existing interfaces at ports of a running lab: namespaces of the test's own play the real host, the
real machine and the real router that are plugged in there."""

import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

FILE = "tests/interop/attach.yaml"
NAME = "interop-attach"
HERE = "ipatt0"  # in this machine's own network; its other end is not
RACK, PC, VM, ROUTER = "attach-rack", "attach-pc", "attach-vm", "attach-router"
SPACES = (RACK, PC, VM, ROUTER)
FABRIC = "12:34:56:78:9a:bc"


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)


def on(space, *words, timeout=60):
    """A command on one of the real devices."""
    return subprocess.run(["ip", "netns", "exec", space, *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout)


def plug(name, inside, space, addresses, outside=None):
    """A cable: `name` in the namespace `outside` (none: here), `inside` of a device at the other end."""
    ip("link", "add", name, "type", "veth", "peer", "name", inside, "netns", space)
    if outside:
        ip("link", "set", name, "netns", outside)
    ip(*(["-n", outside] if outside else []), "link", "set", name, "up")
    for address in addresses:
        ip("-n", space, "addr", "add", address, "dev", inside, "nodad")
    ip("-n", space, "link", "set", "dev", inside, "up")


def plug_pc():
    plug(HERE, "eth0", PC, ["10.81.0.20/24"])
    ip("-n", PC, "route", "add", "default", "via", "10.81.0.1")


def unplug():
    ip("link", "delete", HERE, check=False)
    for space in SPACES:
        ip("netns", "delete", space, check=False)


def plug_all():
    unplug()
    for space in SPACES:
        ip("netns", "add", space)
        ip("-n", space, "link", "set", "lo", "up")
    plug_pc()
    plug("vm0", "eth0", VM, ["10.80.1.20/24", "fd00:80:0:1::20/64"], RACK)
    ip("-n", VM, "route", "add", "default", "via", "10.80.1.1")
    plug("up0", "near", ROUTER, ["10.81.1.2/30"], RACK)
    plug("far0", "far", ROUTER, ["10.81.2.1/24"], RACK)
    ip("-n", ROUTER, "route", "add", "default", "via", "10.81.1.1")
    on(ROUTER, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0")


def reaches(done):
    return None if done.returncode == 0 else done.stdout


def ping(space, address, *more):
    return on(space, "ping", "-n", "-c", "2", "-i", "0.1", "-W", "1", *more, address)


def wait_until(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def attached(lab, name="real-pc"):
    return [item for item in lab.status()["attached"] if item["name"] == name][0]


def check_ways(tap, lab):
    tap.case("an attached host reaches a machine through the tunnel", reaches(ping(PC, "10.80.1.10")))
    tap.case("and is reached", reaches(lab.on("hub-vm", "ping", "-c", "2", "-i", "0.1", "10.81.0.20")))
    tap.case("its neighbours on the segment are the world's",
             reaches(ping(PC, "10.81.0.10")))
    tap.case("an attached machine has both families",
             reaches(ping(VM, "10.80.1.10")) or reaches(ping(VM, "fd00:80:0:1::10", "-6")))
    tap.case("and is found in both",
             reaches(lab.on("hub-vm", "ping", "-c", "2", "-i", "0.1", "fd00:80:0:1::20")))
    tap.case("two attached ones reach each other", reaches(ping(VM, "10.81.0.20")))
    tap.case("behind an attached router is the rest of the world",
             reaches(lab.on("far-pc", "ping", "-c", "2", "-i", "0.1", "10.80.1.10")))
    tap.case("a large packet is not cut without need",
             reaches(ping(PC, "10.81.0.10", "-s", "1472", "-M", "do")))
    for space, source, there, destination in ((PC, "real-pc", "hub-vm", "10.80.1.10"),
                                              (VM, "real-vm", "far-pc", "10.81.2.10")):
        done = on(space, "traceroute", "-I", "-n", "-q", "1", "-w", "1", destination)
        found = [sorted(hop)[0] if hop else None for hop in labs.traceroute_hops(done.stdout)]
        predicted = labs.ask("trace", lab.file, source, there)
        wanted = [hop["address"] for hop in predicted["hops"]]
        tap.case(f"a trace from {source} is as predicted",
                 None if found == wanted else f"{found} instead of {wanted}: {done.stdout}")


def iperf(server, client, address, *more):
    process = subprocess.Popen([*server, "iperf3", "-s", "-1"], stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    done = subprocess.run([*client, "iperf3", "-c", address, "-t", "1", *more], timeout=20,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    process.kill()
    process.wait()
    return reaches(done)


def check_traffic(tap, lab):
    pc = ["ip", "netns", "exec", PC]
    vm = lab.command("hub-vm")
    tap.case("TCP goes out through an attached interface", iperf(vm, pc, "10.80.1.10"))
    tap.case("and comes in", iperf(vm, pc, "10.80.1.10", "-R"))
    tap.case("UDP too", iperf(pc, vm, "10.81.0.20", "-u", "-b", "50M"))


# Run on the device: frames by hand, and what came back.
FRAMES = """
import socket, struct, sys, time
kind, device = sys.argv[1:3]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind((device, 0))
s.settimeout(0.5)
own = s.getsockname()[4]
fabric = bytes.fromhex("123456789abc")
def arp(sender, target):
    return (b"\\xff" * 6 + own + b"\\x08\\x06" + bytes([0, 1, 8, 0, 6, 4, 0, 1]) + own
            + socket.inet_aton(sender) + bytes(6) + socket.inet_aton(target)).ljust(60, b"\\0")
if kind == "tag":
    s.send(fabric + own + b"\\x81\\x00\\x00\\x0a\\x08\\x00" + b"\\x45" + bytes(59))
    sys.exit()
s.send(arp(*sys.argv[3:5]))
end = time.monotonic() + 0.5
try:
    while time.monotonic() < end:
        frame = s.recv(2048)
        if frame[12:14] == b"\\x08\\x06" and frame[20:22] == b"\\0\\2":
            print(":".join("%02x" % byte for byte in frame[22:28]), socket.inet_ntoa(frame[28:32]))
except socket.timeout:
    pass
"""


def ask_neighbor(sender, target):
    return on(PC, sys.executable, "-c", FRAMES, "arp", "eth0", sender, target).stdout.strip()


def check_neighbors(tap, lab):
    answer = ask_neighbor("10.81.0.20", "10.81.0.1")
    tap.case("the device's questions are answered by the fabric",
             None if answer == f"{FABRIC} 10.81.0.1" else answer)
    answer = ask_neighbor("10.81.0.20", "10.81.0.20")
    tap.case("but not about itself", answer)
    answer = ask_neighbor("10.81.0.99", "10.81.0.1")
    tap.case("and whoever else is on the wire gets no answer", answer)
    before = attached(lab)
    on(PC, sys.executable, "-c", FRAMES, "tag", "eth0")
    after = attached(lab)
    tap.case("frames of a VLAN are not taken",
             None if after["packetsSent"] == before["packetsSent"]
             and after["ignored"] > before["ignored"] else f"{before} {after}")
    ip("-n", PC, "link", "set", "eth0", "address", "02:00:00:00:81:20")
    ip("-n", PC, "route", "replace", "default", "via", "10.81.0.1")
    tap.case("a device with a new MAC address is found again", reaches(ping(PC, "10.81.0.10")))


def check_verbs(tap, lab):
    done = lab.on("real-pc", "true")
    tap.case("an attached host can't be entered, and that is said",
             None if done.returncode == 2 and "is attached" in done.stdout else done.stdout)
    text = lab.verb("status").stdout
    tap.case("the status lists what is attached",
             None if "Attached" in text and "real-router" in text else text)
    # How soon answers come is tests/parity's matter; kernels in between are not as punctual.
    done = labs.run("verify", "--live", lab.name, timeout=120)
    wrong = [line for line in done.stdout.splitlines()
             if ": " in line and "predicted after" not in line and not line.startswith("lab ")
             and "measured towards it only" not in line]
    tap.case("all pairs are as predicted, attached hosts as destinations",
             None if done.returncode in (0, 1) and not wrong and " pairs " in done.stdout
             and "real-pc is attached" in done.stdout
             and "real-vm is attached" in done.stdout else done.stdout + done.stderr)
    rows = lab.verb("trace", "hub-vm", "real-pc")
    tap.case("a marked packet is answered by the model", None if rows.returncode == 0 else rows.stderr)


def check_life(tap, lab):
    for name, away, back, state, words in (
            ("goes down", lambda: ip("link", "set", HERE, "down"),
             lambda: ip("link", "set", HERE, "up"), "down", "is down"),
            ("is unplugged", lambda: ip("-n", PC, "link", "set", "eth0", "down"),
             lambda: (ip("-n", PC, "link", "set", "eth0", "up"),
                      ip("-n", PC, "route", "replace", "default", "via", "10.81.0.1")),
             "no carrier", "no carrier"),
            ("disappears", lambda: ip("link", "delete", HERE), plug_pc, "gone", "no interface"),
            ("gets an address", lambda: ip("addr", "add", "198.18.0.1/32", "dev", HERE),
             lambda: ip("addr", "flush", "dev", HERE, "scope", "global"), "refused", "198.18.0.1")):
        away()
        seen = wait_until(lambda: attached(lab)["state"] == state)
        tap.case(f"the status says when an interface {name}",
                 None if seen and words in attached(lab)["why"] else str(attached(lab)))
        lost = lab.on("hub-vm", "ping", "-c", "1", "-W", "0.5", "10.81.0.20")
        tap.case("meanwhile nothing passes, and the lab lives on",
                 None if lost.returncode and not reaches(ping(VM, "10.80.1.10")) else lost.stdout)
        back()
        wait_until(lambda: attached(lab)["state"] == "up")
        wait_until(lambda: not reaches(ping(PC, "10.80.1.10")))
        tap.case("it works again afterwards", reaches(ping(PC, "10.80.1.10")))
    ip("-n", PC, "addr", "flush", "dev", "eth0")
    # Another device may have come, so what was known of the old one is forgotten.
    ip("-n", PC, "link", "set", "eth0", "down")
    wait_until(lambda: attached(lab)["state"] == "no carrier")
    ip("-n", PC, "link", "set", "eth0", "up")
    wait_until(lambda: attached(lab)["state"] == "up")
    lab.on("hub-vm", "ping", "-c", "1", "-W", "1", "10.81.0.20")
    seen = wait_until(lambda: attached(lab)["unanswered"] > 0)
    tap.case("a device that is silent is given up", None if seen else str(attached(lab)))


def promiscuity():
    words = ip("-d", "link", "show", HERE).stdout.split()
    return words[words.index("promiscuity") + 1]


TEMPLATE = """sites:
  office:
    hosts:
      pc: {{segment: lan, address: 10.81.0.10, attach: {{interface: {name}, netns: attach-rack}}}}
    routers:
      edge: {{interfaces: {{lan: {{address: 10.81.0.1/24, segment: lan}}}}}}
"""


def check_refused(tap):
    def add(name, *more):
        ip("-n", RACK, "link", "add", name, "type", "veth", "peer", "name", f"{name}x")
        for words in (*more, ("link", "set", f"{name}x", "up")):
            ip("-n", RACK, *words)

    up = ("link", "set", "dev", "bad0", "up")
    cases = (
        ("that is missing", (), "there is no interface bad0"),
        ("that is down", ((),), "bad0 is down; `ip link set bad0 up`"),
        ("with an address", (up, ("addr", "add", "198.18.0.1/24", "dev", "bad0")),
         "address 198.18.0.1"),
        ("with the default route", (up, ("route", "add", "default", "dev", "bad0")),
         "its default route leaves by it"),
        ("with too small an MTU", (("link", "set", "dev", "bad0", "mtu", "1400"), up),
         "`ip link set bad0 mtu 1500`"),
        ("of a bridge", (up, ("link", "add", "br0", "type", "bridge"),
                         ("link", "set", "bad0", "master", "br0")), "part of a bridge"),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "refused.yaml")

        def try_up(name):
            with open(path, "w", encoding="utf-8") as file:
                file.write(TEMPLATE.format(name=name))
            done = labs.run("lab", "up", path, "--name", f"{NAME}-two")
            labs.run("lab", "down", "--name", f"{NAME}-two")
            return done

        for name, setting, words in cases:
            if setting:
                add("bad0", *[words_ for words_ in setting if words_])
            done = try_up("bad0")
            tap.case(f"an interface {name} is refused",
                     None if done.returncode == 3 and words in done.stderr
                     and "pc can't be attached" in done.stderr
                     else f"{done.returncode} {done.stdout}{done.stderr}")
            ip("-n", RACK, "link", "delete", "bad0", check=False)
        done = try_up("lo")
        tap.case("the loopback is refused", None if done.returncode == 3
                 and "no Ethernet" in done.stderr else done.stderr)
    tap.case("and nothing is left of those labs",
             [lab for lab in labs.ask("lab", "list")["labs"] if lab["name"] == f"{NAME}-two"])


def main():
    labs.need("ping", "ip", "traceroute", "iperf3")
    tap = labs.Tap()
    try:
        plug_all()
        with labs.Lab(FILE, NAME) as lab:
            tap.case("an interface is listened to while the lab runs",
                     None if promiscuity() == "1" else promiscuity())
            check_ways(tap, lab)
            check_traffic(tap, lab)
            check_verbs(tap, lab)
            check_neighbors(tap, lab)
            check_life(tap, lab)
        tap.case("and no longer", None if promiscuity() == "0" else promiscuity())
        check_refused(tap)
    finally:
        unplug()
    tap.end()


if __name__ == "__main__":
    main()
