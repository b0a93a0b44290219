// Private endpoints, and the service endpoints of subnets.
#include "format/native/tables.h"

static const char *const words_service[] = {"Microsoft.Storage", "Microsoft.Storage.Global",
	"Microsoft.Sql", "Microsoft.AzureCosmosDB", "Microsoft.KeyVault", "Microsoft.ServiceBus",
	"Microsoft.EventHub", "Microsoft.Web", "Microsoft.CognitiveServices",
	"Microsoft.ContainerRegistry", "Microsoft.AzureActiveDirectory", NULL};

static const struct field service_endpoint_fields[] = {
	FIELD("service", WORD, struct azure_service_endpoint, service, .words = words_service,
		.required = true, .doc = "The service."),
	LIST("locations", TEXTS, struct azure_service_endpoint, locations, location_count,
		.doc = "Regions whose prefixes the endpoint is for. Words for the reader: the prefixes are "
			   "those of `addressPrefixes`."),
	LIST("addressPrefixes", PREFIXES, struct azure_service_endpoint, prefixes, prefix_count,
		.fallback = "none, with a warning",
		.doc = "The service's public prefixes, which become the subnet's routes (AZ-NIC-9). "
			   "Azure's own lists have hundreds and change weekly, so the file says which count; "
			   "without any there is no route, and the service is reached as the Internet is."),
	END,
};

const struct object native_service_endpoint_object = {
	.name = "serviceEndpoint",
	.title = "a service endpoint",
	.doc = "A service endpoint of a subnet. The service alone may stand for it.",
	.size = sizeof(struct azure_service_endpoint),
	.fields = service_endpoint_fields,
	NO_NAME,
	.place_offset = offsetof(struct azure_service_endpoint, place),
	NO_GIVEN,
	.shorthand = "service",
};

static const struct field private_endpoint_fields[] = {
	FIELD("subnet", TEXT, struct azure_private_endpoint, subnet, .required = true,
		.doc = "Where it is: `network/subnet`."),
	LIST("privateIPAddress", ADDRESSES, struct azure_private_endpoint, addresses, address_count,
		.fallback = "the first free one",
		.doc = "Its address; a list for a service that has several."),
	LIST("groupIds", TEXTS, struct azure_private_endpoint, group_ids, group_id_count,
		.doc = "What of the service it is for, such as `blob`: words for the reader."),
	IGNORED("location", "Read and not used: it is the network's."),
	IGNORED("privateLinkServiceConnections", "Read and not used: what it leads to always answers."),
	IGNORED("manualPrivateLinkServiceConnections", "Read and not used."),
	IGNORED("customNetworkInterfaceName", "Read and not used."),
	IGNORED("privateDnsZoneGroups", "Read and not used: names are not part of the model."),
	LATER("applicationSecurityGroups", ""),
	END,
};

const struct object native_private_endpoint_object = {
	.name = "privateEndpoint",
	.title = "a private endpoint",
	.doc = "A private endpoint: an address in a subnet behind which a service answers TCP, and "
		   "nothing answers ping. Every subnet of its network and of those directly peered with "
		   "it has a route of its own to the address (AZ-NIC-17).",
	.size = sizeof(struct azure_private_endpoint),
	.fields = private_endpoint_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_private_endpoint, name),
	.place_offset = offsetof(struct azure_private_endpoint, place),
	NO_GIVEN,
};
