// What became of a packet, in the words users see. Stable: scripts match on the names.
#pragma once

#include "forward/drop.h"

// VERDICT(constant, name, text)
#define VERDICTS(VERDICT)                                                                        \
	VERDICT(DELIVERED, "delivered", "it arrived and the answer came back")                       \
	VERDICT(NO_ROUTE, "no-route", "no route holds the destination")                              \
	VERDICT(NONE_ROUTE, "none-route", "the route's next hop is None")                            \
	VERDICT(DENIED, "denied", "a rule denies it")                                                \
	VERDICT(SOURCE_NOT_KNOWN, "source-not-known", "the source has no route where it arrives")    \
	VERDICT(                                                                                     \
		NOT_FORWARDING, "not-forwarding", "a NIC without IP forwarding got what is not its own") \
	VERDICT(PEERING_REFUSED, "peering-refused", "the peering does not let it in")                \
	VERDICT(NO_HOST, "no-host", "nobody has the address")                                        \
	VERDICT(LEFT_TO_INTERNET, "left-to-internet", "the route's next hop is the Internet")        \
	VERDICT(LEFT_TO_SERVICE, "left-to-service", "the route's next hop is a service endpoint")    \
	VERDICT(TTL_EXPIRED, "ttl-expired", "the TTL ran out")                                       \
	VERDICT(LOOP, "loop", "it went in circles")                                                  \
	VERDICT(MTU, "mtu", "it is larger than a link and may not be fragmented")                    \
	VERDICT(LINK_DOWN, "link-down", "the link or the node behind it is down")                    \
	VERDICT(TUNNEL_DOWN, "tunnel-down", "the tunnel has no keys")                                \
	VERDICT(LOST, "lost", "it was lost on the way")                                              \
	VERDICT(REPLY_LOST, "reply-lost", "it arrived, but the answer did not")

enum verdict {
#define VERDICT_ENUM(constant, name, text) VERDICT_##constant,
	VERDICTS(VERDICT_ENUM)
#undef VERDICT_ENUM
		VERDICT_COUNT,
};

const char *verdict_name(enum verdict verdict);
const char *verdict_text(enum verdict verdict);
// Of a packet that ended this way before it arrived.
enum verdict verdict_of_drop(enum drop drop);
