#!/usr/bin/env python3
"""SIGKILL for a lab's processes: the one that carries the packets, the one that watches it, both; of a
lab as it was brought up, of one that was reloaded, and in the middle of a reload. Whatever is left, the
next `lab down` or `lab up` takes it away."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reload as reloads  # noqa: E402
from reload import labs, wait_until  # noqa: E402

NAME = "killed"
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
MOMENTS = 10
OTHER_VM = reloads.NEW_VM.replace("new-vm", "other-vm").replace("30.9", "30.10")


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


def processes():
    """Those of the lab, but for commands: a watcher's, or a carrier's, session is its own."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            if words[1:2] == [b"lab"] and words[2] in (b"up", b"reload") and NAME.encode() in words \
                    and os.getsid(int(pid)) != os.getsid(0):
                found.append(int(pid))
        except OSError:
            continue
    return found


def leftovers():
    left = reloads.spaces_of(NAME)
    folder = f"{reloads.STATE}/{NAME}"
    left += os.listdir(folder) if os.path.isdir(folder) else []
    with open("/proc/net/unix", encoding="utf-8") as file:
        left += [line.split()[-1] for line in file if f"{folder}/" in line]
    return left + [f"process {pid}" for pid in processes()]


def kill(*pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def works(lab):
    return not lab.on("hub-vm", "ping", "-c", "1", "-W", "1", "10.11.30.4").returncode


def clean(lab, way):
    """What is wrong after the verb that is to find nothing in its way."""
    done = labs.run("lab", way, *([lab.file] if way == "up" else []), "--name", NAME)
    if done.returncode:
        return done.stderr
    if way == "up":
        names = sorted(f"ip-{NAME}-{host['name']}" for host in lab.status()["hosts"])
        if sorted(reloads.spaces_of(NAME)) != names or not works(lab):
            return f"{reloads.spaces_of(NAME)}"
        done = labs.run("lab", "down", "--name", NAME)
    wait_until(lambda: not leftovers())
    return done.stderr or leftovers()


def check_way(tap, lab, file, victim, way, is_reloaded):
    file.write()
    labs.run("lab", "up", lab.file, "--name", NAME)
    if is_reloaded:
        file.write((reloads.REMOTE_VM, reloads.NEW_VM))
        reloads.reload_json(lab)
    carrier = lab.status()["pid"]
    watcher = parent_of(carrier)
    kill(*{"watcher": [watcher], "carrier": [carrier], "both": [watcher, carrier]}[victim])
    problem = None
    if victim == "watcher":
        # Nobody misses it while the lab lives.
        done = labs.run("lab", "up", lab.file, "--name", NAME)
        problem = None if works(lab) and done.returncode == 3 and "is up already" in done.stderr else done
        labs.run("lab", "down", "--name", NAME)
    elif victim == "both":
        wait_until(lambda: labs.ask("lab", "list")["labs"][0]["state"] == "dead")
        there = leftovers()
        problem = None if {"lock", "spaces", "control"} <= set(there) else f"before: {there}"
    else:
        problem = None if wait_until(lambda: not leftovers()) else leftovers()
    if victim != "both" and way == "down":
        done = labs.run("lab", "down", "--name", NAME)
        problem = problem or (None if done.returncode == 3 and "no lab" in done.stderr else done.stderr)
    else:
        problem = problem or clean(lab, way)
    words = "reloaded lab" if is_reloaded else "lab"
    whom = {"watcher": "watcher was", "carrier": "carrier of packets was", "both": "two processes were"}
    tap.case(f"a {words} whose {whom[victim]} killed, then `lab {way}`", problem)


def check_middle(tap, lab, file, chance):
    """All that a reload has made, and then all that the lab is, in the middle of a reload."""
    lost, left = [], []
    changed = [(reloads.REMOTE_VM, reloads.NEW_VM), (reloads.HUB_VM, reloads.HUB_VM + OTHER_VM)]
    for i in range(MOMENTS):
        everything = i % 2 == 1
        file.write()
        labs.run("lab", "down", "--name", NAME)
        labs.run("lab", "up", lab.file, "--name", NAME)
        old = processes()
        file.write(*changed)
        command = subprocess.Popen(
            [labs.PROGRAM, "lab", "reload", lab.file, "--name", NAME],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.random() * 0.05)
        kill(command.pid)
        command.wait()
        # Again, for what was being made meanwhile.
        for _ in range(3):
            kill(*[pid for pid in processes() if everything or pid not in old])
        if everything:
            problem = clean(lab, "up" if i % 4 == 1 else "down")
            if problem:
                left.append(f"{i}: {problem}")
        elif labs.run("lab", "status", "--name", NAME).returncode:
            # It had taken over: then it was the lab.
            problem = clean(lab, "up")
            if problem:
                left.append(f"{i}: {problem}")
        else:
            # The lab may not have noticed yet.
            wait_until(lambda: "already" not in reloads.reload(lab).stderr)
            told = reloads.reload(lab)
            hosts = sorted(f"ip-{NAME}-{host['name']}" for host in lab.status()["hosts"])
            if told.returncode or not works(lab) or sorted(reloads.spaces_of(NAME)) != hosts:
                lost.append(f"{i}: {told.stderr} {reloads.spaces_of(NAME)}")
    tap.case("a reload killed with its watcher leaves a lab that can be reloaded", "\n".join(lost))
    tap.case("a lab killed in the middle of a reload is cleaned away by the next verb", "\n".join(left))


def main():
    labs.need("ping", "ip")
    tap = labs.Tap()
    chance = random.Random(SEED)
    print(f"# SEED={SEED}")
    with tempfile.TemporaryDirectory() as folder:
        file = reloads.File(folder)
        with labs.Lab(file.path, NAME) as lab:
            labs.run("lab", "down", "--name", NAME)
            for victim in ("watcher", "carrier", "both"):
                for way in ("down", "up"):
                    for is_reloaded in (False, True):
                        check_way(tap, lab, file, victim, way, is_reloaded)
            check_middle(tap, lab, file, chance)
    tap.case("in the end nothing is left", leftovers())
    tap.end()


if __name__ == "__main__":
    main()
