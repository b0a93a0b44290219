#!/usr/bin/env python3
"""The reference network: every result of the article against examples/interop.yaml, the members of
its equal paths, and networks made from it by a change whose effect follows from the rules."""

import ipaddress
import re
import sys

import article
from program import Networks, ask, check, example, replace, run_cases

SEEDS = range(2, 10)
NETWORKS = Networks()
TEXT = example("interop.yaml")
TEXT = TEXT[: TEXT.index("\ntests:")] + "\n"  # its own tests are not what is asked here

# Other addresses for the same network, range by range.
MOVED = {
    "10.10.30.": "10.90.7.",
    "10.11.30.": "172.20.5.",
    "10.17.30.": "10.44.99.",
    "10.2.30.": "10.61.200.",
    "10.1.31.": "100.64.9.",
    "192.168.30.": "172.31.30.",
    "192.168.31.": "172.31.131.",
}
V4 = re.compile(r"(?<![\w.\"])(\d+\.\d+\.\d+\.\d+)(/\d+)?(?![\w.])")
PUBLIC = ("52.", "66.")  # the tunnels' outer addresses stay IPv4


def moved(address):
    for old, new in MOVED.items():
        if address.startswith(old):
            return new + address[len(old):]
    return address


def in_v6(address):
    return str(ipaddress.IPv6Address((0xFD00 << 112) | int(ipaddress.IPv4Address(address))))


def v6_text(match):
    address, length = match.groups()
    if address.startswith(PUBLIC):
        return match.group(0)
    return f"\"{in_v6(address)}{'/' + str(int(length[1:]) + 96) if length else ''}\""


def without_comments(text):
    return "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in text.split("\n"))


def unseeded():
    return re.sub(r"\bhashSeed: *\d+,? *", "", without_comments(TEXT))


def moved_text():
    text = unseeded()
    for old, new in MOVED.items():
        text = replace(text, old, new)
    return text


def v6_network():
    return V4.sub(v6_text, unseeded())


def result_between(start, end):
    return next(
        result for result in article.RESULTS
        if (result["from"], result["to"], result["down"]) == (start, end, [])
    )


def as_printed(result):
    path = NETWORKS.write("interop", TEXT)
    hops = [article.hops_of(result)] if result["reached"] else []
    return lambda: article.check_result(path, result, hops)


def with_seed(seed):
    path = NETWORKS.write("unseeded", unseeded())

    def case():
        for result in article.RESULTS:
            allowed = article.alternatives(result) if result["reached"] else []
            article.check_result(path, result, allowed, "--seed", seed)
    return case


def every_member_is_taken():
    """Each alternative is some seed's choice, and --all-paths knows as many ways."""
    path = NETWORKS.write("unseeded", unseeded())
    for start, end in (("hub-vm", "remote-vm"), ("hub-vm", "loc2-vm"), ("loc2-vm", "hub-vm")):
        result = result_between(start, end)
        seen = {
            tuple(article.answered_hops(article.trace(path, result, "--seed", seed)))
            for seed in SEEDS
        }
        wanted = set(map(tuple, article.alternatives(result)))
        check(seen == wanted, f"{start} to {end}: {seen}, not {wanted}")
        ways = article.trace(path, result, "--all-paths")["allPaths"]
        check(len(ways) > 1, f"{start} to {end}: --all-paths knows one way")


def one_member(start, end, nodes):
    """Towards location 1 only the primary MSEE has a route."""
    path = NETWORKS.write("unseeded", unseeded())

    def case():
        ways = ask("trace", path, start, end, "--all-paths")["allPaths"]
        for way in ways:
            check(all(node in way["nodes"] for node in nodes), str(way))
            check("er1-secondary" not in way["nodes"], str(way))
    return case


def altered(name, text, translate=str):
    """All results hold in the altered network."""
    cases = []
    for result in article.RESULTS:
        def case(result=result):
            path = NETWORKS.write(name, text())
            allowed = article.alternatives(result) if result["reached"] else []
            article.check_result(path, result, allowed, translate=translate)
        cases.append((f"{name}: {article.name_of(result)}", case))
    return cases


def second_link_up():
    path = NETWORKS.write("second-link", replace(unseeded(), ", shutdown: true", "", 1))
    there = {
        article.answered_hops(ask("trace", path, "hub-vm", "loc1-vm", "--seed", seed))[0]
        for seed in SEEDS
    }
    check(there == {"10.10.30.132", "10.10.30.133"}, str(there))
    back = {
        tuple(article.answered_hops(ask("trace", path, "loc1-vm", "hub-vm", "--seed", seed)))
        for seed in SEEDS
    }
    wanted = {
        ("10.2.30.3", "192.168.30.0", "192.168.30.18", "*", "10.10.30.4"),
        ("10.2.30.3", "192.168.30.4", "192.168.30.22", "*", "10.10.30.4"),
    }
    check(back == wanted, str(back))


def second_link_takes_over():
    path = NETWORKS.write("second-link", replace(unseeded(), ", shutdown: true", "", 1))
    answer = ask("trace", path, "hub-vm", "loc1-vm", "--down", "loc1-ce1--er1-primary")
    check(article.answered_hops(answer)[0] == "10.10.30.133", str(answer["hops"]))
    check(answer["reached"], answer["verdict"])


def transfer_networks_announced():
    """With the transfer networks known in Azure, nothing at location 1 is silent any more."""
    more = "[10.2.30.0/25, 192.168.30.0/31, 192.168.30.16/30]"
    text = replace(unseeded(), "[10.2.30.0/25]", more)
    path = NETWORKS.write("announced", text)
    for start in ("hub-vm", "spoke-vm"):
        hops = article.answered_hops(ask("trace", path, start, "loc1-vm"))
        wanted = ["10.10.30.132", "192.168.30.17", "192.168.30.1", "10.2.30.10"]
        check(hops == wanted, f"{start}: {hops}")


def preference_turned_round():
    """The edge prefers the tunnel, Azure the circuit: the two directions differ."""
    text = replace(
        unseeded(),
        "192.168.30.18: {remoteAsn: 12076, localPreference: 200,",
        "192.168.30.18: {remoteAsn: 12076, localPreference: 50,", 1,
    )
    path = NETWORKS.write("asymmetric", text)
    there = ask("trace", path, "loc1-vm", "hub-vm")
    check(article.answered_hops(there) == ["10.2.30.3", "192.168.30.0", "10.10.30.4"],
          str(article.answered_hops(there)))
    check(there["return"]["symmetric"] is False, str(there["return"]))
    check("er1-primary" in there["return"]["nodes"], str(there["return"]))
    check("hub-vpn" in there["forward"]["nodes"], str(there["forward"]))
    back = ask("trace", path, "hub-vm", "loc1-vm")
    check(article.answered_hops(back)[0] == "10.10.30.132", str(article.answered_hops(back)))
    check(back["return"]["symmetric"] is False, str(back["return"]))


def as_given_is_symmetric():
    path = NETWORKS.write("interop", TEXT)
    for start, end in (("loc1-vm", "hub-vm"), ("hub-vm", "branch-vm"), ("loc1-vm", "branch-vm")):
        answer = ask("trace", path, start, end)
        check(answer["return"]["symmetric"] is True, f"{start} to {end}: {answer['return']}")


def main():
    cases = [(article.name_of(result), as_printed(result)) for result in article.RESULTS]
    cases += [(f"all results with seed {seed}", with_seed(seed)) for seed in SEEDS]
    cases += [
        ("each member of equal paths is taken", every_member_is_taken),
        ("only the primary MSEE leads to location 1",
         one_member("hub-vm", "loc1-vm", ["er1-primary", "loc1-ce1"])),
        ("the given network is symmetric", as_given_is_symmetric),
        ("location 1's second link up: both edges carry", second_link_up),
        ("location 1's second link takes over", second_link_takes_over),
        ("announced transfer networks make the edge visible", transfer_networks_announced),
        ("local preference turned round makes paths asymmetric", preference_turned_round),
    ]
    cases += altered("moved", moved_text, moved)
    cases += altered("in IPv6", v6_network, in_v6)
    return run_cases(cases)


if __name__ == "__main__":
    sys.exit(main())
