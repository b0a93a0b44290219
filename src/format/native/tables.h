// The file, described once: what reads it, the JSON Schema and the reference all walk these tables.
#pragma once

#include <stddef.h>

#include "format/format.h"
#include "format/native/field.h"

struct native_root {
	struct network_file file;
};

extern const struct object native_root_object;

// tables_azure.c
extern const struct object native_vnet_object, native_machine_object, native_route_table_object,
	native_security_group_object, native_circuit_object, native_local_gateway_object,
	native_connection_object, native_parameters_object;
// tables_endpoint.c
extern const struct object native_service_endpoint_object, native_private_endpoint_object;
// tables_site.c
extern const struct object native_site_object, native_bgp_object, native_ipsec_object,
	native_prefix_list_object, native_route_map_object;
extern const char *const native_words_rpf[];
// tables_test.c
extern const struct object native_test_object;

// tables_attach.c
extern const struct object native_attach_object;

// A row: FIELD(key, KIND, struct, member, …) and LIST(key, KIND, struct, member, …), whose count is
// `<member>_count` in the singular as given. Further members of struct field may follow.
#define FIELD(key_, kind_, type, member, ...)                                   \
	{                                                                           \
		.key = (key_), .kind = FIELD_##kind_, .offset = offsetof(type, member), \
		.count_offset = NO_OFFSET, __VA_ARGS__                                  \
	}
#define LIST(key_, kind_, type, member, counter, ...)                           \
	{                                                                           \
		.key = (key_), .kind = FIELD_##kind_, .offset = offsetof(type, member), \
		.count_offset = offsetof(type, counter), __VA_ARGS__                    \
	}
#define GROUP(key_, object_, ...)                                                    \
	{                                                                                \
		.key = (key_), .kind = FIELD_OBJECT, .offset = 0, .count_offset = NO_OFFSET, \
		.object = (object_), __VA_ARGS__                                             \
	}
#define IGNORED(key_, doc_) \
	{ .key = (key_), .kind = FIELD_IGNORED, .doc = (doc_) }
#define LATER(key_, doc_) \
	{ .key = (key_), .kind = FIELD_LATER, .doc = (doc_) }
#define END \
	{ .key = NULL }

#define NO_NAME .name_offset = NO_OFFSET
#define NO_PLACE .place_offset = NO_OFFSET
#define NO_GIVEN .given_offset = NO_OFFSET
