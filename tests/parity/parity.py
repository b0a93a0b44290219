#!/usr/bin/env python3
"""Every ordered pair of the reference network: what ping and traceroute of the kernel see on the hosts
of a running lab, against what the same file predicts. With everything up, with the first circuit's
primary link cut, and after its return."""

import concurrent.futures
import itertools
import sys
import time

import lab as labs

FILE = "examples/interop.yaml"
OTHER_FILES = [
    "examples/sea-cust11.yaml",
    "tests/scenario/hub-and-spokes.yaml",
    "tests/scenario/transit.yaml",
]
LINK = "loc1-ce1--er1-primary"
MARGIN_MS = 1.0
EARLY_MS = 0.05
WORKERS = 4
# A busy machine is late now and then; a wrong path is wrong every time.
ATTEMPTS = 4
UDP_PORT = 33434
# A port for each pair, because a host's pairs are traced at the same time.
UDP_SOURCE_PORTS = itertools.count(40000)
SETTLE_SECONDS = 4


def predict(file, source, target, faults, *more):
    return labs.ask("trace", file, source, target, *faults, *more)


def compare_hops(predicted, measured):
    for index, hop in enumerate(predicted["hops"]):
        seen = measured[index] if index < len(measured) else set()
        wanted = {hop["address"]} if hop["address"] else set()
        if seen != wanted:
            return (
                f"TTL {hop['ttl']}: predicted {hop['address'] or '*'}, "
                f"measured {' '.join(sorted(seen)) or '*'}"
            )
    return None


def check_ping(lab, source, target, predicted):
    count = "3" if predicted["reached"] else "2"
    done = lab.on(source, "ping", "-n", "-c", count, "-i", "0.1", "-W", "0.7", predicted["destination"])
    times = labs.ping_times(done.stdout)
    if bool(times) != predicted["reached"]:
        return f"predicted {predicted['verdict']}, ping says: {done.stdout.strip()}"
    if not times:
        return None
    wanted = min(predicted["hops"][-1]["rttMs"])
    if not wanted - EARLY_MS <= min(times) <= wanted + MARGIN_MS:
        return f"round trip predicted {wanted} ms, measured {min(times)} ms"
    return None


def check_traceroute(lab, source, predicted, *how):
    # One TTL beyond the last predicted: who is not reached has to stay silent there too.
    last = len(predicted["hops"]) + (not predicted["reached"])
    done = lab.on(
        source, "traceroute", "-n", "-w", "0.5", "-m", str(last), *how, predicted["destination"]
    )
    problem = compare_hops(predicted, labs.traceroute_hops(done.stdout))
    return problem and f"{problem}\n{done.stdout.strip()}"


def check_pair(lab, source, target, faults):
    source_port = str(next(UDP_SOURCE_PORTS))
    icmp = predict(lab.file, source, target, faults)
    udp = predict(
        lab.file, source, target, faults,
        "--protocol", "udp", "--port", str(UDP_PORT), "--source-port", source_port,
    )
    checks = (
        lambda: check_ping(lab, source, target, icmp),
        lambda: check_traceroute(lab, source, icmp, "-I"),
        lambda: check_traceroute(
            lab, source, udp,
            "-q", "1", "-U", "-p", str(UDP_PORT), f"--sport={source_port}",
        ),
    )
    for check in checks:
        for _ in range(ATTEMPTS):
            problem = check()
            if not problem:
                break
        if problem:
            return problem
    return None


def check_all(tap, lab, pairs, title, faults):
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        results = pool.map(lambda pair: check_pair(lab, *pair, faults), pairs)
        for (source, target), problem in zip(pairs, results):
            tap.case(f"{title}: {source} to {target}", problem)
    verify = labs.run("verify", "--live", lab.name)
    tap.case(f"{title}: interplane verify", verify.returncode and verify.stdout + verify.stderr)


def wait_until_settled(lab):
    """Only timers notice a cut, and the platform takes its second; then nothing is in flight."""
    deadline = time.monotonic() + 10
    time.sleep(SETTLE_SECONDS)
    while not lab.status()["converged"] and time.monotonic() < deadline:
        time.sleep(0.1)


def check_file(tap, file):
    """Other networks, both families: appliances, security groups, other gateways."""
    with labs.Lab(file, "parity-file") as lab:
        for more in ([], ["--ipv6"]):
            verify = labs.run("verify", "--live", lab.name, *more)
            tap.case(" ".join([file, *more]), verify.returncode and verify.stdout + verify.stderr)


def main():
    labs.need("ping", "traceroute")
    tap = labs.Tap()
    for file in OTHER_FILES:
        check_file(tap, file)
    with labs.Lab(FILE, "parity") as lab:
        hosts = [host["name"] for host in lab.status()["hosts"]]
        pairs = [(a, b) for a in hosts for b in hosts if a != b]
        check_all(tap, lab, pairs, "all up", [])
        lab.verb("cut-link", LINK)
        wait_until_settled(lab)
        check_all(tap, lab, pairs, "cut", ["--event", f"0s cut {LINK}"])
        lab.verb("up-link", LINK)
        wait_until_settled(lab)
        check_all(tap, lab, pairs, "returned", [])
    tap.end()


if __name__ == "__main__":
    sys.exit(main())
