#!/usr/bin/env python3
"""What a lab is not made for: no rights, wrong names, networks without hosts, full disks, a folder that
somebody removes, a host that floods. A clear message, a lab that lives on, nothing left behind."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

FILE = "examples/interop.yaml"
NAME = "misused"
SPACES = "/run/netns"
STATE = "/run/interplane"
NOBODY = 65534


def leftovers(name):
    spaces = os.listdir(SPACES) if os.path.isdir(SPACES) else []
    left = [space for space in spaces if space.startswith(f"ip-{name}-")]
    return left + [path for path in (f"{STATE}/{name}",) if os.path.isdir(path)]


def wait_until(condition, seconds=3):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def check_rights(tap):
    def lose_rights():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(labs.PROGRAM, folder)
        file = shutil.copy(os.path.join(labs.ROOT, FILE), folder)
        done = [subprocess.run([program, "lab", *words], preexec_fn=lose_rights, text=True, cwd="/",
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                for words in (["up", file], ["status"], ["reload", file])]
    tap.case("without root's rights it says what it needs",
             None if all(one.returncode == 3 and "needs root" in one.stderr for one in done)
             else str(done))


def check_names(tap):
    done = labs.run("lab", "up", os.path.join(labs.ROOT, FILE), "--name", "n" * 49)
    tap.case("a lab's name that is too long",
             None if done.returncode == 2 and "48" in done.stderr else done.stderr)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "long.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("virtualNetworks:\n  hub:\n    addressSpace: [10.0.0.0/24]\n"
                       "    subnets: {work: 10.0.0.0/24}\n"
                       f"virtualMachines:\n  {'h' * 130}: {{subnet: hub/work}}\n")
        done = labs.run("lab", "up", path, "--name", NAME)
        tap.case("a host's name that is too long for a namespace", None if done.returncode in (2, 3)
                 and "long" in done.stderr and not leftovers(NAME) else f"{done}")
        with open(path, "w", encoding="utf-8") as file:
            file.write("virtualNetworks:\n  hub:\n    addressSpace: [10.0.0.0/24]\n"
                       "    subnets: {work: 10.0.0.0/24}\n")
        with labs.Lab(path, NAME) as lab:
            status = lab.status()
            done = lab.on("nobody", "true")
            tap.case("a network without hosts is a lab without hosts",
                     None if not status["hosts"] and done.returncode == 2 else str(status))
        tap.case("which leaves nothing", leftovers(NAME))


def check_disks(tap, lab):
    capture = subprocess.Popen(
        [labs.PROGRAM, "lab", "capture", "all", "-w", "/dev/full", "--name", lab.name],
        stderr=subprocess.PIPE, text=True)
    time.sleep(0.3)
    alive = lab.on("hub-vm", "ping", "-c", "2", "-i", "0.1", "10.11.30.4")
    ended = wait_until(lambda: capture.poll() is not None)
    capture.kill()
    capture.communicate()
    tap.case("a capture to a full disk ends, the lab doesn't",
             None if ended and capture.returncode and not alive.returncode
             else f"{capture.returncode} {alive.stdout}")
    full = subprocess.run(["prlimit", "--fsize=512", labs.PROGRAM, "lab", "up", lab.file, "--name",
                           "misused-full"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    gone = wait_until(lambda: not leftovers("misused-full"))
    tap.case("a lab whose state can't be written does not begin, and leaves nothing",
             None if full.returncode and gone else f"{full} {leftovers('misused-full')}")


def check_flood(tap, lab):
    flood = subprocess.Popen(
        lab.command("spoke-vm", "timeout", "4", "ping", "-f", "-q", "-s", "1400", "10.10.30.4"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    quiet = lab.on("loc1-vm", "ping", "-q", "-i", "0.01", "-c", "200", "-W", "1", "10.2.30.3")
    other = lab.on("branch-vm", "ping", "-q", "-i", "0.05", "-c", "20", "-W", "1", "10.10.30.4")
    report = flood.communicate(timeout=10)[0]
    print("# flood:", " ".join(report.splitlines()[-2:-1]))
    lost = [200 - int(re.search(r"(\d+) received", quiet.stdout)[1]),
            20 - int(re.search(r"(\d+) received", other.stdout)[1])]
    print("#", quiet.stdout.splitlines()[-1], "|", other.stdout.splitlines()[-1])
    tap.case("while a host floods, others lose nothing, to its target neither",
             None if lost == [0, 0] else f"{lost} lost")


def check_folder(tap):
    with labs.Lab(FILE, NAME) as lab:
        shutil.rmtree(f"{STATE}/{NAME}")
        gone = wait_until(lambda: not leftovers(NAME))
        with open(f"{STATE}/{NAME}.log", encoding="utf-8") as log:
            said = log.read()
        again = labs.run("lab", "up", lab.file, "--name", NAME)
        tap.case("a lab whose folder is removed ends, leaves nothing, says so in its log",
                 None if gone and "removed" in said and not again.returncode else f"{said} {again}")


def main():
    labs.need("ping", "prlimit")
    tap = labs.Tap()
    check_rights(tap)
    check_names(tap)
    with labs.Lab(FILE, NAME) as lab:
        check_disks(tap, lab)
        check_flood(tap, lab)
    check_folder(tap)
    tap.case("in the end nothing is left", leftovers(NAME))
    tap.end()


if __name__ == "__main__":
    main()
