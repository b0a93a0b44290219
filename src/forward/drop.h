// Why a packet ended. Every drop of the data plane is one named edge with a counter; users see the
// names in traces, counters and JSON, so they are stable.
#pragma once

// DROP(constant, name, text)
#define DROPS(DROP)                                                                          \
	DROP(NO_ROUTE, "no-route", "no route holds the destination")                             \
	DROP(NONE_ROUTE, "none-route", "the route's next hop is None")                           \
	DROP(DENIED, "denied", "a rule denies it")                                               \
	DROP(SOURCE_NOT_KNOWN, "source-not-known", "the source has no route here")               \
	DROP(SOURCE_ELSEWHERE, "source-elsewhere",                                               \
		"the way back to the source leads out of another port")                              \
	DROP(NOT_FORWARDING, "not-forwarding",                                                   \
		"neither source nor destination is this NIC's address, and IP forwarding is off")    \
	DROP(PEERING_REFUSED, "peering-refused", "the peering does not let it in")               \
	DROP(NO_HOST, "no-host", "nobody has the address")                                       \
	DROP(LEFT_TO_INTERNET, "left-to-internet", "the route's next hop is the Internet")       \
	DROP(LEFT_TO_SERVICE, "left-to-service", "the route's next hop is a service endpoint")   \
	DROP(TTL_EXPIRED, "ttl-expired", "the TTL ran out")                                      \
	DROP(LOOP, "loop", "it passed too many nodes")                                           \
	DROP(MTU, "mtu", "it is larger than the link and may not be fragmented")                 \
	DROP(LINK_DOWN, "link-down", "the link is down")                                         \
	DROP(LINK_CUT, "link-cut", "the link loses everything and tells nobody")                 \
	DROP(TUNNEL_DOWN, "tunnel-down", "the tunnel has no keys")                               \
	DROP(LOST, "lost", "the link lost it")                                                   \
	DROP(QUEUE_FULL, "queue-full", "the link's queue was full")                              \
	DROP(MALFORMED, "malformed", "the packet is malformed")                                  \
	DROP(MULTICAST, "multicast", "multicasts and broadcasts are not forwarded")              \
	DROP(ESP_UNKNOWN_SPI, "esp-unknown-spi", "no security association has this SPI")         \
	DROP(ESP_BAD_TAG, "esp-bad-tag", "the packet's integrity check failed")                  \
	DROP(ESP_REPLAYED, "esp-replayed", "the sequence number was seen before or is too old")  \
	DROP(NO_LISTENER, "no-listener", "nothing listens there")                                \
	DROP(NO_ADDRESS_ON_PORT, "no-address-on-port", "the port has no address to answer from") \
	DROP(SILENT, "silent", "this node never answers")                                        \
	DROP(NO_ERROR_DUE, "no-error-due",                                                       \
		"no ICMP error is sent about such a packet (RFC 1122 3.2.2)")                        \
	DROP(NODE_DOWN, "node-down", "the node is down")

enum drop {
#define DROP_ENUM(constant, name, text) DROP_##constant,
	DROPS(DROP_ENUM)
#undef DROP_ENUM
		DROP_COUNT,
};

const char *drop_name(enum drop drop);
const char *drop_text(enum drop drop);
