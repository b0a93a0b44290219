// Named network namespaces, as `ip netns` keeps them: a file in /run/netns with the namespace
// mounted on it. All return 0 or -errno. For single-threaded programs: entering one moves the whole
// process.
#pragma once

#include <stdbool.h>

#define NETNS_FOLDER "/run/netns"
#define NETNS_NAME_MAX 128

// A new namespace of this name; the caller is inside it afterwards. -EEXIST.
int netns_create(const char *name);
int netns_enter(const char *name);
bool netns_exists(const char *name);
// Does the name still stand for the namespace of this descriptor? Others can delete names.
bool netns_is_named(const char *name, int space);
// The namespace ends with its last process and descriptor. Fine when it is not there.
int netns_remove(const char *name);

// The namespace the process is in, to come back to. It lasts while a descriptor of it is open.
int netns_here(void);       // a descriptor, -errno
int netns_return(int here); // closes it
