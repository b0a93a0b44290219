#!/usr/bin/env python3
"""A hundred hosts behind ten routers, up and down: a lab against Mininet. Needs root.

    bench/lab_scale.py INTERPLANE

The routers stand in a line, each with a LAN of ten hosts. Mininet makes every router and every host a
namespace (its LinuxRouter), each LAN a bridge of the kernel, and has static routes; a lab has the hosts as
namespaces, and its routers find their routes by themselves. Both are up when the first host reaches the
last, and down when nothing of them is left. Prints JSON; `skipped` says what was missing.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROUTERS = 10
HOSTS_EACH = 10
RUNS = 3
NAME = "bench-scale"
PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mininet_line.py")
DEBIAN_PYTHON = "/usr/bin/python3"  # whose packages Mininet is among
LIMIT_S = 120


def topology():
    lines = ["description: Ten routers in a line, ten hosts behind each.", "sites:", "  line:", "    hosts:"]
    for router in range(ROUTERS):
        for host in range(HOSTS_EACH):
            lines.append(
                f"      h{router}-{host}: {{segment: lan{router}, "
                f"address: 10.{router}.0.{host + 10}/24, gateway: 10.{router}.0.1}}"
            )
    lines.append("    routers:")
    for router in range(ROUTERS):
        lines += [f"      r{router}:", "        interfaces:",
                  f"          lan: {{address: 10.{router}.0.1/24, segment: lan{router}}}"]
        if router > 0:
            lines.append(f"          left: {{address: 172.16.{router - 1}.1/31, segment: wire{router - 1}}}")
        if router < ROUTERS - 1:
            lines.append(f"          right: {{address: 172.16.{router}.0/31, segment: wire{router}}}")
    return "\n".join(lines) + "\n"


def resident_kb(pids, field="Pss"):
    """What processes hold, shared pages counted once."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith(field + ":"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


def descendants(root):
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(parent_of(int(entry)), []).append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                continue
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def our_spaces():
    return [name for name in os.listdir("/run/netns") if name.startswith(f"ip-{NAME}-")]


def lab_once(program, path):
    def run(*words):
        return subprocess.run([program, "lab", words[0], "--name", NAME, *words[1:]], check=True, timeout=LIMIT_S,
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    status = None
    began = time.perf_counter()
    run("up", path)
    try:
        run("exec", "h0-0", "--", "ping", "-c", "1", "-W", "2",
            f"10.{ROUTERS - 1}.0.{HOSTS_EACH + 9}")
        up = time.perf_counter() - began
        status = json.loads(run("status", "--format", "json").stdout)
        memory = resident_kb([status["pid"], parent_of(status["pid"])])
    finally:
        began = time.perf_counter()
        run("down")
        down = time.perf_counter() - began
    if our_spaces() or os.path.exists(f"/proc/{status['pid']}"):
        raise RuntimeError("the lab left something behind")
    return up, down, memory


def mininet_once():
    """The peer tells when it is up and when it is down; its children are counted in between."""
    peer = subprocess.Popen([DEBIAN_PYTHON, PEER, str(ROUTERS), str(HOSTS_EACH)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            start_new_session=True)
    began = time.perf_counter()
    try:
        if peer.stdout.readline().strip() != "up":
            raise RuntimeError("Mininet's first host does not reach the last")
        up = time.perf_counter() - began
        memory = resident_kb(descendants(peer.pid))
        began = time.perf_counter()
        peer.stdin.write("down\n")
        peer.stdin.flush()
        peer.wait(timeout=LIMIT_S)
        down = time.perf_counter() - began
        if peer.returncode != 0:
            raise RuntimeError("Mininet failed on the way down")
        return up, down, memory
    finally:
        if peer.poll() is None:
            for pid in descendants(peer.pid):  # shells in sessions of their own
                os.kill(pid, signal.SIGKILL)
            peer.wait()


def missing():
    if os.geteuid() != 0:
        return "needs root"
    if shutil.which("mn") is None:
        return "Mininet is not installed (tools/setup bench)"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    return None


def figures(runs):
    up, down, memory = (statistics.median(column) for column in zip(*runs))
    return {"upSeconds": round(up, 3), "downSeconds": round(down, 3), "memoryMB": round(memory / 1024, 1)}


def measure(program):
    why = missing()
    if why is not None:
        return {"skipped": why}
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "line.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(topology())
        for _ in range(RUNS):
            ours.append(lab_once(program, path))
            theirs.append(mininet_once())
    mine, peer = figures(ours), figures(theirs)
    ratio = (peer["upSeconds"] + peer["downSeconds"]) / (mine["upSeconds"] + mine["downSeconds"])
    return {"routers": ROUTERS, "hosts": ROUTERS * HOSTS_EACH, "lab": mine, "mininet": peer,
            "ratio": round(ratio, 2), "target": 2, "met": ratio >= 2}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        print(json.dumps(measure(os.path.abspath(sys.argv[1])), indent=1))
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"bench/lab_scale.py: {error}")


if __name__ == "__main__":
    main()
