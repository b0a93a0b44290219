#!/usr/bin/env python3
"""TCP through one VPN tunnel: two hosts of a lab, whose virtual networks a VPN connection joins, against
two strongSwan hosts that encrypt in user space. Needs root, iperf3, strongSwan.

    bench/vpn_stream.py INTERPLANE

Both encrypt with AES-256-GCM and have a tunnel of 1,400 bytes. The two are measured in turn, so that both
meet the same machine. Prints JSON; `skipped` says what was missing.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import strongswan_pair  # noqa: E402

RUNS = 3
SECONDS = 3
NAME = "bench-vpn"
TOPOLOGY = """
description: Two virtual networks joined by one VPN connection.
virtualNetworks:
  west:
    location: region1
    addressSpace: [10.1.0.0/24]
    subnets: {workload: 10.1.0.0/25, GatewaySubnet: 10.1.0.128/25}
    gateways:
      west-vpn: {gatewayType: Vpn, bgpSettings: {asn: 65001, bgpPeeringAddress: 10.1.0.254}}
  east:
    location: region2
    addressSpace: [10.2.0.0/24]
    subnets: {workload: 10.2.0.0/25, GatewaySubnet: 10.2.0.128/25}
    gateways:
      east-vpn: {gatewayType: Vpn, bgpSettings: {asn: 65002, bgpPeeringAddress: 10.2.0.254}}
virtualMachines:
  west-vm: {subnet: west/workload, privateIPAddress: 10.1.0.4}
  east-vm: {subnet: east/workload, privateIPAddress: 10.2.0.4}
connections:
  west-east:
    connectionType: Vnet2Vnet
    virtualNetworkGateway1: west-vpn
    virtualNetworkGateway2: east-vpn
    enableBgp: true
    sharedKey: bench
    delay: 1us
"""


class Lab:
    server, client, address = "west-vm", "east-vm", "10.1.0.4"

    def __init__(self, program):
        self.program = program
        self.library = None

    def run(self, *words):
        return subprocess.run([self.program, "lab", words[0], "--name", NAME, *words[1:]], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=60)

    def command(self, host, *words):
        return [self.program, "lab", "exec", host, "--name", NAME, "--", *words]

    def __enter__(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(TOPOLOGY)
            file.flush()
            self.run("up", file.name)
        self.library = json.loads(self.run("status", "--format", "json").stdout)["espLibrary"]
        return self

    def __exit__(self, *_):
        self.run("down")


def stream(hosts):
    """Bits a second that arrive."""
    listening = subprocess.Popen(hosts.command(hosts.server, "iperf3", "-s", "-1"),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.3)
        done = subprocess.run(
            hosts.command(hosts.client, "iperf3", "-J", "-O", "1", "-t", str(SECONDS), "-c",
                          hosts.address),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=SECONDS + 30,
            check=False)
        result = json.loads(done.stdout)
        if "error" in result:
            raise RuntimeError(f"iperf3: {result['error']}")
        return result["end"]["sum_received"]["bits_per_second"]
    finally:
        listening.kill()
        listening.wait()


def missing():
    if os.geteuid() != 0:
        return "needs root"
    for tool in ("iperf3", "ip"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (tools/setup lab)"
    return strongswan_pair.missing()


def measure(program):
    why = missing()
    if why is not None:
        return {"skipped": why}
    ours, theirs = [], []
    for _ in range(RUNS):
        with Lab(program) as lab:
            ours.append(stream(lab))
            library = lab.library
        with strongswan_pair.Pair() as pair:
            theirs.append(stream(pair))
    mine, peer = statistics.median(ours), statistics.median(theirs)
    return {"labGbitPerS": round(mine / 1e9, 2), "strongSwanGbitPerS": round(peer / 1e9, 2),
            "espLibrary": library, "ratio": round(mine / peer, 2), "target": 5,
            "met": mine / peer >= 5}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        print(json.dumps(measure(os.path.abspath(sys.argv[1])), indent=1))
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
        sys.exit(f"bench/vpn_stream.py: {error}")


if __name__ == "__main__":
    main()
