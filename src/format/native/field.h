// The vocabulary in which tables.h describes the file: objects, their keys, and which member of
// which struct a key fills.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/native/tree.h"

#define NO_OFFSET UINT16_MAX

enum field_kind {
	FIELD_TEXT,              // const char *
	FIELD_BOOL,              // bool; count_offset: another that says it was given
	FIELD_NOT,               // bool, holding the opposite of what the file says
	FIELD_NUMBER,            // uint32_t
	FIELD_SIGNED,            // int64_t, -1 when absent
	FIELD_SEED,              // uint64_t
	FIELD_DURATION,          // int64_t
	FIELD_DURATION_OR_ZERO,  // int64_t; the file's 0 becomes -1
	FIELD_DURATION_OR_UNSET, // int64_t, -1 when absent
	FIELD_RATE,              // uint64_t, bits per second
	FIELD_LOSS,              // uint32_t, millionths
	FIELD_ADDRESS,           // struct ip
	FIELD_V4_NUMBER,         // uint32_t from an IPv4 address
	FIELD_PREFIX,            // struct prefix
	FIELD_WORD,              // const char *, one of `words`
	// Lists; one item may stand without brackets.
	FIELD_TEXTS,     // const char **
	FIELD_WORDS,     // const char **, each one of `words`
	FIELD_PICKS,     // bool[], one for each of `words`
	FIELD_NUMBERS,   // uint32_t *
	FIELD_ADDRESSES, // struct ip *
	FIELD_V4_NUMBERS,
	FIELD_PREFIXES,            // struct prefix *; Azure's {addressPrefixes: []} is read too
	FIELD_INTERFACE_ADDRESSES, // struct topo_address *
	// Structs.
	FIELD_OBJECT, // embedded
	FIELD_NAMED,  // an array from a map whose keys are names
	FIELD_LISTED, // an array from a list
	// Keys without a member.
	FIELD_IGNORED, // an Azure property that changes nothing here
	FIELD_LATER,   // known, and refused as not supported yet
};

struct object;

struct field {
	const char *key;
	enum field_kind kind;
	uint16_t offset, count_offset;
	const struct object *object;
	const char *const *words; // ends with NULL
	int64_t min, max;         // of numbers and, in ns, of durations; both 0: what the member holds
	bool required;
	const char *fallback; // the default, in words for the reader
	const char *doc;
};

// What a name (the key of a FIELD_NAMED map) may be.
enum name_kind {
	NAME_NODE,    // letters, digits, "." "_" "-", no "--": names of nodes appear in names of links
	NAME_FREE,    // the same and "/"
	NAME_ADDRESS, // an address; the member at name_offset is a struct ip
};

struct object {
	const char *name;  // "virtualNetwork", as the schema calls it
	const char *title; // "a virtual network", for messages
	const char *doc;
	size_t size;
	const struct field *fields; // ends with a NULL key
	enum name_kind name_kind;
	uint16_t name_offset, place_offset, given_offset; // NO_OFFSET: none
	const char *shorthand; // the key that a value which is no map stands for, or NULL
};
