#include "format/native/native.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

struct loaded {
	struct arena *arena;
	struct diagnostics *mistakes;
	struct network_file *file;
	struct text said;
};

static struct loaded load(const char *chars, size_t length) {
	struct loaded loaded = {.arena = arena_new(), .mistakes = diagnostics_new()};

	text_init(&loaded.said);
	const struct native_text source = {"x", chars, length};
	int result = native_load_text(&source, loaded.arena, &loaded.file, loaded.mistakes);
	assert_int_equal(result, loaded.file ? 0 : -EINVAL);
	assert_int_equal(loaded.file == NULL, diagnostics_error_count(loaded.mistakes) > 0);
	diagnostics_format(loaded.mistakes, &loaded.said);
	return loaded;
}

static void unload(struct loaded *loaded) {
	text_done(&loaded->said);
	diagnostics_free(loaded->mistakes);
	arena_free(loaded->arena);
}

static const struct {
	const char *file, *said;
} wrong_files[] = {
	{"virtualNetwork: {}",
		"x:1:1: error: the file has no key \"virtualNetwork\"; did you mean "
		"\"virtualNetworks\"?\n"},
	{"seed: abc", "x:1:7: error: seed: \"abc\" is not a whole number\n"},
	{"seed: \"7\"", "x:1:7: error: seed: \"7\" is not a whole number\n"},
	{"- a", "x:1:1: error: the file is a map of its keys, not a list\n"},
	{"~", "x:1:1: error: the file is empty\n"},
	{"<<: {}",
		"x:1:1: error: \"<<\" is not part of YAML 1.2; repeat the keys, or alias a "
		"whole value\n"},
	{"loadBalancers: {}", "x:1:1: error: loadBalancers is not supported yet\n"},
	{"azureFirewalls: {}",
		"x:1:1: error: azureFirewalls is not supported yet: a virtual machine with "
		"enableIPForwarding can stand for one\n"},
	{"virtualNetworks: [a]", "x:1:18: error: virtualNetworks: expected a map from names\n"},
	{"virtualNetworks: {a: {}}", "x:1:22: error: a virtual network needs \"addressSpace\"\n"},
	{"virtualNetworks: {a: }", "x:1:19: error: a virtual network needs \"addressSpace\"\n"},
	{"virtualNetworks: {a: {addressSpace: 10.0.0.0/33}}",
		"x:1:37: error: addressSpace: \"10.0.0.0/33\" is not a prefix, such as 10.0.0.0/24\n"},
	{"virtualNetworks: {a: {addressSpace: [10.0.0.1/24]}}",
		"x:1:38: error: addressSpace: \"10.0.0.1/24\" has bits set behind its length; did you "
		"mean 10.0.0.0/24?\n"},
	{"virtualNetworks: {a: {addressSpace: [fd00::]}}",
		"x:1:38: error: addressSpace: an IPv6 address that ends in a colon reads as a map "
		"here; quote it: \"fd00::\"\n"},
	{"virtualNetworks: {a--b: {addressSpace: 10.0.0.0/24}}",
		"x:1:19: error: the name \"a--b\" may not hold \"--\", which joins the ends of a "
		"link\n"},
	{"virtualNetworks: {a#1: {addressSpace: 10.0.0.0/24}}",
		"x:1:19: error: the name \"a#1\" may hold only letters, digits, \".\", \"_\" and "
		"\"-\"\n"},
	{"virtualNetworks: {\"\": {addressSpace: 10.0.0.0/24}}",
		"x:1:19: error: the name \"\" may not be empty\n"},
	{"virtualNetworks: {a: {addressSpace: 10.0.0.0/24, gateways: {g: {gatewayType: VPN}}}}",
		"x:1:78: error: gatewayType: unknown word \"VPN\"; did you mean \"Vpn\"?\n"},
	{"virtualNetworks: {a: {addressSpace: 10.0.0.0/24, gateways: {g: {gatewayType: P2S}}}}",
		"x:1:78: error: gatewayType: unknown word \"P2S\"; expected one of Vpn, "
		"ExpressRoute\n"},
	{"virtualNetworks: {a: {addressSpace: 10.0.0.0/24, routeServer: {}}}",
		"x:1:50: error: routeServer is not supported yet\n"},
	{"virtualNetworks: {a: {addressSpace: 10.0.0.0/24, "
	 "subnets: {s: {addressPrefix: 10.0.0.0/25, addressPrefixes: [10.0.0.0/25]}}}}",
		"x:1:109: error: addressPrefixes says again what another key said\n"},
	{"virtualNetworks: {a: {addressSpace: 10.0.0.0/24, "
	 "subnets: {s: {privateEndpointNetworkPolicies: Enable}}}}",
		"x:1:96: error: privateEndpointNetworkPolicies: unknown word \"Enable\"; did you mean "
		"\"Enabled\"?\n"},
	{"virtualNetworks: {a: {addressSpace: 10.0.0.0/24, "
	 "subnets: {s: {serviceEndpoints: [Microsoft.storage]}}}}",
		"x:1:83: error: service: unknown word \"Microsoft.storage\"; did you mean "
		"\"Microsoft.Storage\"?\n"},
	{"privateEndpoints: {store: {}}", "x:1:27: error: a private endpoint needs \"subnet\"\n"},
	{"virtualMachines: {vm: {}}", "x:1:19: error: a virtual machine needs \"subnet\"\n"},
	{"virtualMachines: {vm: {subnet: a/b, privateIPAddress: 10.0.0}}",
		"x:1:55: error: privateIPAddress: \"10.0.0\" is not an address, such as 10.0.0.4\n"},
	{"virtualMachines: {vm: {subnet: a/b, enableIPForwarding: yes}}",
		"x:1:57: error: enableIPForwarding: \"yes\" is not true or false\n"},
	{"virtualMachines: {vm: {subnet: a/b, networkInterfaces: {n: {subnet: a/b}}}}",
		"x:1:19: error: a machine with networkInterfaces says subnet, privateIPAddress, "
		"enableIPForwarding, networkSecurityGroup, publicIPAddress and attach there\n"},
	{"virtualMachines: {vm: {attach: eth1, networkInterfaces: {n: {subnet: a/b}}}}",
		"x:1:19: error: a machine with networkInterfaces says subnet, privateIPAddress, "
		"enableIPForwarding, networkSecurityGroup, publicIPAddress and attach there\n"},
	{"virtualMachines: {vm: {subnet: a/b, attach: {netns: rack}}}",
		"x:1:45: error: attach needs \"interface\"\n"},
	{"virtualMachines: {vm: {subnet: a/b, attach: {interfaces: eth1}}}",
		"x:1:46: error: attach has no key \"interfaces\"; did you mean \"interface\"?\n"},
	{"virtualMachines: {vm: {subnet: [a/b]}}",
		"x:1:32: error: subnet: expected a single value, not a list\n"},
	{"virtualMachines: {vm: {subnet: }}", "x:1:24: error: subnet has no value\n"},
	{"connections: {c: {connectionType: IPsec, virtualNetworkGateway1: g, routingWeight: "
	 "32001}}",
		"x:1:84: error: routingWeight: 32001 is outside of 0 to 32000\n"},
	{"connections: {c: {connectionType: IPsec, virtualNetworkGateway1: g, delay: 5}}",
		"x:1:76: error: delay: \"5\" is not a duration, such as 250ms, 2s or 3m\n"},
	{"connections: {c: {connectionType: IPsec, virtualNetworkGateway1: g, loss: 0.5}}",
		"x:1:75: error: loss: \"0.5\" is not a share, such as 0.1% or 5%\n"},
	{"connections: {c: {connectionType: IPsec, virtualNetworkGateway1: g, rate: 10G}}",
		"x:1:75: error: rate: \"10G\" is not a rate, such as 50Mbps or 10Gbps\n"},
	{"expressRouteCircuits: {er: {peerings: {MicrosoftPeering: {}}}}",
		"x:1:39: error: peerings of a circuit needs \"AzurePrivatePeering\"\n"
		"x:1:40: error: MicrosoftPeering is not supported yet: only private peering is "
		"modelled\n"},
	{"sites: {s: {routers: {r: {interfaces: {i: {circuit: er/primary}}}}}}",
		"x:1:53: error: there is no circuit link \"er/primary\"\n"},
	{"sites: {s: {routers: {r: {interfaces: {i: {ipsec: {connection: c}}}}}}}",
		"x:1:64: error: there is no IPsec connection \"c\"\n"},
	{"sites: {s: {routers: {r: {interfaces: {i: {address: 10.0.0.1/40}}}}}}",
		"x:1:53: error: address: \"10.0.0.1/40\" is not an interface's address, such as "
		"10.0.0.1/24\n"},
	{"sites: {s: {routers: {r: {bgp: {asn: 1, neighbors: {msee: {remoteAsn: 1}}}}}}}",
		"x:1:53: error: neighbors: \"msee\" is not an address, such as 10.0.0.4\n"},
	{"sites: {s: {prefixLists: {l: [{prefix: 10.0.0.0/8, ge: 7}]}}}",
		"x:1:56: error: ge and le have to rise from the prefix's own length, 8, to at most "
		"32\n"},
	{"tests: [{from: a, to: 10.0.0.1}]",
		"x:1:16: error: there is no host or virtual machine \"a\"\n"},
	{"tests: {from: a}", "x:1:8: error: tests: expected a list, each item behind a \"-\"\n"},
	{"tests: [{from: 10.0.0.1}]", "x:1:9: error: a test needs \"to\"\n"},
};

static void a_mistake_is_told_with_what_was_expected(void **state) {
	(void)state;

	for (size_t i = 0; i < sizeof(wrong_files) / sizeof(wrong_files[0]); i++) {
		struct loaded loaded = load(wrong_files[i].file, strlen(wrong_files[i].file));
		if (strcmp(text_chars(&loaded.said), wrong_files[i].said) != 0)
			fail_msg("%s\n%s", wrong_files[i].file, text_chars(&loaded.said));
		unload(&loaded);
	}
}

static void all_mistakes_are_told_at_once(void **state) {
	static const char file[] = "seed: x\nvirtualNetworks:\n  a: {addressSpace: b}\n  c: {}\n";
	struct loaded loaded = load(file, strlen(file));
	(void)state;

	assert_int_equal(diagnostics_error_count(loaded.mistakes), 3);
	unload(&loaded);
}

static void what_is_left_out_has_the_documented_value(void **state) {
	static const char file[] =
		"virtualNetworks: {a: {addressSpace: 10.0.0.0/24, peerings: {b: }}}\n"
		"virtualMachines: {vm: {subnet: a/s}}\n"
		"sites: {s: {routers: {r: {bgp: {asn: 1, neighbors: {10.0.0.1: {remoteAsn: 2}}}}},\n"
		"  routeMaps: {m: [{}]}}}\n"
		"tests: [{from: vm, to: 10.0.0.1}]\n";
	struct loaded loaded = load(file, strlen(file));
	(void)state;

	assert_string_equal(text_chars(&loaded.said), "");
	const struct azure_peering *peering = &loaded.file->azure.vnets[0].peerings[0];
	assert_string_equal(peering->remote, "b");
	assert_false(peering->no_virtual_network_access);
	assert_int_equal(peering->delay_ns, -1);
	const struct site_neighbor *neighbor = &loaded.file->sites[0].routers[0].bgp.neighbors[0];
	assert_int_equal(neighbor->local_preference, -1);
	assert_int_equal(neighbor->weight, -1);
	assert_false(neighbor->bfd_given);
	const struct site_route_map_entry *entry = &loaded.file->sites[0].route_maps[0].entries[0];
	assert_int_equal(entry->set_local_preference, -1);
	assert_int_equal(entry->set_med, -1);
	assert_true(loaded.file->tests[0].reaches);
	assert_false(loaded.file->tests[0].symmetric_given);
	assert_int_equal(loaded.file->azure.machines[0].nic_count, 1);
	assert_string_equal(loaded.file->azure.machines[0].nics[0].subnet, "a/s");
	unload(&loaded);
}

static void every_way_to_write_a_value_is_read(void **state) {
	static const char file[] =
		"virtualNetworks:\n"
		"  a:\n"
		"    addressSpace: {addressPrefixes: [10.0.0.0/24, \"fd00::/64\"]}\n"
		"    subnets: {one: 10.0.0.0/26, two: [10.0.0.64/26, fd00::/64], three: ,\n"
		"              four: {addressPrefix: 10.0.0.128/26, routeTable: t}}\n"
		"expressRouteCircuits:\n"
		"  er: {peerings: {AzurePrivatePeering: {primaryPeerAddressPrefix: 192.168.0.0/30}},\n"
		"       links: {secondary: {delay: 1.5ms, loss: 0.25%, rate: 2.5 Gbps}}, bfd: false}\n"
		"connections:\n"
		"  c: {connectionType: ExpressRoute, virtualNetworkGateway1: g, expressRouteCircuit: er,\n"
		"      sessionsDown: secondary}\n"
		"parameters: {programmingDelay: 0s}\n"
		"sites:\n"
		"  s:\n"
		"    prefixLists: {l: [10.0.0.0/8, {prefix: 10.0.0.0/8, le: 24, deny: true}]}\n"
		"    routers: {r: {igp: false, interfaces: {i: {address: [10.0.0.1/24, fd00::1/64]}}}}\n"
		"    hosts: {h: {segment: x, address: 10.0.0.4, attach: eth1},\n"
		"            k: {segment: x, address: 10.0.0.5, attach: {interface: eth1, netns: n}}}\n"
		"tests: [{from: 10.0.0.1, to: 10.0.0.2, reaches: false, symmetric: true, via: r,\n"
		"  hops: [10.0.0.9, [10.0.0.1, 10.0.0.2], \"*\"], survives: any single link}]\n";
	struct loaded loaded = load(file, strlen(file));
	(void)state;

	assert_string_equal(text_chars(&loaded.said), "");
	const struct azure_vnet *vnet = &loaded.file->azure.vnets[0];
	assert_int_equal(vnet->address_space_count, 2);
	assert_int_equal(vnet->subnets[0].address_prefix_count, 1);
	assert_int_equal(vnet->subnets[1].address_prefix_count, 2);
	assert_int_equal(vnet->subnets[2].address_prefix_count, 0);
	assert_string_equal(vnet->subnets[2].name, "three");
	assert_string_equal(vnet->subnets[3].route_table, "t");
	assert_int_equal(vnet->subnets[3].place.line, 5);
	const struct azure_circuit *circuit = &loaded.file->azure.circuits[0];
	assert_true(circuit->bfd_off && circuit->links[0].given && circuit->links[1].given);
	assert_int_equal(circuit->links[1].delay_ns, 1500000);
	assert_int_equal(circuit->links[1].loss_millionths, 2500);
	assert_true(circuit->links[1].rate_bits_per_s == UINT64_C(2500000000));
	assert_false(loaded.file->azure.connections[0].connection_down[0]);
	assert_true(loaded.file->azure.connections[0].connection_down[1]);
	assert_int_equal(loaded.file->azure.switches.programming_delay_ns, -1);
	const struct site *site = &loaded.file->sites[0];
	assert_true(site->routers[0].igp_off);
	assert_int_equal(site->routers[0].interfaces[0].address_count, 2);
	assert_true(site->prefix_lists[0].entries[1].deny);
	assert_string_equal(site->hosts[0].attach.interface, "eth1");
	assert_null(site->hosts[0].attach.name_space);
	assert_string_equal(site->hosts[1].attach.interface, "eth1");
	assert_string_equal(site->hosts[1].attach.name_space, "n");
	const struct file_test *test = &loaded.file->tests[0];
	assert_false(test->reaches);
	assert_true(test->symmetric_given && test->symmetric);
	assert_int_equal(test->hop_count, 3);
	assert_int_equal(test->hops[1].address_count, 2);
	assert_string_equal(test->hops[2].addresses[0], "*");
	assert_int_equal(test->survives, FILE_SURVIVES_LINK);
	unload(&loaded);
}

// A site of 120,000 prefixes through aliases, forty times: some 10 million values out of 40,000.
static void an_alias_bomb_ends_at_the_limit(void **state) {
	struct text file;
	(void)state;

	text_init(&file);
	text_add(&file, "sites:\n  s: {prefixLists: {a: &a [10.0.0.0/8, 10.0.0.0/8, 10.0.0.0/8]}}\n");
	text_add(&file, "  t: &t {prefixLists: {");
	for (int i = 0; i < 40000; i++)
		text_printf(&file, "l%d: *a, ", i);
	text_add(&file, "}}\n");
	for (int i = 0; i < 40; i++)
		text_printf(&file, "  u%d: *t\n", i);
	struct loaded loaded = load(text_chars(&file), file.length);
	assert_int_equal(diagnostics_error_count(loaded.mistakes), 1);
	assert_non_null(strstr(text_chars(&loaded.said),
		"the file has too many values once its aliases are followed; the limit is 1000000"));
	unload(&loaded);
	text_done(&file);
}

static char *read_source(const char *path, size_t *length) {
	const char *root = getenv("SOURCE_ROOT");
	char full[4096];
	struct text content;
	char part[4096];
	size_t got = 0;

	if (!root)
		skip();
	snprintf(full, sizeof(full), "%s/%s", root, path);
	FILE *file = fopen(full, "rb");
	if (!file)
		fail_msg("%s cannot be read", full);
	text_init(&content);
	while ((got = fread(part, 1, sizeof(part), file)) > 0)
		text_add_n(&content, part, got);
	fclose(file);
	*length = content.length;
	return content.chars;
}

static const char *const examples[] = {"examples/interop.yaml", "examples/sea-cust11.yaml"};

static void the_examples_load_without_a_word(void **state) {
	(void)state;

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		size_t length = 0;
		char *chars = read_source(examples[i], &length);
		struct loaded loaded = load(chars, length);
		assert_string_equal(text_chars(&loaded.said), "");
		assert_true(loaded.file->test_count > 0);
		unload(&loaded);
		free(chars);
	}
}

// Every byte of a part, and some of the whole: each cut is loaded from a block of its own size.
static void a_file_cut_anywhere_is_refused_or_read(void **state) {
	enum { STEP = 41 };
	(void)state;

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		size_t length = 0;
		char *chars = read_source(examples[i], &length);
		for (size_t cut = 0; cut < length; cut += STEP) {
			char *part = malloc(cut + 1);
			assert_non_null(part);
			memcpy(part, chars, cut);
			struct loaded loaded = load(part, cut);
			unload(&loaded);
			free(part);
		}
		free(chars);
	}
}

#define BEGIN_MARK "<!-- reference: begin -->\n"
#define END_MARK "<!-- reference: end -->\n"

// UPDATE_REFERENCE=1 in the environment writes the file anew instead.
static void the_reference_in_the_guide_is_current(void **state) {
	size_t length = 0;
	char *guide = read_source("docs/topology.md", &length);
	struct text reference, whole;
	char path[4096];
	(void)state;

	text_init(&reference);
	text_init(&whole);
	native_reference(&reference);
	char *begin = strstr(guide, BEGIN_MARK);
	assert_non_null(begin);
	begin += strlen(BEGIN_MARK);
	char *end = strstr(begin, END_MARK);
	assert_non_null(end);
	text_add_n(&whole, guide, (size_t)(begin - guide));
	text_add(&whole, text_chars(&reference));
	text_add(&whole, end);
	if (getenv("UPDATE_REFERENCE")) {
		snprintf(path, sizeof(path), "%s/docs/topology.md", getenv("SOURCE_ROOT"));
		FILE *file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(whole.chars, 1, whole.length, file), whole.length);
		assert_int_equal(fclose(file), 0);
	} else if (strcmp(guide, text_chars(&whole)) != 0) {
		fail_msg("docs/topology.md is not what the tables say: run this test with "
				 "UPDATE_REFERENCE=1");
	}
	text_done(&reference);
	text_done(&whole);
	free(guide);
}

static void the_schema_refers_only_to_what_it_defines(void **state) {
	json_t *schema = native_schema();
	char *chars = json_dumps(schema, JSON_COMPACT);
	const json_t *definitions = json_object_get(schema, "$defs");
	(void)state;

	assert_non_null(chars);
	for (const char *at = strstr(chars, "#/$defs/"); at; at = strstr(at, "#/$defs/")) {
		char name[128] = "";
		at += strlen("#/$defs/");
		size_t length = strcspn(at, "\"");
		assert_in_range(length, 1, sizeof(name) - 1);
		memcpy(name, at, length);
		assert_true(json_is_object(json_object_get(definitions, name)));
	}
	free(chars);
	json_decref(schema);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mistake_is_told_with_what_was_expected),
		cmocka_unit_test(all_mistakes_are_told_at_once),
		cmocka_unit_test(what_is_left_out_has_the_documented_value),
		cmocka_unit_test(every_way_to_write_a_value_is_read),
		cmocka_unit_test(an_alias_bomb_ends_at_the_limit),
		cmocka_unit_test(the_examples_load_without_a_word),
		cmocka_unit_test(a_file_cut_anywhere_is_refused_or_read),
		cmocka_unit_test(the_reference_in_the_guide_is_current),
		cmocka_unit_test(the_schema_refers_only_to_what_it_defines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
