// The chain of chain.c in ns-3: UDP echoes over point-to-point links of 1 ms with static routes, the
// stack as ns-3's helpers set it up, and checksums computed. Prints the same figures.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <ns3/applications-module.h>
#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>

static const uint32_t ROUTERS = 10;
static uint64_t hops, answered;

static void Forwarded(const ns3::Ipv4Header &, ns3::Ptr<const ns3::Packet>, uint32_t) {
	hops++;
}

static void Answered(ns3::Ptr<const ns3::Packet>) {
	answered++;
}

static ns3::Ipv4Address Address(uint32_t link, uint32_t end) {
	return ns3::Ipv4Address(10u << 24 | link << 8 | end);
}

int main(int count, char **arguments) {
	if (count != 2)
		return 2;
	uint32_t packets = static_cast<uint32_t>(std::strtoul(arguments[1], nullptr, 10));
	ns3::GlobalValue::Bind("ChecksumEnabled", ns3::BooleanValue(true));

	ns3::NodeContainer nodes;
	nodes.Create(ROUTERS + 2);
	ns3::InternetStackHelper stack;
	ns3::Ipv4StaticRoutingHelper routing;
	stack.SetRoutingHelper(routing);
	stack.SetIpv6StackInstall(false);
	stack.Install(nodes);

	ns3::PointToPointHelper wire;
	wire.SetDeviceAttribute("DataRate", ns3::StringValue("100Gbps"));
	wire.SetChannelAttribute("Delay", ns3::StringValue("1ms"));
	for (uint32_t i = 0; i <= ROUTERS; i++) {
		ns3::NetDeviceContainer devices = wire.Install(nodes.Get(i), nodes.Get(i + 1));
		ns3::Ipv4AddressHelper addresses(Address(i, 0), ns3::Ipv4Mask("255.255.255.0"));
		addresses.Assign(devices);
	}
	ns3::Ipv4Mask mask("255.255.255.0");
	for (uint32_t i = 0; i <= ROUTERS + 1; i++) {
		ns3::Ptr<ns3::Ipv4StaticRouting> table =
			routing.GetStaticRouting(nodes.Get(i)->GetObject<ns3::Ipv4>());
		// Interface 0 is the loopback, 1 the left port (at the first host the right one).
		if (i > 1)
			table->AddNetworkRouteTo(Address(0, 0), mask, Address(i - 1, 1), 1);
		if (i < ROUTERS)
			table->AddNetworkRouteTo(Address(ROUTERS, 0), mask, Address(i, 2), i == 0 ? 1 : 2);
		nodes.Get(i)->GetObject<ns3::Ipv4L3Protocol>()->TraceConnectWithoutContext(
			"UnicastForward", ns3::MakeCallback(&Forwarded));
	}

	ns3::UdpEchoServerHelper server(9);
	server.Install(nodes.Get(ROUTERS + 1)).Start(ns3::Seconds(0));
	ns3::UdpEchoClientHelper client(Address(ROUTERS, 2), 9);
	client.SetAttribute("MaxPackets", ns3::UintegerValue(packets));
	client.SetAttribute("Interval", ns3::TimeValue(ns3::MilliSeconds(1)));
	client.SetAttribute("PacketSize", ns3::UintegerValue(64));
	ns3::ApplicationContainer applications = client.Install(nodes.Get(0));
	applications.Start(ns3::Seconds(1));
	applications.Get(0)->TraceConnectWithoutContext("Rx", ns3::MakeCallback(&Answered));

	ns3::Simulator::Stop(ns3::Seconds(10 + packets / 1000.0));
	auto began = std::chrono::steady_clock::now();
	ns3::Simulator::Run();
	std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
	ns3::Simulator::Destroy();
	if (answered != packets || hops != static_cast<uint64_t>(packets) * 2 * ROUTERS) {
		std::fprintf(stderr, "%lu of %u echoes answered, %lu hops\n", answered, packets, hops);
		return 1;
	}
	std::printf("{\"packets\": %u, \"packetHops\": %lu, \"seconds\": %.6f}\n", packets, hops,
		took.count());
	return 0;
}
