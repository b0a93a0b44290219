#include "format/native/native.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/marks.h"
#include "base/names.h"
#include "format/native/bind.h"
#include "format/native/tables.h"

struct loading {
	struct binder binder;
	struct native_root root;
};

static bool is_doubtful(const struct loading *loading, const void *member) {
	return marks_is_doubtful(diagnostics_marks(loading->binder.mistakes), member);
}

static struct place place_of(
	const struct loading *loading, const void *member, struct place otherwise) {
	return marks_place(diagnostics_marks(loading->binder.mistakes), member, otherwise);
}

// A machine's own subnet, address and so on are its only NIC.
static void finish_machine(struct loading *loading, struct azure_machine *machine) {
	struct azure_nic *own = &machine->own;
	bool has_own = own->subnet || own->address_count || own->enable_ip_forwarding ||
		own->network_security_group || !ip_is_none(own->public_address) || own->attach.interface;

	if (machine->nic_count > 0 && has_own)
		diagnostics_error(loading->binder.mistakes, machine->place,
			"a machine with networkInterfaces says subnet, privateIPAddress, enableIPForwarding, "
			"networkSecurityGroup, publicIPAddress and attach there");
	if (machine->nic_count == 0 && !(is_doubtful(loading, &machine->nics) && !has_own)) {
		own->name = "";
		own->place = machine->place;
		machine->nics = own;
		machine->nic_count = 1;
	}
	for (size_t i = 0; i < machine->nic_count; i++) {
		if (!machine->nics[i].subnet && !is_doubtful(loading, &machine->nics[i].subnet))
			diagnostics_error(loading->binder.mistakes, machine->nics[i].place,
				"a virtual machine needs \"subnet\"");
	}
}

static void finish_azure(struct loading *loading) {
	struct azure_model *azure = &loading->root.file.azure;

	for (size_t i = 0; i < azure->machine_count; i++)
		finish_machine(loading, &azure->machines[i]);
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

// Names of one kind.
struct known {
	const struct names *names;
	const char *kind;
};

// The name that `member` holds has to be known.
static void check_name(struct loading *loading, const char *const *member, struct place otherwise,
	const struct known *known) {
	if (names_find(known->names, *member) != NAME_NONE)
		return;
	const char *near =
		diagnostics_is_full(loading->binder.mistakes) ? NULL : names_nearest(known->names, *member);
	diagnostics_error(loading->binder.mistakes, place_of(loading, member, otherwise),
		"there is no %s \"%s\"%s%s%s", known->kind, *member, near ? "; did you mean \"" : "",
		near ? near : "", near ? "\"?" : "");
}

static void check_prefix_entry(struct loading *loading, const struct site_prefix_entry *entry) {
	unsigned own = prefix_length(entry->prefix);
	unsigned longest = prefix_is_v4(entry->prefix) ? 32 : 128;
	unsigned least = entry->at_least ? entry->at_least : own;
	unsigned most = entry->at_most ? entry->at_most : longest;

	if (is_doubtful(loading, &entry->prefix) || is_doubtful(loading, &entry->at_least) ||
		is_doubtful(loading, &entry->at_most))
		return;
	if (least < own || most < least || most > longest)
		diagnostics_error(loading->binder.mistakes,
			place_of(loading, entry->at_least ? &entry->at_least : &entry->at_most, entry->place),
			"ge and le have to rise from the prefix's own length, %u, to at most %u", own, longest);
}

static void check_prefix_lists(
	struct loading *loading, const struct site_prefix_list *lists, size_t count) {
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < lists[i].entry_count; k++)
			check_prefix_entry(loading, &lists[i].entries[k]);
	}
}

// What circuits and connections there are to join; NULL: not known, since their list is mistaken.
struct offers {
	struct names *circuit_links, *connections;
};

static void check_interfaces(struct loading *loading, const struct site_interface *interfaces,
	size_t count, const struct offers *offers) {
	for (size_t i = 0; i < count; i++) {
		const struct site_interface *interface = &interfaces[i];
		if (interface->circuit && offers->circuit_links)
			check_name(loading, &interface->circuit, interface->place,
				&(struct known){offers->circuit_links, "circuit link"});
		if (interface->ipsec.connection && offers->connections)
			check_name(loading, &interface->ipsec.connection, interface->ipsec.place,
				&(struct known){offers->connections, "IPsec connection"});
	}
}

static void collect_offers(struct loading *loading, struct offers *offers) {
	const struct azure_model *azure = &loading->root.file.azure;
	char name[256];

	for (size_t i = 0; offers->circuit_links && i < azure->circuit_count; i++) {
		snprintf(name, sizeof(name), "%s/primary", azure->circuits[i].name);
		names_add(offers->circuit_links, name);
		snprintf(name, sizeof(name), "%s/secondary", azure->circuits[i].name);
		names_add(offers->circuit_links, name);
	}
	for (size_t i = 0; offers->connections && i < azure->connection_count; i++) {
		const struct azure_connection *connection = &azure->connections[i];
		if (is_doubtful(loading, &connection->connection_type) ||
			(connection->connection_type && strcmp(connection->connection_type, "IPsec") == 0))
			names_add(offers->connections, connection->name);
	}
}

// What routers, on site or in Azure, say of Azure.
static void check_routers(struct loading *loading) {
	const struct network_file *file = &loading->root.file;
	struct offers offers = {
		is_doubtful(loading, &file->azure.circuits) ? NULL : names_new(),
		is_doubtful(loading, &file->azure.connections) ? NULL : names_new(),
	};

	collect_offers(loading, &offers);
	for (size_t i = 0; i < file->site_count; i++) {
		const struct site *site = &file->sites[i];
		check_prefix_lists(loading, site->prefix_lists, site->prefix_list_count);
		for (size_t k = 0; k < site->router_count; k++)
			check_interfaces(
				loading, site->routers[k].interfaces, site->routers[k].interface_count, &offers);
	}
	for (size_t i = 0; i < file->azure.machine_count; i++) {
		const struct azure_machine *machine = &file->azure.machines[i];
		check_prefix_lists(loading, machine->prefix_lists, machine->prefix_list_count);
		check_interfaces(loading, machine->interfaces, machine->interface_count, &offers);
	}
	names_free(offers.circuit_links);
	names_free(offers.connections);
}

static void check_host(struct loading *loading, const struct file_test *test,
	const struct names *hosts, const char *const *member) {
	struct ip address;

	if (*member && ip_parse(*member, &address) != 0)
		check_name(loading, member, test->place, &(struct known){hosts, "host or virtual machine"});
}

static bool add_hosts(struct loading *loading, struct names *hosts) {
	const struct network_file *file = &loading->root.file;
	bool are_known =
		!is_doubtful(loading, &file->azure.machines) && !is_doubtful(loading, &file->sites);

	for (size_t i = 0; i < file->azure.machine_count; i++)
		names_add(hosts, file->azure.machines[i].name);
	for (size_t i = 0; i < file->site_count; i++) {
		are_known = are_known && !is_doubtful(loading, &file->sites[i].hosts);
		for (size_t k = 0; k < file->sites[i].host_count; k++)
			names_add(hosts, file->sites[i].hosts[k].name);
	}
	return are_known;
}

static void finish_tests(struct loading *loading) {
	struct network_file *file = &loading->root.file;
	struct names *hosts = names_new();
	struct names *targets = names_new(); // hosts, and endpoints: they answer, and never ask
	bool are_known = add_hosts(loading, hosts);
	add_hosts(loading, targets);
	bool are_targets_known = are_known && !is_doubtful(loading, &file->azure.endpoints);

	for (size_t i = 0; i < file->azure.endpoint_count; i++)
		names_add(targets, file->azure.endpoints[i].name);
	for (size_t i = 0; i < file->test_count; i++) {
		struct file_test *test = &file->tests[i];
		if (!test->reaches_given)
			test->reaches = true;
		if (are_known)
			check_host(loading, test, hosts, &test->from);
		if (are_targets_known)
			check_host(loading, test, targets, &test->to);
		if (!test->survives_text)
			continue;
		test->survives = strcmp(test->survives_text, "any single link") == 0 ? FILE_SURVIVES_LINK
			: strcmp(test->survives_text, "any single node") == 0            ? FILE_SURVIVES_NODE
																  : FILE_SURVIVES_FAILURE;
	}
	names_free(hosts);
	names_free(targets);
}

int native_read_text(const struct native_text *text, struct arena *arena, struct network_file **out,
	struct diagnostics *mistakes) {
	struct network_file *file = NULL;
	const struct tree_node *tree =
		tree_parse(text->name, text->chars, text->length, arena, mistakes);

	if (!tree)
		return -EINVAL;
	if (tree->kind == TREE_NULL) {
		diagnostics_error(mistakes, tree->place, "the file is empty");
		return -EINVAL;
	}
	// What the tables fill is what stays: marks know values by where they are.
	struct loading *loading = ARENA_NEW(arena, struct loading);
	loading->binder = (struct binder){.arena = arena, .mistakes = mistakes};
	bind_object(&loading->binder, &native_root_object, tree, &loading->root);
	if (loading->binder.visits > NATIVE_VISITS_MAX)
		return -EINVAL; // the rest of the file was not looked at
	finish_azure(loading);
	check_routers(loading);
	finish_tests(loading);
	file = &loading->root.file;
	file->path = arena_strdup(arena, text->name);
	*out = file;
	return 0;
}

int native_load_text(const struct native_text *text, struct arena *arena, struct network_file **out,
	struct diagnostics *mistakes) {
	struct network_file *file = NULL;
	size_t before = diagnostics_error_count(mistakes);
	int result = native_read_text(text, arena, &file, mistakes);

	if (result == 0 && diagnostics_error_count(mistakes) != before)
		result = -EINVAL;
	if (result == 0)
		*out = file;
	return result;
}

static int read_failed(const char *path, struct diagnostics *mistakes) {
	int error = errno ? errno : EIO;

	diagnostics_error(mistakes, (struct place){path, 0, 0}, "cannot be read: %s", strerror(error));
	return -error;
}

int native_read(const char *path, struct arena *arena, struct network_file **out,
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
							  : native_read_text(&source, arena, out, mistakes);
	fclose(file);
	text_done(&content);
	return result;
}

int native_load(const char *path, struct arena *arena, struct network_file **out,
	struct diagnostics *mistakes) {
	struct network_file *file = NULL;
	size_t before = diagnostics_error_count(mistakes);
	int result = native_read(path, arena, &file, mistakes);

	if (result == 0 && diagnostics_error_count(mistakes) != before)
		result = -EINVAL;
	if (result == 0)
		*out = file;
	return result;
}
