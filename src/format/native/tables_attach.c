#include "format/native/tables.h"
#include "topo/link.h"

static const struct field attach_fields[] = {
	FIELD("interface", TEXT, struct topo_attachment, interface, .required = true,
		.doc = "Its name, as `ip link` shows it."),
	FIELD("netns", TEXT, struct topo_attachment, name_space,
		.fallback = "the machine's own network",
		.doc = "The network namespace it is in, as `ip netns` names it."),
	END,
};

const struct object native_attach_object = {
	.name = "attach",
	.title = "attach",
	.doc =
		"An existing interface that takes a node's place when the network runs live; a name alone "
		"is its `interface`.",
	.size = sizeof(struct topo_attachment),
	.fields = attach_fields,
	NO_NAME,
	.place_offset = offsetof(struct topo_attachment, place),
	NO_GIVEN,
	.shorthand = "interface",
};
