#!/usr/bin/env python3
"""Random faults under traffic: links go down, are cut, both ways and one way, and come back; delay, loss
and rate change; names of hosts' namespaces are deleted; and, in the first half, the lab is reloaded with
changed files, once in a while with a wrong one, and reloads are killed. At the end every pair is as
predicted, and the process holds no more memory and descriptors than at half time, nor more descriptors
there than in the beginning.

SOAK_SECONDS says how long (20 by default); SEED which faults.

Under AddressSanitizer what was freed stays for a while in its quarantine, 256 MB of it: that looks like
a leak, and is kept small here. Its lab is also slower, and on a busy machine packets may be later than
`verify` allows for a long time; then only "every pair" fails.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab as labs  # noqa: E402
import reload as reloads  # noqa: E402

os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
SECONDS = float(os.environ.get("SOAK_SECONDS", "20"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
# What buffers in flight and routes come and gone may take; a leak grows with time.
GROWTH_KB = 40 * 1024
KINDS, WEIGHTS = ["link", "name", "reload"], [20, 1, 3]
TALKERS = [("spoke-vm", "10.10.30.4"), ("branch-vm", "10.10.30.4"), ("loc1-vm", "10.10.30.4"),
           ("remote-vm", "10.2.30.10"), ("loc2-vm", "10.11.30.4")]


# Streams that begin anew whenever a fault has ended them.
STREAM = "while :; do timeout 5 iperf3 -c {} -t 2 -b {} --connect-timeout 500; sleep 0.2; done"
STREAMERS = [("loc1-vm", "10.10.30.4", "50M"), ("branch-vm", "10.11.30.4", "50M -R")]
SERVERS = ["hub-vm", "spoke-vm"]


class Traffic:
    """Echoes of several sizes and TCP streams between the hosts."""

    def __init__(self, lab):
        self.processes = []
        for host, address in TALKERS:
            for size in (56, 3000):
                self.start(lab, host, "ping", "-q", "-i", "0.01", "-s", str(size), address)
        for host in SERVERS:
            self.start(lab, host, "sh", "-c", "while :; do iperf3 -s; sleep 0.2; done")
        for host, address, rate in STREAMERS:
            self.start(lab, host, "sh", "-c", STREAM.format(address, rate))

    def start(self, lab, host, *words):
        # A group of its own, so that what a shell started ends with it.
        self.processes.append(subprocess.Popen(
            lab.command(host, *words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()


def usage(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    return memory, len(os.listdir(f"/proc/{pid}/fd"))


def change(lab, chance, links):
    """One random change; True when the lab took it."""
    link = chance.choice(links)
    kind = chance.choice(["down", "cut", "one-way", "set", "up", "up"])
    if kind == "set":
        done = lab.verb("set", link["name"], "--delay", f"{chance.randrange(1, 40)}ms",
                        "--jitter", f"{chance.randrange(3)}ms", "--loss", f"{chance.randrange(20)}%",
                        "--rate", chance.choice(["0", "1Mbps", "100Mbps"]))
    elif kind == "one-way":
        node = link["name"].split("#")[0].split("--")[0]
        done = lab.verb("cut-link", link["name"], "--one-way", node)
        # A gateway of several instances is known by its group's name, which is no end by itself.
        return done.returncode == 0 or "no host or node" in done.stderr
    else:
        done = lab.verb(f"{kind}-link", link["name"])
    return done.returncode == 0


# What a reload may find different. Hosts that traffic goes between stay.
EDITS = [
    (reloads.HUB_VM, reloads.HUB_VM + reloads.NEW_VM),
    ("    delay: 33.5ms\n", "    delay: 20ms\n"),
    ("192.168.30.18: {remoteAsn: 12076, localPreference: 200",
     "192.168.30.18: {remoteAsn: 12076, localPreference: 50"),
]


def delete_space(lab, chance):
    """Takes a host's name away: the host goes on."""
    spaces = reloads.spaces_of(lab.name)
    if spaces:
        subprocess.run(["ip", "netns", "delete", chance.choice(spaces)], check=True)
    return True


def change_file(lab, chance, file):
    """A reload: with a changed file, sometimes a wrong one, or killed on its way."""
    kind = chance.choice(["good", "good", "good", "wrong", "killed"])
    edits = [edit for edit in EDITS if chance.random() < 0.5]
    if kind == "wrong":
        edits.append(("hub/workload", "hob/workload"))
    file.write(*edits)
    if kind == "killed":
        reloads.kill_reload(lab, chance.random() * 0.03, True)
        return True
    done = reloads.reload(lab)
    # The one that was killed may still be on its way.
    return done.returncode == (2 if kind == "wrong" else 0) or "being reloaded already" in done.stderr


def restore_file(lab, file):
    file.write()
    return reloads.wait_until(lambda: not reloads.reload(lab).returncode)


def restore(lab, links):
    for link in links:
        lab.verb("up-link", link["name"])
        lab.verb("set", link["name"], "--delay", f"{link['delayNs'] // 1000}us", "--jitter", "0us",
                 "--loss", "0%", "--rate", "0")


def wait_until_settled(lab):
    """BGP's own hold timers may still have to run out: three minutes and a bit."""
    deadline = time.monotonic() + 200
    time.sleep(4)
    while time.monotonic() < deadline:
        if not labs.run("verify", "--live", lab.name).returncode:
            return True
        time.sleep(2)
    return False


def soak(tap, chance, file):
    counts = dict.fromkeys(KINDS, 0)
    refused = []
    with labs.Lab(file.path, f"soak-{os.getpid()}") as lab:
        links = [link for link in lab.status()["links"] if link["canFail"]]
        with Traffic(lab):
            time.sleep(1)
            begun = usage(lab.status()["pid"])
            end = time.monotonic() + SECONDS
            pid = None
            while time.monotonic() < end:
                kind = chance.choices(KINDS, WEIGHTS)[0]
                if pid is None and time.monotonic() > end - SECONDS / 2:
                    tap.case("the first file is loaded again at half time",
                             None if restore_file(lab, file) else "it is not")
                    time.sleep(2)  # in which its predecessor ends
                    pid = lab.status()["pid"]
                    before = usage(pid)
                if kind == "reload" and pid is not None:
                    continue
                done = delete_space(lab, chance) if kind == "name" \
                    else change_file(lab, chance, file) if kind == "reload" \
                    else change(lab, chance, links)
                counts[kind] += 1
                if not done:
                    refused.append(kind)
                time.sleep(chance.random() * 0.3)
        tap.case(f"{counts['link']} changes of links, {counts['name']} deleted names, {counts['reload']} "
                 "reloads under traffic", refused and f"refused: {refused}")
        restore(lab, links)
        settled = wait_until_settled(lab)
        after = usage(pid) if os.path.isdir(f"/proc/{pid}") else (0, 0)
        tap.case("the lab lives", None if lab.status()["pid"] == pid else "it does not")
        verify = labs.run("verify", "--live", lab.name)
        tap.case("every pair is as predicted again",
                 None if settled and not verify.returncode else verify.stdout + verify.stderr)
        print(f"# memory {begun[0]}, {before[0]}, {after[0]} kB, "
              f"descriptors {begun[1]}, {before[1]}, {after[1]}")
        tap.case("memory stays within bounds",
                 None if after[0] - before[0] < GROWTH_KB else f"{before[0]} to {after[0]} kB")
        tap.case("no descriptor is left open",
                 None if after[1] <= before[1] <= begun[1] else f"{begun[1]}, {before[1]}, {after[1]}")
    tap.case("and no namespace", reloads.spaces_of(lab.name))


def main():
    labs.need("ping", "iperf3", "ip")
    tap = labs.Tap()
    chance = random.Random(SEED)
    print(f"# SEED={SEED} SOAK_SECONDS={SECONDS:g}")
    with tempfile.TemporaryDirectory() as folder:
        soak(tap, chance, reloads.File(folder))
    tap.end()


if __name__ == "__main__":
    main()
