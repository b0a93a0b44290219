#include "proto/bfd/bfd_fsm.h"

#include "base/assert.h"

struct cell {
	bool is_known;
	uint8_t next;
	uint8_t diagnostic;
	uint8_t actions;
};

#define TO(state, diagnostic, actions) \
	{ true, (state), (diagnostic), (uint8_t)(actions) }

#define COMES_UP TO(BFD_UP, BFD_NO_DIAGNOSTIC, BFD_DO_FAST | BFD_DO_SEND | BFD_DO_TELL_UP)
#define GOES_DOWN(diagnostic) \
	TO(BFD_DOWN, (diagnostic), BFD_DO_SLOW | BFD_DO_SEND | BFD_DO_TELL_DOWN)
// Half way there is nothing that anybody relied upon, so nobody is told (RFC 5882 4.2).
#define GIVES_UP(diagnostic) TO(BFD_DOWN, (diagnostic), BFD_DO_SEND)
#define IS_STOPPED \
	TO(BFD_ADMIN_DOWN, BFD_ADMINISTRATIVELY_DOWN, BFD_DO_SLOW | BFD_DO_SEND | BFD_DO_FALL_SILENT)

static const struct cell table[BFD_STATES][BFD_EVENTS] = {
	[BFD_ADMIN_DOWN] =
		{
			// 6.8.16: what was wrong before is over.
			[BFD_STARTED] = TO(BFD_DOWN, BFD_NO_DIAGNOSTIC, BFD_DO_SEND),
		},
	[BFD_DOWN] =
		{
			[BFD_HEARD_DOWN] = TO(BFD_INIT, BFD_NO_DIAGNOSTIC, BFD_DO_SEND),
			[BFD_HEARD_INIT] = COMES_UP,
			[BFD_STOPPED] = IS_STOPPED,
		},
	[BFD_INIT] =
		{
			[BFD_HEARD_ADMIN_DOWN] = GIVES_UP(BFD_NEIGHBOR_DOWN),
			[BFD_HEARD_INIT] = COMES_UP,
			[BFD_HEARD_UP] = COMES_UP,
			[BFD_EXPIRED] = GIVES_UP(BFD_DETECTION_EXPIRED),
			[BFD_STOPPED] = IS_STOPPED,
		},
	[BFD_UP] =
		{
			[BFD_HEARD_ADMIN_DOWN] = GOES_DOWN(BFD_NEIGHBOR_DOWN),
			[BFD_HEARD_DOWN] = GOES_DOWN(BFD_NEIGHBOR_DOWN),
			[BFD_EXPIRED] = GOES_DOWN(BFD_DETECTION_EXPIRED),
			[BFD_STOPPED] = IS_STOPPED,
		},
};

struct bfd_step bfd_fsm_step(enum bfd_state state, enum bfd_event event) {
	assert((unsigned)state < BFD_STATES && (unsigned)event < BFD_EVENTS);
	const struct cell *cell = &table[state][event];

	if (!cell->is_known)
		return (struct bfd_step){state, BFD_NO_DIAGNOSTIC, 0};
	return (struct bfd_step){
		(enum bfd_state)cell->next, (enum bfd_diagnostic)cell->diagnostic, cell->actions};
}
