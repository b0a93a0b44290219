#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "live/state.h"

struct list {
	char **items;
	size_t count, room;
};

static int compare_names(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **state_list(size_t *count) {
	struct list list = {0};
	DIR *folder = opendir(STATE_FOLDER);
	struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (entry->d_type == DT_DIR && state_name_is_valid(entry->d_name))
			ARRAY_PUSH(&list, memory_strdup(entry->d_name));
	}
	if (folder != NULL)
		closedir(folder);
	if (list.count != 0)
		qsort(list.items, list.count, sizeof(*list.items), compare_names);
	*count = list.count;
	return list.items;
}

size_t state_list_running(char only[STATE_NAME_MAX + 1]) {
	size_t count, running = 0;
	char **names = state_list(&count);
	for (size_t i = 0; i < count; i++) {
		if (state_is_alive(names[i]) && running++ == 0)
			snprintf(only, STATE_NAME_MAX + 1, "%s", names[i]);
		free(names[i]);
	}
	free(names);
	return running;
}
