#include "cli/verb.h"

const struct verb verbs[] = {
	{"check", "FILE", 1, 1, "the file's mistakes and lints", "text json", 0, cli_check},
	{"show", "FILE [nodes|links|hosts]", 1, 2, "what is in the network", "text json", 0, cli_show},
	{"trace", "FILE FROM TO", 3, 3, "the path, hop by hop, there and back",
		"text tracert traceroute json azure",
		OPTIONS_WORLD | OPTIONS_FLOW | OPTION_BIT(EXPLAIN) | OPTION_BIT(ALL_PATHS), cli_trace},
	{"ping", "FILE FROM TO", 3, 3, "echoes, a row per packet", "text json",
		OPTIONS_WORLD | OPTIONS_FLOW | OPTION_BIT(COUNT) | OPTION_BIT(SIZE) |
			OPTION_BIT(DONT_FRAGMENT) | OPTION_BIT(INTERVAL),
		cli_ping},
	{"routes", "FILE WHERE", 2, 2, "routing tables, with the reason of every choice",
		"text json azure",
		OPTIONS_WORLD | OPTION_BIT(EXPLAIN) | OPTION_BIT(ADVERTISED_TO) | OPTION_BIT(NIC),
		cli_routes},
	{"nexthop", "FILE FROM ADDRESS", 3, 3, "the next hop of a destination", "text json azure",
		OPTIONS_WORLD, cli_nexthop},
	{"matrix", "FILE", 1, 1, "every ordered pair of hosts", "text json",
		OPTIONS_WORLD | OPTIONS_FLOW | OPTION_BIT(HOPS), cli_matrix},
	{"test", "FILE", 1, 1, "the tests that stand in the file", "text json",
		OPTIONS_WORLD | OPTIONS_FLOW, cli_test},
	{"whatif", "FILE", 1, 1, "every failure, and what it changes", "text json",
		OPTIONS_WORLD | OPTIONS_FLOW | OPTION_BIT(FAILURES), cli_whatif},
	{"flow", "FILE FROM TO", 3, 3, "may this flow pass: rules and routes per direction",
		"text json azure", OPTIONS_WORLD | OPTIONS_FLOW, cli_flow},
	{"reach", "FILE FROM [TO]", 2, 3, "all headers at once: which arrive, which don't, and why",
		"text json", OPTIONS_WORLD | OPTIONS_FLOW, cli_reach},
	{"peers", "FILE WHERE", 2, 2, "BGP neighbours", "text json azure", OPTIONS_WORLD, cli_peers},
	{"diff", "OLD NEW", 2, 2, "what changes: routes, paths, reachability", "text json",
		OPTIONS_WORLD | OPTIONS_FLOW, cli_diff},
	{"generate", "", 0, 0, "a network of a given size, as a file", "text",
		OPTION_BIT(HUBS) | OPTION_BIT(SPOKES) | OPTION_BIT(SITES) | OPTION_BIT(PREFIXES) |
			OPTION_BIT(SEED),
		cli_generate},
	{"schema", "", 0, 0, "the JSON Schema of the file", "json", 0, cli_schema},
	{"lab", "VERB [ARGUMENT]...", 0, 0, "the network live, with real hosts", "text", 0, NULL},
	{"verify", "", 0, 0, "a running lab against the prediction", "text json",
		OPTION_BIT(LIVE) | OPTION_BIT(IPV6), cli_verify},
};

const size_t verb_count = sizeof(verbs) / sizeof(verbs[0]);
