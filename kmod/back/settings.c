// SPDX-License-Identifier: GPL-2.0
/*
 * Settings: nodes of the backend's own directory that the toolstack writes, and
 * may change while the channel is connected.
 *
 * Directions are closed at once, and opened by a new handshake: main.c.
 *
 * A guest has no word in them. What is wrong is the toolstack's mistake: it is
 * said, and what held before goes on.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../core/nodes.h"
#include "back.h"

/* Indices of nodes[] and of what a backend keeps. */
enum {
	RATE_BYTES,
	RATE_MESSAGES,
	PAUSED,
	READ_WAKE,
	WRITE_WAKE,
	SPIN_USEC,
	SETTINGS,
};

/**
 * struct setting - one of them
 * @name: of its node
 * @most: that it may be; the least, and what holds without the node, is 0
 */
struct setting {
	const char *name;
	u64 most;
};

static const struct setting nodes[SETTINGS] = {
	[RATE_BYTES] = { "rate-bytes", MYDEVICE_RATE_MAX },
	[RATE_MESSAGES] = { "rate-messages", MYDEVICE_RATE_MAX },
	[PAUSED] = { "paused", 1 },
	[READ_WAKE] = { "read-wake", U32_MAX },
	[WRITE_WAKE] = { "write-wake", U32_MAX },
	[SPIN_USEC] = { "spin-usec", U32_MAX },
};

static void apply(struct myd_back *back)
{
	const u64 *setting = back->setting;
	struct myd_settings settings = {
		.rate_bytes = setting[RATE_BYTES],
		.rate_messages = setting[RATE_MESSAGES],
		.read_wake = setting[READ_WAKE],
		.write_wake = setting[WRITE_WAKE],
		.spin_usec = setting[SPIN_USEC],
		.paused = setting[PAUSED],
	};

	BUILD_BUG_ON(ARRAY_SIZE(back->setting) != SETTINGS);
	myd_channel_set(back->channel, &settings);
}

/* Digits only: kstrtoull() would take a sign, and an end of line. */
static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* An unreadable node leaves what held before. */
static void read_node(struct myd_back *back, struct xenbus_transaction xbt, unsigned int i,
		      bool warn)
{
	const char *path = back->dev->nodename;
	char *text = xenbus_read(xbt, path, nodes[i].name, NULL);
	u64 value = 0;

	if (IS_ERR(text))
		return;
	if (is_number(text) && !kstrtoull(text, 10, &value) && value <= nodes[i].most)
		back->setting[i] = value;
	else if (warn && myd_guest_may_log(back->guest))
		dev_warn(&back->dev->dev, "%s/%s is no number from 0 to %llu: it stays at %llu\n",
			 path, nodes[i].name, nodes[i].most, back->setting[i]);
	kfree(text);
}

/* As read_node(). What is closed stays closed where the node is wrong. */
static void read_direction(struct myd_back *back, struct xenbus_transaction xbt, bool warn)
{
	int r = myd_read_direction(xbt, back->dev->nodename, &back->closed);

	if (r == -EINVAL && warn && myd_guest_may_log(back->guest))
		dev_warn(&back->dev->dev,
			 "%s/direction is none of both, to-host and to-guest: it stays at %s\n",
			 back->dev->nodename, myd_direction_name(back->closed));
}

static int find(const char *name)
{
	unsigned int i;

	for (i = 0; i < SETTINGS; i++)
		if (!strcmp(nodes[i].name, name))
			return i;
	return -ENOENT;
}

/*
 * Most devices have none: one look at the directory tells. A node that is wrong is
 * told of when it is written, not with each change of another.
 */
static int read_nodes(struct myd_back *back, struct xenbus_transaction xbt, const char *changed)
{
	unsigned int count, i, there = 0;
	char **names = xenbus_directory(xbt, back->dev->nodename, "", &count);

	if (IS_ERR(names))
		return PTR_ERR(names);
	read_direction(back, xbt, !changed || !strcmp(changed, "direction"));
	for (i = 0; i < count; i++) {
		int found = find(names[i]);

		if (found < 0)
			continue;
		there |= 1u << found;
		read_node(back, xbt, found, !changed || !strcmp(changed, names[i]));
	}
	kfree(names);
	for (i = 0; i < SETTINGS; i++)
		if (!(there & 1u << i))
			back->setting[i] = 0;
	return 0;
}

/*
 * All at once, as a transaction of the toolstack has left them: who lifts a pause
 * and sets a rate with it means no moment without either. One after the other is
 * better than not at all where no transaction is to be had.
 */
static int read_settings(struct myd_back *back, const char *changed)
{
	struct xenbus_transaction xbt;
	bool whole = !xenbus_transaction_start(&xbt);
	int r = read_nodes(back, whole ? xbt : XBT_NIL, changed);

	if (whole)
		xenbus_transaction_end(xbt, 1);
	if (r)
		return r;
	back->set = true;
	apply(back);
	myd_back_redirect(back);
	return 0;
}

/**
 * myd_settings_read() - all of them
 * @back: the backend, locked
 *
 * Return: 0 or a negative errno.
 */
int myd_settings_read(struct myd_back *back)
{
	return read_settings(back, NULL);
}

/**
 * myd_settings_changed() - a node was written, or removed
 * @back: the backend, locked
 * @node: its name
 */
void myd_settings_changed(struct myd_back *back, const char *node)
{
	if (find(node) >= 0 || !strcmp(node, "direction"))
		read_settings(back, node);
	else if (!strncmp(node, "node-", strlen("node-")))
		myd_channel_announce(back->channel);
}
