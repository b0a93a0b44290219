#!/usr/bin/env python3
"""`lab reload` with existing interfaces at ports: those that both files have go on, with what is known of
their devices; new ones are taken, others given back; and whatever goes wrong, none is lost."""

import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import attach  # noqa: E402
import reload as reloads  # noqa: E402
from attach import HERE, PC, RACK, VM, labs  # noqa: E402

NAME = "attach-reloaded"
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
KILLS = 6
# Of 10 ms each: what may be lost or late when the sockets change hands.
LOST_MAX = 3
REAL_PC = "      real-pc: {segment: lan, address: 10.81.0.20, attach: ipatt0}\n"
DESK = "      desk: {segment: lan, address: 10.81.0.20, attach: ipatt0}\n"
MODEL_PC = "      real-pc: {segment: lan, address: 10.81.0.20}\n"
FAR_PC = "      far-pc: {segment: far, address: 10.81.2.10}\n"
HUB_VM = "  hub-vm: {subnet: hub/workload"
NEW_VM = "  new-vm: {subnet: hub/workload, privateIPAddress: [10.80.1.30, \"fd00:80:0:1::30\"]}\n"


class File(reloads.File):
    def read(self):
        with open(os.path.join(labs.ROOT, attach.FILE), encoding="utf-8") as file:
            return file.read()


def state_of(lab, interface):
    found = [item for item in lab.status()["attached"] if item["interface"] == interface]
    return found[0]["state"] if found else None


def given_back():
    return reloads.wait_until(lambda: attach.promiscuity() == "0")


def check_unchanged(tap, lab, file):
    """Traffic of real devices while hosts come and go elsewhere."""
    ping = subprocess.Popen(
        ["ip", "netns", "exec", PC, "ping", "-n", "-q", "-i", "0.01", "-c", "200", "-W", "1", "10.80.1.10"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    server = subprocess.Popen(lab.command("hub-vm", "iperf3", "-s", "-1"),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    reloads.wait_until(lambda: ":5201" in lab.on("hub-vm", "ss", "-ltn").stdout)
    stream = subprocess.Popen(
        ["ip", "netns", "exec", VM, "iperf3", "-t", "2", "-b", "50M", "-c", "10.80.1.10"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        time.sleep(0.5)
        before = attach.attached(lab)
        file.write((HUB_VM, NEW_VM + HUB_VM))
        told = reloads.reload_json(lab)
        after = attach.attached(lab)
        print(f"# packets waited {told['pauseUs'] / 1000:.1f} ms")
        report = ping.communicate(timeout=20)[0]
        lost = 200 - int(report.split(" received")[0].split()[-1])
        tap.case(f"of 200 pings of a real host at most {LOST_MAX} are lost in a reload",
                 None if lost <= LOST_MAX else report)
        told_of_stream = stream.communicate(timeout=20)[0]
        tap.case("a real machine's TCP stream goes on", stream.returncode and told_of_stream)
        tap.case("counts go on, and the device's MAC address is still known",
                 None if after["packetsSent"] >= before["packetsSent"] > 10
                 and any(address["answered"] for address in after["addresses"])
                 and after["unanswered"] == before["unanswered"] else f"{before} {after}")
        time.sleep(1.2)
        tap.case("the interface is listened to by one process",
                 None if attach.promiscuity() == "1" else attach.promiscuity())
        tap.case("the new host and the real one reach each other",
                 attach.reaches(attach.ping(PC, "10.80.1.30")))
        tap.case("behind the real router is still the rest of the world",
                 attach.reaches(lab.on("far-pc", "ping", "-c", "2", "-i", "0.1", "10.80.1.30")))
    finally:
        for process in (ping, server, stream):
            process.kill()
            process.wait()


def check_changed(tap, lab, file):
    file.write((REAL_PC, MODEL_PC))
    told = reloads.reload_json(lab)
    rows = [row for row in told["resources"] if row["name"] == "real-pc"]
    tap.case("that an interface is attached no more is told",
             None if rows and "ipatt0" in rows[0]["old"] and "ipatt0" not in rows[0]["new"]
             else str(told["resources"]))
    tap.case("a namespace takes its place",
             attach.reaches(lab.on("real-pc", "ping", "-c", "2", "-i", "0.1", "10.80.1.10")))
    tap.case("the interface is given back", None if given_back() else attach.promiscuity())
    tap.case("and its device gets no answer", None if attach.ping(PC, "10.81.0.10").returncode
             else "it does")
    file.write()
    reloads.reload_json(lab)
    tap.case("an interface is taken in a reload", attach.reaches(attach.ping(PC, "10.80.1.10")))
    tap.case("and the namespace is gone",
             None if f"ip-{NAME}-real-pc" not in os.listdir("/run/netns") else "it is there")
    file.write((REAL_PC, DESK), (FAR_PC, ""))
    reloads.reload_json(lab)
    tap.case("it may change to another node",
             attach.reaches(attach.ping(PC, "10.80.1.10"))
             or attach.reaches(lab.on("hub-vm", "ping", "-c", "2", "-i", "0.1", "10.81.0.20")))
    tap.case("of which the status speaks", None if attach.attached(lab, "desk")["state"] == "up" else
             str(lab.status()["attached"]))
    file.write()
    reloads.reload_json(lab)


def check_failures(tap, lab, file, chance):
    pid = lab.status()["pid"]
    file.write((REAL_PC, REAL_PC.replace("ipatt0", "ipatt9")), (HUB_VM, NEW_VM + HUB_VM))
    done = reloads.reload(lab)
    tap.case("an interface that is missing is refused, and the lab goes on as it was",
             None if done.returncode == 3 and "real-pc can't be attached" in done.stderr
             and lab.status()["pid"] == pid and not attach.reaches(attach.ping(PC, "10.80.1.10"))
             and "ip-" + NAME + "-new-vm" not in os.listdir("/run/netns") else done.stderr)
    file.write()
    lost = []
    for kill in range(KILLS):
        reloads.kill_reload(lab, chance.random() * 0.05, False)
        reloads.wait_until(lambda: not attach.reaches(attach.ping(PC, "10.80.1.10")), 3)
        if attach.reaches(attach.ping(PC, "10.80.1.10")) or attach.reaches(attach.ping(VM, "10.81.0.20")):
            lost.append(kill)
    tap.case(f"a reload killed {KILLS} times leaves what is attached", lost)


def check_away(tap, lab, file):
    """An interface out of order is no reason against a reload, if it was so before."""
    attach.ip("link", "delete", HERE)
    gone = reloads.wait_until(lambda: state_of(lab, HERE) == "gone")
    file.write((HUB_VM, NEW_VM + HUB_VM))
    done = reloads.reload(lab)
    tap.case("a reload while an interface is gone",
             None if gone and not done.returncode and state_of(lab, HERE) == "gone" else done.stderr)
    attach.plug_pc()
    reloads.wait_until(lambda: state_of(lab, HERE) == "up")
    tap.case("which is found when it comes back", attach.reaches(attach.ping(PC, "10.80.1.30")))
    attach.ip("netns", "delete", RACK)
    file.write()
    done = reloads.reload(lab)
    tap.case("a namespace whose name is gone keeps its attached interfaces",
             done.stderr if done.returncode else attach.reaches(attach.ping(VM, "10.81.0.20")))


def main():
    labs.need("ping", "ip", "iperf3", "ss")
    tap = labs.Tap()
    print(f"# SEED={SEED}")
    try:
        attach.plug_all()
        with tempfile.TemporaryDirectory() as folder:
            file = File(folder)
            with labs.Lab(file.path, NAME) as lab:
                check_unchanged(tap, lab, file)
                check_changed(tap, lab, file)
                check_failures(tap, lab, file, random.Random(SEED))
                check_away(tap, lab, file)
        tap.case("lab down gives everything back", None if given_back() else attach.promiscuity())
    finally:
        attach.unplug()
    tap.end()


if __name__ == "__main__":
    main()
