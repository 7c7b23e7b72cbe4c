// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about programs that know nothing of us.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <stdlib.h>

#include "row.h"

#define BYTES	"1000003"

/* How a tool writes the file to the node, and the node to the file. */
static const struct {
	const char *name;
	const char *write;
	const char *read;
} tools[] = {
	{ "cat", "cat /tmp/sent >\"$NODE\"", "cat \"$NODE\" >/tmp/received" },
	{ "dd", "dd if=/tmp/sent of=\"$NODE\" bs=3000",
	  "dd if=\"$NODE\" of=/tmp/received bs=5000" },
	{ "socat", "socat -u OPEN:/tmp/sent OPEN:\"$NODE\",wronly",
	  "socat -u OPEN:\"$NODE\",rdonly CREATE:/tmp/received" },
	/* it asks for an end of file again, after a poll or after a splice */
	{ "pv", "pv -q /tmp/sent >\"$NODE\"", "pv -q \"$NODE\" >/tmp/received" },
	{ "pv", "pv -q /tmp/sent | cat >\"$NODE\"", "pv -q \"$NODE\" | cat >/tmp/received" },
};

static bool is_there(const char *name)
{
	const char *at = strstr(setting.tools, name);
	size_t len = strlen(name);

	return at && (!at[len] || at[len] == ' ') && (at == setting.tools || at[-1] == ' ');
}

static void pass_file(struct end *near, struct end *far, const char *write, const char *read)
{
	struct call reader, writer;
	char sent[128], received[128];

	IS(runs(near, "head -c " BYTES " /dev/urandom >/tmp/sent", sent, sizeof(sent)), 0);
	IS(runs(far, "rm -f /tmp/received", received, sizeof(received)), 0);
	reader = call_begin(far, OP_RUN, read, strlen(read), 0, 0, 0, 0);
	writer = call_begin(near, OP_RUN, write, strlen(write), 0, 0, 0, 0);
	IS(call_result(&writer), 0);
	IS(call_result(&reader), 0);
	if (writer.result || reader.result)
		printf("  %s: %s\n  %s: %s\n", write, writer.data ? (char *)writer.data : "", read,
		       reader.data ? (char *)reader.data : "");
	runs(near, "sha256sum </tmp/sent", sent, sizeof(sent));
	runs(far, "sha256sum </tmp/received; rm /tmp/received", received, sizeof(received));
	CHECK(strlen(sent) > 64 && !strcmp(sent, received));
	call_free(&writer);
	call_free(&reader);
}

/* A tool writes and ends, another reads up to the end of file. */
static void files(struct end *near, struct end *far)
{
	int count = 0;

	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		if (!is_there(tools[i].name))
			continue;
		pass_file(near, far, tools[i].write, tools[i].read);
		count++;
	}
	CHECK(count);
}

/* Runs a line at each end; whether both end well, and what the far end has printed. */
static bool run_both(struct end *near, const char *writes, struct end *far, const char *reads,
		     char *ret_output, size_t size)
{
	struct call writer = call_begin(near, OP_RUN, writes, strlen(writes), 0, 0, 0, 0);
	struct call reader = call_begin(far, OP_RUN, reads, strlen(reads), 0, 0, 0, 0);
	long written = IS(call_result(&writer), 0), read = IS(call_result(&reader), 0);

	snprintf(ret_output, size, "%s", reader.data ? (char *)reader.data : "");
	if (written || read)
		printf("  %s\n  %s: %s\n", writes, reads, ret_output);
	call_free(&writer);
	call_free(&reader);
	return !written && !read;
}

/* Each reader gets one session, as on a FIFO, and none is lost to one that closes. */
static void a_session_for_each_reader(struct end *near, struct end *far)
{
	char output[512], expected[512] = "";

	for (int i = 1; i <= 20; i++)
		sprintf(expected + strlen(expected), "session%d|", i);
	run_both(near, "for i in $(seq 20); do echo -n session$i >\"$NODE\"; done", far,
		 "for i in $(seq 20); do cat \"$NODE\"; echo -n '|'; done", output,
		 sizeof(output));
	CHECK(!strcmp(output, expected));
}

/* A loop of readers beside many short writers: every line arrives, in order. */
static void a_loop_of_readers(struct end *near, struct end *far)
{
	/* a thousand take a while, and once is enough; some of them on a slow kernel */
	int rounds = setting.limits ? 50 / end_slow + 1 : 1;
	const char *reads = "rm -f /tmp/log; until tail -n 1 /tmp/log 2>/dev/null | grep -qx 20; do"
		" cat \"$NODE\" >>/tmp/log; done; seq 20 | cmp - /tmp/log && echo complete;"
		" rm /tmp/log";
	char output[128];

	while (rounds--) {
		if (!run_both(near, "for i in $(seq 20); do echo $i >\"$NODE\"; done", far, reads,
			      output, sizeof(output)))
			return;
		CHECK(!strcmp(output, "complete\n"));
	}
}

/* Programs that read again after an end of file finish. */
static void reads_again_after_the_end(struct end *near, struct end *far)
{
	static const char *const readers[] = {
		"dd if=\"$NODE\" bs=64k iflag=fullblock 2>/dev/null",
		"{ cat; cat; cat; } <\"$NODE\"",
		"while read -r line || [ -n \"$line\" ]; do echo -n \"$line\"; done <\"$NODE\"",
	};
	char output[128];

	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
		run_both(near, "echo -n all of it >\"$NODE\"", far, readers[i], output,
			 sizeof(output));
		CHECK(!strcmp(output, "all of it"));
	}
}

/* A conversation of lines, as a shell would have it. */
static void shell(struct end *near, struct end *far)
{
	const char *server = "exec 3<>\"$NODE\"; while read -r line <&3; do"
		" echo \"<$line>\" >&3; done";
	const char *client = "exec 3<>\"$NODE\"; for word in one two three; do echo $word >&3;"
		" read -r line <&3; echo \"$line\"; done";
	struct call call = call_begin(far, OP_RUN, server, strlen(server), 0, 0, 0, 0);
	char output[256];

	IS(runs(near, client, output, sizeof(output)), 0);
	CHECK(!strcmp(output, "<one>\n<two>\n<three>\n"));
	IS(call_result(&call), 0);
	call_free(&call);
}

/* A path to a descriptor opens the node again, which is open already; mydevice(4), NOTES. */
static void paths_to_descriptors(struct end *near, struct end *far)
{
	char output[256];

	(void)far;
	IS(runs(near, "dd if=/proc/self/fd/0 count=1 2>&1 <\"$NODE\" | grep -o 'resource busy'",
		output, sizeof(output)), 0);
	CHECK(!strcmp(output, "resource busy\n"));
}

const struct row tool_rows[] = {
	{ "files", STREAM | TOOLS, files },
	{ "a-session-for-each-reader", STREAM, a_session_for_each_reader },
	{ "a-loop-of-readers", STREAM, a_loop_of_readers },
	{ "reads-again-after-the-end", STREAM, reads_again_after_the_end },
	{ "shell", STREAM, shell },
	{ "paths-to-descriptors", STREAM, paths_to_descriptors },
	{}
};
