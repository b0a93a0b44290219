#include "format/native/native.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "format/native/bind.h"
#include "format/native/tables.h"

struct loading {
	struct binder binder;
	struct native_root root;
};

// A machine's own subnet, address and so on are its only NIC.
static void finish_machine(
	struct loading *loading, struct native_machine *given, struct azure_machine *out) {
	*out = given->machine;
	if (out->nic_count == 0) {
		struct azure_nic *nic = ARENA_NEW(loading->binder.arena, struct azure_nic);
		*nic = given->own;
		nic->name = "";
		nic->place = out->place;
		out->nics = nic;
		out->nic_count = 1;
	} else if (given->own.subnet || given->own.address_count || given->own.enable_ip_forwarding ||
		given->own.network_security_group || !ip_is_none(given->own.public_address) ||
		given->own.attach.interface) {
		diagnostics_error(loading->binder.mistakes, out->place,
			"a machine with networkInterfaces says subnet, privateIPAddress, enableIPForwarding, "
			"networkSecurityGroup, publicIPAddress and attach there");
	}
	for (size_t i = 0; i < out->nic_count; i++) {
		if (!out->nics[i].subnet)
			diagnostics_error(
				loading->binder.mistakes, out->nics[i].place, "a virtual machine needs \"subnet\"");
	}
}

static void finish_azure(struct loading *loading) {
	struct azure_model *azure = &loading->root.file.azure;

	azure->machine_count = loading->root.machine_count;
	azure->machines =
		ARENA_ARRAY(loading->binder.arena, struct azure_machine, azure->machine_count);
	for (size_t i = 0; i < azure->machine_count; i++)
		finish_machine(loading, &loading->root.machines[i], &azure->machines[i]);
	for (size_t i = 0; i < azure->vnet_count; i++) {
		for (size_t k = 0; k < azure->vnets[i].gateway_count; k++)
			azure->vnets[i].gateways[k].type_place = azure->vnets[i].gateways[k].place;
	}
	for (size_t i = 0; i < azure->circuit_count; i++) {
		for (size_t k = 0; k < 2; k++) {
			struct azure_circuit_link *link = &azure->circuits[i].links[k];
			if (!link->place.file)
				link->place = azure->circuits[i].place;
			link->given |= !ip_is_none(link->peer_prefix.base);
			link->given |= !ip_is_none(link->peer_prefix6.base);
		}
	}
}

static void check_name(struct loading *loading, struct place place, const struct names *known,
	const char *kind, const char *name) {
	if (names_find(known, name) != NAME_NONE)
		return;
	const char *near = names_nearest(known, name);
	diagnostics_error(loading->binder.mistakes, place, "there is no %s \"%s\"%s%s%s", kind, name,
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void finish_prefix_lists(struct loading *loading, const struct site *site) {
	for (size_t i = 0; i < site->prefix_list_count; i++) {
		for (size_t k = 0; k < site->prefix_lists[i].entry_count; k++) {
			const struct site_prefix_entry *entry = &site->prefix_lists[i].entries[k];
			unsigned own = prefix_length(entry->prefix);
			unsigned longest = prefix_is_v4(entry->prefix) ? 32 : 128;
			unsigned least = entry->at_least ? entry->at_least : own;
			unsigned most = entry->at_most ? entry->at_most : longest;
			if (least < own || most < least || most > longest)
				diagnostics_error(loading->binder.mistakes, entry->place,
					"ge and le have to rise from the prefix's own length, %u, to at most %u", own,
					longest);
		}
	}
}

static void check_interfaces(struct loading *loading, const struct site_router *router,
	const struct names *circuit_links, const struct names *connections) {
	for (size_t i = 0; i < router->interface_count; i++) {
		const struct site_interface *interface = &router->interfaces[i];
		if (interface->circuit)
			check_name(
				loading, interface->place, circuit_links, "circuit link", interface->circuit);
		if (interface->ipsec.connection)
			check_name(loading, interface->ipsec.place, connections, "IPsec connection",
				interface->ipsec.connection);
	}
}

// What sites say of Azure.
static void check_sites(struct loading *loading) {
	const struct network_file *file = &loading->root.file;
	struct names *circuit_links = names_new(), *connections = names_new();
	char name[256];

	for (size_t i = 0; i < file->azure.circuit_count; i++) {
		snprintf(name, sizeof(name), "%s/primary", file->azure.circuits[i].name);
		names_add(circuit_links, name);
		snprintf(name, sizeof(name), "%s/secondary", file->azure.circuits[i].name);
		names_add(circuit_links, name);
	}
	for (size_t i = 0; i < file->azure.connection_count; i++) {
		const struct azure_connection *connection = &file->azure.connections[i];
		if (connection->connection_type && strcmp(connection->connection_type, "IPsec") == 0)
			names_add(connections, connection->name);
	}
	for (size_t i = 0; i < file->site_count; i++) {
		finish_prefix_lists(loading, &file->sites[i]);
		for (size_t k = 0; k < file->sites[i].router_count; k++)
			check_interfaces(loading, &file->sites[i].routers[k], circuit_links, connections);
	}
	names_free(circuit_links);
	names_free(connections);
}

static void check_host(
	struct loading *loading, struct place place, const struct names *hosts, const char *name) {
	struct ip address;

	if (name && ip_parse(name, &address) != 0)
		check_name(loading, place, hosts, "host or virtual machine", name);
}

static void finish_tests(struct loading *loading) {
	struct network_file *file = &loading->root.file;
	struct names *hosts = names_new();
	struct names *targets = names_new(); // besides hosts: they answer, and never ask

	for (size_t i = 0; i < file->azure.machine_count; i++)
		names_add(hosts, file->azure.machines[i].name);
	for (size_t i = 0; i < file->azure.endpoint_count; i++)
		names_add(targets, file->azure.endpoints[i].name);
	for (size_t i = 0; i < file->site_count; i++) {
		for (size_t k = 0; k < file->sites[i].host_count; k++)
			names_add(hosts, file->sites[i].hosts[k].name);
	}
	for (size_t i = 0; i < file->test_count; i++) {
		struct file_test *test = &file->tests[i];
		if (!test->reaches_given)
			test->reaches = true;
		check_host(loading, test->place, hosts, test->from);
		if (names_find(targets, test->to ? test->to : "") == NAME_NONE)
			check_host(loading, test->place, hosts, test->to);
		if (!test->survives_text)
			continue;
		test->survives = strcmp(test->survives_text, "any single link") == 0 ? FILE_SURVIVES_LINK
			: strcmp(test->survives_text, "any single node") == 0            ? FILE_SURVIVES_NODE
																  : FILE_SURVIVES_FAILURE;
	}
	names_free(hosts);
	names_free(targets);
}

int native_load_text(const struct native_text *text, struct arena *arena, struct network_file **out,
	struct diagnostics *mistakes) {
	struct loading loading = {.binder = {arena, mistakes, 0}};
	size_t before = diagnostics_error_count(mistakes);
	const struct tree_node *tree =
		tree_parse(text->name, text->chars, text->length, arena, mistakes);

	if (!tree)
		return -EINVAL;
	if (tree->kind == TREE_NULL) {
		diagnostics_error(mistakes, tree->place, "the file is empty");
		return -EINVAL;
	}
	bind_object(&loading.binder, &native_root_object, tree, &loading.root);
	// What refers to something that did not load would only repeat the first mistake.
	if (diagnostics_error_count(mistakes) == before) {
		finish_azure(&loading);
		check_sites(&loading);
		finish_tests(&loading);
	}
	if (diagnostics_error_count(mistakes) != before)
		return -EINVAL;
	struct network_file *file = ARENA_NEW(arena, struct network_file);
	*file = loading.root.file;
	file->path = arena_strdup(arena, text->name);
	*out = file;
	return 0;
}

static int read_failed(const char *path, struct diagnostics *mistakes) {
	int error = errno ? errno : EIO;

	diagnostics_error(mistakes, (struct place){path, 0, 0}, "cannot be read: %s", strerror(error));
	return -error;
}

int native_load(const char *path, struct arena *arena, struct network_file **out,
	struct diagnostics *mistakes) {
	FILE *file = fopen(path, "rb");
	struct text content;
	char part[65536];
	size_t length = 0;

	if (!file)
		return read_failed(path, mistakes);
	text_init(&content);
	errno = 0;
	while (content.length <= NATIVE_BYTES_MAX && (length = fread(part, 1, sizeof(part), file)) > 0)
		text_add_n(&content, part, length);
	const struct native_text source = {path, text_chars(&content), content.length};
	int result = ferror(file) ? read_failed(path, mistakes)
							  : native_load_text(&source, arena, out, mistakes);
	fclose(file);
	text_done(&content);
	return result;
}
