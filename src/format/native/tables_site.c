#include "format/native/tables.h"

#define ASN_MAX 4294967295

static const char *const words_permit[] = {"permit", "deny", NULL};
static const char *const words_inner_ttl[] = {"keep", "reset", NULL};
static const char *const words_icmp[] = {"ingress", "egress", NULL};
const char *const native_words_rpf[] = {"none", "strict", NULL};
static const char *const words_default[] = {"never", "always", "ifKnown", NULL};
static const char *const words_into_igp[] = {"bgp", "internalBgp", "connected", "static", NULL};
static const char *const words_into_bgp[] = {"connected", "static", "igp", NULL};
static const char *const words_strip[] = {"none", "leading", "all", "onlyIfAllPrivate", NULL};

static const struct field ipsec_fields[] = {
	FIELD("connection", TEXT, struct site_ipsec, connection,
		.doc = "The Azure connection this interface is the other end of."),
	FIELD("instance", NUMBER, struct site_ipsec, instance, .fallback = "0", .max = 1,
		.doc = "Of the connection's active-active gateway, the instance this tunnel leads to."),
	FIELD("remoteAddress", ADDRESS, struct site_ipsec, remote_address,
		.doc = "Or: the public address of another router or appliance, whose tunnel leads back."),
	FIELD("localAddress", ADDRESS, struct site_ipsec, local_address,
		.fallback = "the router's first internet address",
		.doc = "The public address the tunnel starts from; of a machine, one of its NICs'."),
	FIELD("sharedKey", TEXT, struct site_ipsec, shared_key, .doc = "The pre-shared key."),
	FIELD("innerTtl", WORD, struct site_ipsec, inner_ttl, .words = words_inner_ttl,
		.fallback = "keep",
		.doc = "Whether the TTL of a packet that enters here starts anew, which hides what is "
			   "behind (CE-TTL-1)."),
	FIELD("nullCipher", BOOL, struct site_ipsec, null_cipher, .fallback = "false",
		.doc = "Do not encrypt, so that captures show what is inside."),
	FIELD("lifetime", DURATION, struct site_ipsec, lifetime_ns, .min = 1000000000, .fallback = "8h",
		.doc = "After which the tunnel takes new keys."),
	FIELD("delay", DURATION, struct site_ipsec, delay_ns, .fallback = "0ms",
		.doc = "Between sites: one-way delay."),
	FIELD("jitter", DURATION, struct site_ipsec, jitter_ns, .fallback = "0ms",
		.doc = "Between sites: at most this much is added to the delay, at random."),
	FIELD("loss", LOSS, struct site_ipsec, loss_millionths, .fallback = "0%",
		.doc = "Between sites: share of packets lost."),
	FIELD("pathMtu", NUMBER, struct site_ipsec, path_mtu_bytes, .fallback = "1500", .min = 576,
		.max = 9216,
		.doc = "Between sites: largest packet that what lies under the tunnel "
			   "carries."),
	END,
};

const struct object native_ipsec_object = {
	.name = "ipsec",
	.title = "ipsec",
	.doc = "What makes an interface a tunnel interface. One of connection and remoteAddress is "
		   "given.",
	.size = sizeof(struct site_ipsec),
	.fields = ipsec_fields,
	NO_NAME,
	.place_offset = offsetof(struct site_ipsec, place),
	.given_offset = offsetof(struct site_ipsec, given),
};

static const struct field interface_fields[] = {
	LIST("address", INTERFACE_ADDRESSES, struct site_interface, addresses, address_count,
		.doc = "Address and length of the network, `10.0.0.1/24`; a list for several."),
	FIELD("segment", TEXT, struct site_interface, segment,
		.doc =
			"What it is plugged into: all that name the same segment are joined. `dc2/wan` is the "
			"segment of another site, on which this one's IGP does not run."),
	FIELD("circuit", TEXT, struct site_interface, circuit,
		.doc = "Or: the circuit link it is the customer edge of, `er1/primary`."),
	FIELD("internet", BOOL, struct site_interface, is_internet, .fallback = "false",
		.doc = "Or: it has the public address that tunnels start from."),
	FIELD("ipsec", OBJECT, struct site_interface, ipsec, .object = &native_ipsec_object,
		.doc = "Or: it is a tunnel."),
	FIELD("shutdown", BOOL, struct site_interface, shut, .fallback = "false",
		.doc = "Administratively down."),
	FIELD("mtu", NUMBER, struct site_interface, mtu_bytes, .fallback = "1500; tunnels 1400",
		.min = 576, .max = 9216, .doc = "Largest packet it sends."),
	FIELD("tcpMss", NUMBER, struct site_interface, tcp_mss_bytes, .min = 500, .max = 9176,
		.fallback = "left as it is",
		.doc = "Lowers the segment size in SYNs that cross it either way to this, for IPv6 to 20 "
			   "less (AZ-VPN-19)."),
	FIELD("igp", NOT, struct site_interface, igp_off, .fallback = "true on segments",
		.doc = "Whether the site's IGP runs on it. It never does on circuits, tunnels and "
			   "internet interfaces."),
	FIELD("igpCost", NUMBER, struct site_interface, igp_cost, .fallback = "1", .min = 1,
		.max = 65535, .doc = "The IGP's cost of leaving by it."),
	FIELD("attach", OBJECT, struct site_interface, attach, .object = &native_attach_object,
		.doc = "In a lab: the existing interface behind which the real router is."),
	END,
};

static const struct object interface_object = {
	.name = "interface",
	.title = "an interface",
	.doc = "An interface of a router. One of segment, circuit, internet and ipsec says what it is; "
		   "none of them: a loopback.",
	.size = sizeof(struct site_interface),
	.fields = interface_fields,
	.name_kind = NAME_FREE,
	.name_offset = offsetof(struct site_interface, name),
	.place_offset = offsetof(struct site_interface, place),
	NO_GIVEN,
};

static const struct field static_fields[] = {
	FIELD("prefix", PREFIX, struct site_static, prefix, .required = true, .doc = "Destinations."),
	FIELD("nextHop", ADDRESS, struct site_static, next_hop, .doc = "The neighbour they go to."),
	FIELD("interface", TEXT, struct site_static, interface,
		.doc = "The interface they leave by; enough alone for a tunnel or a link of two ends."),
	FIELD("discard", BOOL, struct site_static, discard, .fallback = "false",
		.doc = "Or: they are dropped."),
	FIELD("distance", NUMBER, struct site_static, distance, .fallback = "1", .min = 1, .max = 255,
		.doc = "Administrative distance."),
	END,
};

static const struct object static_object = {
	.name = "staticRoute",
	.title = "a static route",
	.doc = "A static route of a router.",
	.size = sizeof(struct site_static),
	.fields = static_fields,
	NO_NAME,
	.place_offset = offsetof(struct site_static, place),
	NO_GIVEN,
};

static const struct field neighbor_fields[] = {
	FIELD("remoteAsn", NUMBER, struct site_neighbor, remote_asn, .min = 1, .max = ASN_MAX,
		.required = true, .doc = "The neighbour's AS number; 12076 for an MSEE."),
	FIELD("localAddress", ADDRESS, struct site_neighbor, local_address,
		.fallback = "of the interface towards it", .doc = "The address the session starts from."),
	FIELD("localPreference", SIGNED, struct site_neighbor, local_preference, .fallback = "100",
		.doc = "Given to what the neighbour sends; higher wins."),
	FIELD("weight", SIGNED, struct site_neighbor, weight, .fallback = "0",
		.doc = "Given to what the neighbour sends, here only; higher wins, before all else."),
	FIELD("prefixListIn", TEXT, struct site_neighbor, prefix_list_in,
		.doc = "What is taken from it."),
	FIELD("prefixListOut", TEXT, struct site_neighbor, prefix_list_out,
		.doc = "What is announced to it."),
	FIELD("routeMapIn", TEXT, struct site_neighbor, route_map_in,
		.doc = "Applied to what it sends, behind prefixListIn."),
	FIELD("routeMapOut", TEXT, struct site_neighbor, route_map_out,
		.doc = "Applied to what it is sent, behind prefixListOut."),
	LIST("prepend", NUMBERS, struct site_neighbor, prepend, prepend_count, .min = 1, .max = ASN_MAX,
		.doc = "AS numbers put in front of what it is sent."),
	FIELD("nextHopSelf", BOOL, struct site_neighbor, next_hop_self, .fallback = "false",
		.doc = "Name this router as next hop also towards an iBGP neighbour."),
	FIELD("asOverride", BOOL, struct site_neighbor, as_override, .fallback = "false",
		.doc = "Put the own AS number in place of the neighbour's in what it is sent."),
	FIELD("allowAsIn", NUMBER, struct site_neighbor, allow_as_in, .fallback = "0", .max = 10,
		.doc = "How often the own AS number may stand in a path it sends."),
	FIELD("removePrivateAs", WORD, struct site_neighbor, remove_private_as, .words = words_strip,
		.fallback = "none", .doc = "Private AS numbers removed from what it is sent."),
	FIELD("defaultOriginate", BOOL, struct site_neighbor, default_originate, .fallback = "false",
		.doc = "Send it a default route."),
	FIELD("sendCommunity", NOT, struct site_neighbor, send_community_off, .fallback = "true",
		.doc = "Send communities."),
	FIELD("passive", BOOL, struct site_neighbor, passive, .fallback = "false",
		.doc = "Wait for the neighbour to connect."),
	FIELD("holdTime", NUMBER, struct site_neighbor, hold_s, .fallback = "180", .min = 3,
		.max = 65535, .doc = "Seconds without a message until the session is dead."),
	FIELD("keepalive", NUMBER, struct site_neighbor, keepalive_s, .fallback = "60", .min = 1,
		.max = 21845, .doc = "Seconds between keepalives."),
	LIST("bfd", BOOL, struct site_neighbor, bfd, bfd_given,
		.fallback = "true on circuits, else false", .doc = "Whether BFD watches the neighbour."),
	FIELD("bfdInterval", DURATION, struct site_neighbor, bfd_interval_ns, .fallback = "300ms",
		.min = 1000000, .doc = "BFD's interval."),
	FIELD("bfdMultiplier", NUMBER, struct site_neighbor, bfd_multiplier, .fallback = "3", .min = 1,
		.max = 255, .doc = "Intervals without a packet until it counts as dead."),
	FIELD("maximumPrefixes", NUMBER, struct site_neighbor, max_prefixes, .fallback = "no limit",
		.min = 1, .max = 10000000, .doc = "More than these end the session."),
	END,
};

static const struct object neighbor_object = {
	.name = "bgpNeighbor",
	.title = "a BGP neighbor",
	.doc = "A BGP neighbour of a router, under its address.",
	.size = sizeof(struct site_neighbor),
	.fields = neighbor_fields,
	.name_kind = NAME_ADDRESS,
	.name_offset = offsetof(struct site_neighbor, address),
	.place_offset = offsetof(struct site_neighbor, place),
	NO_GIVEN,
};

static const struct field bgp_fields[] = {
	FIELD("asn", NUMBER, struct site_bgp, asn, .min = 1, .max = ASN_MAX, .required = true,
		.doc = "The router's AS number."),
	FIELD("routerId", ADDRESS, struct site_bgp, router_id, .fallback = "the lowest address",
		.doc = "The router's BGP identifier."),
	LIST("networks", PREFIXES, struct site_bgp, networks, network_count,
		.doc = "Prefixes announced while the routing table holds them."),
	LIST("redistribute", WORDS, struct site_bgp, redistribute, redistribute_count,
		.words = words_into_bgp, .doc = "Other routes taken into BGP."),
	FIELD("maximumPaths", NUMBER, struct site_bgp, maximum_paths, .fallback = "8", .min = 1,
		.max = 64, .doc = "Equal paths used together."),
	FIELD("sendCommunity", NOT, struct site_bgp, send_community_off, .fallback = "true",
		.doc = "Whether communities are passed on (AZ-X-5)."),
	LIST("neighbors", NAMED, struct site_bgp, neighbors, neighbor_count, .object = &neighbor_object,
		.doc = "Neighbours by address."),
	END,
};

const struct object native_bgp_object = {
	.name = "bgp",
	.title = "bgp",
	.doc = "BGP of a router.",
	.size = sizeof(struct site_bgp),
	.fields = bgp_fields,
	NO_NAME,
	.place_offset = offsetof(struct site_bgp, place),
	.given_offset = offsetof(struct site_bgp, given),
};

static const struct field igp_fields[] = {
	FIELD("enabled", NOT, struct site_router, igp_off, .fallback = "true",
		.doc = "Whether the router takes part."),
	FIELD("defaultRoute", WORD, struct site_router, igp_default, .words = words_default,
		.fallback = "never", .doc = "Whether it tells the others of a default route."),
	LIST("redistribute", WORDS, struct site_router, igp_redistribute, igp_redistribute_count,
		.words = words_into_igp,
		.doc = "Other routes it tells them of; `bgp` is what came by eBGP."),
	END,
};

static const struct object igp_object = {
	.name = "igp",
	.title = "igp",
	.doc = "The router in the site's interior routing protocol, which runs on all segments.",
	.size = 0,
	.fields = igp_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
	.shorthand = "enabled",
};

static const struct field router_fields[] = {
	LIST("interfaces", NAMED, struct site_router, interfaces, interface_count,
		.object = &interface_object, .doc = "Interfaces by name."),
	LIST("staticRoutes", LISTED, struct site_router, statics, static_count,
		.object = &static_object, .doc = "Static routes."),
	FIELD("bgp", OBJECT, struct site_router, bgp, .object = &native_bgp_object, .doc = "BGP."),
	GROUP("igp", &igp_object, .doc = "The site's IGP; `igp: false` keeps the router out of it."),
	FIELD("icmpSource", WORD, struct site_router, icmp_source, .words = words_icmp,
		.fallback = "ingress",
		.doc = "Which interface its ICMP errors come from: the one the packet came in by, or the "
			   "one towards its source (AZ-X-21)."),
	FIELD("rpf", WORD, struct site_router, rpf, .words = native_words_rpf, .fallback = "none",
		.doc =
			"With `strict` it drops what comes in by another interface than the one its way back "
			"leaves by (RFC 3704)."),
	FIELD("hashSeed", SEED, struct site_router, hash_seed, .fallback = "from the seed",
		.doc = "What its choice among equal paths is drawn from."),
	END,
};

static const struct object router_object = {
	.name = "router",
	.title = "a router",
	.doc = "An on-premises router or customer edge.",
	.size = sizeof(struct site_router),
	.fields = router_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct site_router, name),
	.place_offset = offsetof(struct site_router, place),
	NO_GIVEN,
};

static const struct field host_fields[] = {
	LIST("address", INTERFACE_ADDRESSES, struct site_host, addresses, address_count,
		.required = true,
		.doc = "Its address; the length may be left out. A list for both address families."),
	FIELD("segment", TEXT, struct site_host, segment, .required = true,
		.doc = "What it is plugged into."),
	FIELD("attach", OBJECT, struct site_host, attach, .object = &native_attach_object,
		.doc = "In a lab: the existing interface behind which the real host is."),
	FIELD("gateway", ADDRESS, struct site_host, gateway, .fallback = "the segment's only router",
		.doc = "Its default gateway."),
	FIELD("gateway6", ADDRESS, struct site_host, gateway6, .fallback = "the segment's only router",
		.doc = "Its IPv6 default gateway."),
	END,
};

static const struct object host_object = {
	.name = "host",
	.title = "a host",
	.doc = "An on-premises host.",
	.size = sizeof(struct site_host),
	.fields = host_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct site_host, name),
	.place_offset = offsetof(struct site_host, place),
	NO_GIVEN,
};

static const struct field segment_fields[] = {
	FIELD("delay", DURATION, struct site_segment, delay_ns, .fallback = "0ms",
		.doc = "One-way delay."),
	FIELD("jitter", DURATION, struct site_segment, jitter_ns, .fallback = "0ms",
		.doc = "At most this much is added to the delay, at random."),
	FIELD("loss", LOSS, struct site_segment, loss_millionths, .fallback = "0%",
		.doc = "Share of packets lost."),
	FIELD("rate", RATE, struct site_segment, rate_bits_per_s, .fallback = "unlimited",
		.doc = "What it carries."),
	FIELD("mtu", NUMBER, struct site_segment, mtu_bytes, .fallback = "no limit", .min = 576,
		.max = 9216, .doc = "Larger packets vanish in between."),
	FIELD("queue", NUMBER, struct site_segment, queue_packets, .fallback = "1000", .min = 1,
		.max = 1000000, .doc = "Packets that wait when the rate is reached."),
	FIELD("down", BOOL, struct site_segment, down, .fallback = "false",
		.doc = "It does not carry, from the start."),
	END,
};

static const struct object segment_object = {
	.name = "segment",
	.title = "a segment",
	.doc = "A LAN or transfer link. One without properties needs no entry: interfaces and hosts "
		   "that name it are enough.",
	.size = sizeof(struct site_segment),
	.fields = segment_fields,
	.name_kind = NAME_FREE,
	.name_offset = offsetof(struct site_segment, name),
	.place_offset = offsetof(struct site_segment, place),
	.given_offset = offsetof(struct site_segment, given),
};

static const struct field prefix_entry_fields[] = {
	FIELD(
		"prefix", PREFIX, struct site_prefix_entry, prefix, .required = true, .doc = "The prefix."),
	FIELD("ge", NUMBER, struct site_prefix_entry, at_least, .min = 1, .max = 128,
		.fallback = "the prefix's own length", .doc = "Shortest length that matches."),
	FIELD("le", NUMBER, struct site_prefix_entry, at_most, .min = 1, .max = 128,
		.fallback = "the prefix's own length; with `ge`, any",
		.doc = "Longest length that matches."),
	FIELD("deny", BOOL, struct site_prefix_entry, deny, .fallback = "false",
		.doc = "Refuse what matches."),
	END,
};

static const struct object prefix_entry_object = {
	.name = "prefixListEntry",
	.title = "an entry of a prefix list",
	.doc = "An entry of a prefix list. The prefix alone may stand for it.",
	.size = sizeof(struct site_prefix_entry),
	.fields = prefix_entry_fields,
	NO_NAME,
	.place_offset = offsetof(struct site_prefix_entry, place),
	NO_GIVEN,
	.shorthand = "prefix",
};

static const struct field prefix_list_fields[] = {
	LIST("entries", LISTED, struct site_prefix_list, entries, entry_count,
		.object = &prefix_entry_object, .doc = "Entries; the first that matches decides."),
	END,
};

const struct object native_prefix_list_object = {
	.name = "prefixList",
	.title = "a prefix list",
	.doc = "A prefix list; the list of its entries may stand for it. What no entry permits is "
		   "refused.",
	.size = sizeof(struct site_prefix_list),
	.fields = prefix_list_fields,
	.name_kind = NAME_FREE,
	.name_offset = offsetof(struct site_prefix_list, name),
	.place_offset = offsetof(struct site_prefix_list, place),
	NO_GIVEN,
	.shorthand = "entries",
};

static const struct field match_fields[] = {
	FIELD("prefixList", TEXT, struct site_route_map_entry, match_prefix_list,
		.doc = "Prefixes that a prefix list permits."),
	FIELD("asPath", TEXT, struct site_route_map_entry, match_as_path,
		.doc = "A regular expression over the AS path; `_` stands for a boundary."),
	LIST("communities", TEXTS, struct site_route_map_entry, match_communities,
		match_community_count, .doc = "Any of these communities."),
	END,
};

static const struct object match_object = {
	.name = "routeMapMatch",
	.title = "match",
	.doc = "What a route has to be for the entry to decide; nothing given matches all.",
	.size = 0,
	.fields = match_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};

static const struct field set_fields[] = {
	FIELD("localPreference", SIGNED, struct site_route_map_entry, set_local_preference,
		.doc = "Local preference."),
	FIELD("weight", SIGNED, struct site_route_map_entry, set_weight, .doc = "Weight."),
	FIELD("med", SIGNED, struct site_route_map_entry, set_med, .doc = "Multi-exit discriminator."),
	LIST("prepend", NUMBERS, struct site_route_map_entry, set_prepend, set_prepend_count, .min = 1,
		.max = ASN_MAX, .doc = "AS numbers put in front of the path."),
	LIST("removeAsns", NUMBERS, struct site_route_map_entry, strip_asns, strip_asn_count, .min = 1,
		.max = ASN_MAX, .doc = "AS numbers taken out of the path."),
	FIELD("nextHop", ADDRESS, struct site_route_map_entry, set_next_hop,
		.doc = "The next hop that is named, in place of this router towards eBGP neighbours."),
	LIST("communities", TEXTS, struct site_route_map_entry, set_communities, set_community_count,
		.doc = "Communities added."),
	END,
};

static const struct object set_object = {
	.name = "routeMapSet",
	.title = "set",
	.doc = "What the entry changes in a route it permits.",
	.size = 0,
	.fields = set_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};

static const struct field route_map_entry_fields[] = {
	FIELD("action", WORD, struct site_route_map_entry, action, .words = words_permit,
		.fallback = "permit", .doc = "What happens to routes that match."),
	GROUP("match", &match_object, .doc = "Which routes."),
	GROUP("set", &set_object, .doc = "What is changed."),
	END,
};

static const struct object route_map_entry_object = {
	.name = "routeMapEntry",
	.title = "an entry of a route map",
	.doc = "An entry of a route map.",
	.size = sizeof(struct site_route_map_entry),
	.fields = route_map_entry_fields,
	NO_NAME,
	.place_offset = offsetof(struct site_route_map_entry, place),
	NO_GIVEN,
};

static const struct field route_map_fields[] = {
	LIST("entries", LISTED, struct site_route_map, entries, entry_count,
		.object = &route_map_entry_object, .doc = "Entries; the first that matches decides."),
	END,
};

const struct object native_route_map_object = {
	.name = "routeMap",
	.title = "a route map",
	.doc = "A route map; the list of its entries may stand for it. What no entry matches is "
		   "refused.",
	.size = sizeof(struct site_route_map),
	.fields = route_map_fields,
	.name_kind = NAME_FREE,
	.name_offset = offsetof(struct site_route_map, name),
	.place_offset = offsetof(struct site_route_map, place),
	NO_GIVEN,
	.shorthand = "entries",
};

static const struct field site_fields[] = {
	LIST("routers", NAMED, struct site, routers, router_count, .object = &router_object,
		.doc = "Routers and customer edges by name."),
	LIST("hosts", NAMED, struct site, hosts, host_count, .object = &host_object,
		.doc = "Hosts by name."),
	LIST("segments", NAMED, struct site, segments, segment_count, .object = &segment_object,
		.doc = "Segments that have properties, by name."),
	LIST("prefixLists", NAMED, struct site, prefix_lists, prefix_list_count,
		.object = &native_prefix_list_object, .doc = "Prefix lists by name."),
	LIST("routeMaps", NAMED, struct site, route_maps, route_map_count,
		.object = &native_route_map_object, .doc = "Route maps by name."),
	END,
};

const struct object native_site_object = {
	.name = "site",
	.title = "a site",
	.doc = "An on-premises site.",
	.size = sizeof(struct site),
	.fields = site_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct site, name),
	.place_offset = offsetof(struct site, place),
	NO_GIVEN,
};
