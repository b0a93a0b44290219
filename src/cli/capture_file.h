// Captured packets on their way out: as a pcap or pcapng file, or a line each for people.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "net/pcap.h"

enum capture_form {
	CAPTURE_PCAP,
	CAPTURE_PCAPNG, // says of each packet by which link it went and who sent it
	CAPTURE_LINES,
};

struct capture_plan {
	FILE *file; // the caller's
	enum capture_form form;
	uint32_t snaplen;    // 0: whole packets
	bool is_of_all;      // links: a line says which
	const void *network; // whose links and nodes these are
	const char *(*link_name)(const void *network, uint32_t link);
	const char *(*node_name)(const void *network, uint32_t node);
};

struct capture_file;

// By a file's name: pcapng for FILE.pcapng, else pcap.
enum capture_form capture_form_of(const char *path);

struct capture_file *capture_file_new(const struct capture_plan *plan);
void capture_file_free(struct capture_file *file); // NULL is fine
// `link` it entered, sent by node `from`; `interface` in the packet is not read.
void capture_file_add(
	struct capture_file *file, const struct pcap_packet *packet, uint32_t link, uint32_t from);
int capture_file_flush(struct capture_file *file); // 0 or -errno
