// The inventory, and the mistakes of a file.
#pragma once

#include "base/diagnostics.h"
#include "view/view.h"

enum view_inventory {
	VIEW_SHOW_NODES,
	VIEW_SHOW_LINKS,
	VIEW_SHOW_HOSTS,
};

void view_show_text(const struct view *view, enum view_inventory what, struct text *out);
json_t *view_show_json(const struct view *view, enum view_inventory what);

json_t *view_check_json(const char *path, const struct diagnostics *mistakes);
