"""A running lab beside a chain of the kernel's own namespaces of the same length.

host - N routers - host, once as `interplane lab up` runs it, once as veth pairs and ip_forward. The
same programs (traffic.c) send and receive at both ends. Needs root and /dev/net/tun.

    bench/live.py BUILD [WHAT ...]     prints the figures by themselves
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile

RUNS = 3
STREAM_RUNS = 7  # who shares a processor with whom makes the most difference
FLOOD_SECONDS = 1.2
STREAM_SECONDS = 2
ECHOES = 10000
LOAD_RATE = 50000
TOGETHER = 32  # datagrams in one sendmmsg()
ROUTERS_BETWEEN = {1: 1.1, 3: 1.5, 5: 2.0, 10: 4.0}
LONG = 5
WAIT_SECONDS_MAX = 30
NAME = f"bench{os.getpid()}"


def why_not():
    """Why a lab can't run here; None when it can."""
    if os.geteuid() != 0:
        return "needs root"
    return None if os.path.exists("/dev/net/tun") else "needs /dev/net/tun"


def compared(ratio, at_least, **figures):
    return {**figures, "ratio": round(ratio, 3), "target": at_least, "met": ratio >= at_least}


def run(*command, **more):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=WAIT_SECONDS_MAX,
                          **more)


class Chain:
    """What stands between two hosts, and their ends in it."""

    def __init__(self, build, left, right, to):
        self.traffic = os.path.join(build, "bench/traffic")
        self.left, self.right, self.to = left, right, to

    def start(self, where, *words):
        return self.start_program(where, self.traffic, *words)

    def start_program(self, where, *words):
        return subprocess.Popen(
            ["ip", "netns", "exec", where, *map(str, words)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )

    def finish(self, process):
        try:
            output, _ = process.communicate(timeout=WAIT_SECONDS_MAX)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            raise RuntimeError(f"{' '.join(process.args)} failed")
        return json.loads(output)

    def both(self, receive, send):
        """What the receiver and what the sender print."""
        receiver = self.start(self.right, *receive)
        try:
            run("sleep", "0.1")
            sent = self.finish(self.start(self.left, *send))
        except BaseException:
            receiver.kill()
            receiver.wait()
            raise
        return self.finish(receiver), sent

    def datagrams_per_second(self, together=TOGETHER, *more):
        got, _ = self.both(("count", FLOOD_SECONDS),
                           ("flood", self.to, FLOOD_SECONDS + 0.5, 0, together, *more))
        return got["packets"] / got["seconds"]

    def single_datagrams_per_second(self):
        """A system call for each."""
        return self.datagrams_per_second(1)

    def mixed_datagrams_per_second(self):
        """No two alike behind each other, so that none travel together."""
        return self.datagrams_per_second(TOGETHER, "mixed")

    def bits_per_second(self):
        got, _ = self.both(("sink", STREAM_SECONDS), ("stream", self.to, STREAM_SECONDS + 0.5))
        return got["bytes"] * 8 / got["seconds"]

    def iperf3_bits_per_second(self):
        server = self.start_program(self.right, "iperf3", "-s", "-1", "-J")
        try:
            run("sleep", "0.2")
            words = ("iperf3", "-J", "-c", self.to, "-t", STREAM_SECONDS)
            sent = self.finish(self.start_program(self.left, *words))
        finally:
            server.kill()
            server.wait()
        return sent["end"]["sum_received"]["bits_per_second"]

    def round_trip_us(self):
        return self.finish(self.start(self.left, "echo", self.to, ECHOES))["medianUs"]

    def loaded_round_trip_us(self):
        seconds = 3
        receiver = self.start(self.right, "count", seconds)
        load = self.start(self.left, "flood", self.to, seconds, LOAD_RATE, TOGETHER)
        try:
            run("sleep", "0.3")
            return self.round_trip_us()
        finally:
            for process in (load, receiver):
                process.kill()
                process.wait()


def topology(routers):
    """The file of a site with a chain of routers; link i is 10.77.i.0/24."""
    def interfaces(i):
        return {
            "left": {"address": f"10.77.{i - 1}.2/24", "segment": f"s{i - 1}"},
            "right": {"address": f"10.77.{i}.1/24", "segment": f"s{i}"},
        }

    ends = {"left": (0, 1, 2), "right": (routers, 2, 1)}
    return {"sites": {"chain": {
        "hosts": {
            name: {"segment": f"s{link}", "address": f"10.77.{link}.{own}/24",
                   "gateway": f"10.77.{link}.{gateway}"}
            for name, (link, own, gateway) in ends.items()
        },
        "routers": {f"r{i}": {"interfaces": interfaces(i)} for i in range(1, routers + 1)},
    }}}


@contextlib.contextmanager
def lab_chain(build, routers):
    program = os.path.join(build, "interplane")
    name = f"{NAME}-{routers}"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "chain.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(topology(routers), file)
        run(program, "lab", "up", path, "--name", name, stdout=subprocess.DEVNULL)
        try:
            yield Chain(build, f"ip-{name}-left", f"ip-{name}-right", f"10.77.{routers}.2")
        finally:
            run(program, "lab", "down", "--name", name)


def kernel_commands(names):
    routers = len(names) - 2
    for i, (left, right) in enumerate(zip(names, names[1:])):
        yield f"link add right netns {left} type veth peer name left netns {right}"
        yield f"-n {left} addr add 10.77.{i}.1/24 dev right"
        yield f"-n {right} addr add 10.77.{i}.2/24 dev left"
        yield f"-n {left} link set dev right up"
        yield f"-n {right} link set dev left up"
    yield f"-n {names[0]} route add default via 10.77.0.2"
    yield f"-n {names[-1]} route add default via 10.77.{routers}.1"
    for i in range(1, routers + 1):
        if i < routers:
            yield f"-n {names[i]} route add 10.77.{routers}.0/24 via 10.77.{i}.2"
        if i > 1:
            yield f"-n {names[i]} route add 10.77.0.0/24 via 10.77.{i - 1}.1"


@contextlib.contextmanager
def kernel_chain(build, routers):
    names = [f"{NAME}-k{routers}-{i}" for i in range(routers + 2)]
    made = []
    try:
        for name in names:
            run("ip", "netns", "add", name)
            made.append(name)
            run("ip", "netns", "exec", name, "sysctl", "-q", "net.ipv4.ip_forward=1",
                "net.ipv6.conf.all.disable_ipv6=1", "net.ipv4.ping_group_range=0 2147483647",
                "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=2147483647")
        for command in kernel_commands(names):
            run("ip", *command.split())
        yield Chain(build, names[0], names[-1], f"10.77.{routers}.2")
    finally:
        for name in made:
            run("ip", "netns", "del", name)


def beside(build, routers, measure, runs=RUNS):
    """The median of what our chain and the kernel's come to, in turn."""
    ours, theirs = [], []
    with lab_chain(build, routers) as lab, kernel_chain(build, routers) as kernel:
        for chain in (lab, kernel):
            chain.round_trip_us()  # neighbours are known from here on
        for _ in range(runs):
            ours.append(measure(lab))
            theirs.append(measure(kernel))
    return statistics.median(ours), statistics.median(theirs)


def datagrams(build):
    results = {}
    for routers, at_least in ROUTERS_BETWEEN.items():
        mine, peer = beside(build, routers, Chain.datagrams_per_second)
        results[f"through{routers}"] = compared(
            mine / peer, at_least, perSecond=round(mine), kernelPerSecond=round(peer))
    return results


def single_datagrams(build):
    """For comparison: a sender that makes a system call for each."""
    mine, peer = beside(build, LONG, Chain.single_datagrams_per_second)
    return compared(mine / peer, ROUTERS_BETWEEN[LONG], routers=LONG, perSecond=round(mine),
                    kernelPerSecond=round(peer))


def mixed_datagrams(build):
    """For comparison, without a target: many sizes."""
    mine, peer = beside(build, LONG, Chain.mixed_datagrams_per_second)
    return {"routers": LONG, "perSecond": round(mine), "kernelPerSecond": round(peer),
            "ratio": round(mine / peer, 3)}


def streams(build, measure):
    mine, peer = beside(build, LONG, measure, STREAM_RUNS)
    return compared(mine / peer, 0.95, routers=LONG, gigabitsPerSecond=round(mine / 1e9, 2),
                    kernelGigabitsPerSecond=round(peer / 1e9, 2))


def stream(build):
    """By iperf3, and by a sender and a receiver that do nothing else."""
    return {"iperf3": streams(build, Chain.iperf3_bits_per_second),
            "bare": streams(build, Chain.bits_per_second)}


def round_trips(build):
    results = {}
    for name, measure in (("idle", Chain.round_trip_us), ("loaded", Chain.loaded_round_trip_us)):
        mine, peer = beside(build, LONG, measure)
        results[name] = compared(peer / mine, 0.5, routers=LONG, medianUs=round(mine, 2),
                                 kernelMedianUs=round(peer, 2))
    return results


PARTS = {"datagrams": datagrams, "singleDatagrams": single_datagrams,
         "mixedDatagrams": mixed_datagrams, "stream": stream, "roundTrips": round_trips}


def figures(build, parts=()):
    reason = why_not()
    if reason:
        return {"skipped": reason}
    return {name: part(build) for name, part in PARTS.items() if not parts or name in parts}


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print(json.dumps(figures(os.path.abspath(sys.argv[1]), sys.argv[2:]), indent=1))
