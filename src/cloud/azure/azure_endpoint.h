// Private endpoints and service endpoints as the file describes them. See azure.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "net/ip.h"

struct azure_private_endpoint {
	const char *name;
	struct place place;
	const char *subnet;   // "vnet/subnet"
	struct ip *addresses; // privateIPAddress; default: the first free one
	size_t address_count;
	const char **group_ids; // blob, sqlServer, …: words for people
	size_t group_id_count;
};

struct azure_service_endpoint { // of a subnet
	struct place place;
	const char *service;    // Microsoft.Storage
	const char **locations; // read only to be shown
	size_t location_count;
	struct prefix *prefixes; // addressPrefixes: the service's public ones
	size_t prefix_count;
};
