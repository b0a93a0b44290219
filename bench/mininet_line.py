#!/usr/bin/env python3
"""The peer of bench/lab_scale.py: routers in a line, hosts behind each, in Mininet.

Prints `up` once the first host reaches the last; takes everything down when a line comes in. Without
switches, since Open vSwitch needs a kernel module: a router's LAN is a bridge of the kernel inside it.
"""

import sys

from mininet.net import Mininet
from mininet.node import Node


def address(router, host):
    return f"10.{router}.0.{host + 10}"


def main():
    routers, hosts_each = int(sys.argv[1]), int(sys.argv[2])
    net = Mininet(controller=None, build=False)
    line = [net.addHost(f"r{i}", cls=Node, ip=None) for i in range(routers)]
    for i, router in enumerate(line):
        router.cmd("sysctl -w net.ipv4.ip_forward=1; ip link add lan type bridge; ip link set lan up; "
                   f"ip addr add 10.{i}.0.1/24 dev lan")
        for j in range(hosts_each):
            host = net.addHost(f"h{i}x{j}", cls=Node, ip=None)
            link = net.addLink(host, router)
            link.intf2.cmd(f"ip link set {link.intf2.name} master lan up")
            host.cmd(f"ip addr add {address(i, j)}/24 dev {link.intf1.name}; "
                     f"ip link set {link.intf1.name} up; ip route add default via 10.{i}.0.1")
    for i in range(routers - 1):
        link = net.addLink(line[i], line[i + 1])
        for end, (intf, router) in enumerate(((link.intf1, line[i]), (link.intf2, line[i + 1]))):
            router.cmd(f"ip addr add 172.16.{i}.{end}/31 dev {intf.name}; ip link set {intf.name} up")
    for i, router in enumerate(line):
        routes = [f"ip route add 10.{other}.0.0/24 via 172.16.{i - 1}.0" for other in range(i)]
        routes += [f"ip route add 10.{other}.0.0/24 via 172.16.{i}.1" for other in range(i + 1, routers)]
        router.cmd("; ".join(routes))
    last = address(routers - 1, hosts_each - 1)
    answer = net.get("h0x0").cmd(f"ping -c 1 -W 2 {last}")
    print("up" if " 0% packet loss" in answer else answer, flush=True)
    sys.stdin.readline()
    net.stop()


if __name__ == "__main__":
    main()
