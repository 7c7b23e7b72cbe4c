// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "base/number.h"
#include "base/util.h"
#include "model/paths.h"

_printf_(1, 2) static struct path path_format(const char *format, ...)
{
	struct path p;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(p.text, sizeof(p.text), format, args);
	va_end(args);
	/* all parts are numbers, constants and names of checked length */
	assert(n >= 0 && (size_t)n < sizeof(p.text));
	return p;
}

struct path path_domain(unsigned int domid)
{
	return path_format(PATH_DOMAINS "/%u", domid);
}

struct path path_frontend(const struct device_key *key)
{
	return path_format(PATH_DOMAINS "/%u/device/%s/%u", key->guest, key->class, key->devid);
}

struct path path_backend(const struct device_key *key)
{
	return path_format(PATH_DOMAINS "/%u/backend/%s/%u/%u", key->backend, key->class,
			   key->guest, key->devid);
}

int path_parse_record(const char *node, struct device_key *ret)
{
	const char *dash = strrchr(node, '-');
	unsigned int devid;

	if (!dash || !name_is_safe(node, (size_t)(dash - node)) ||
	    number_devid(dash + 1, strlen(dash + 1), &devid) < 0)
		return -EINVAL;
	memcpy(ret->class, node, (size_t)(dash - node));
	ret->class[dash - node] = '\0';
	ret->devid = devid;
	return 0;
}

struct path path_guest_notes(unsigned int guest)
{
	return path_format(PATH_RECORDS "/%u", guest);
}

struct path path_withheld(unsigned int guest)
{
	return path_format(PATH_RECORDS "/%u/" PATH_WITHHELD, guest);
}

struct path path_kept(const char *uuid)
{
	return path_format(PATH_KEPT "/%s", uuid);
}

struct path path_note(const struct path *dir, const char *class, const char *name)
{
	struct path path = path_format("%s/%s@%s", dir->text, class, name);

	for (char *dot = path.text + strlen(dir->text); (dot = strchr(dot, '.')); )
		*dot = '@';
	return path;
}

int path_parse_note(const char *node, char ret_class[static MYDEVICE_NAME_MAX + 1],
		    char ret_name[static MYDEVICE_NAME_MAX + 1])
{
	const char *at = strchrnul(node, '@');
	size_t class = (size_t)(at - node), len = strlen(at + !!*at);
	char name[MYDEVICE_NAME_MAX + 1] = "";

	if (!name_is_safe(node, class) || len > MYDEVICE_NAME_MAX || strchr(node, '.'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		name[i] = at[i + 1] == '@' ? '.' : at[i + 1];
	if (!name_is_safe(name, len))
		return -EINVAL;
	memcpy(ret_class, node, class);
	ret_class[class] = '\0';
	memcpy(ret_name, name, sizeof(name));
	return 0;
}

struct path path_record(const struct device_key *key, const char *name)
{
	struct path dir = path_guest_notes(key->guest);

	return path_note(&dir, key->class, name);
}

struct path path_requests(unsigned int guest, const char *class)
{
	return path_format(PATH_DOMAINS "/%u/data/%s", guest, class);
}

struct path path_request(unsigned int guest, const char *class, unsigned int devid)
{
	return path_format(PATH_DOMAINS "/%u/data/%s/%u", guest, class, devid);
}

struct path path_backends(unsigned int backend, const char *class)
{
	return path_format(PATH_DOMAINS "/%u/backend/%s", backend, class);
}

struct path path_guest_backends(unsigned int backend, const char *class, unsigned int guest)
{
	return path_format(PATH_DOMAINS "/%u/backend/%s/%u", backend, class, guest);
}

struct path path_child(const struct path *dir, const char *node)
{
	return path_format("%s/%s", dir->text, node);
}

/* What stands between the n-th slash and the next. */
static const char *path_part(const char *path, unsigned int n, size_t *ret_len)
{
	while (n-- && *path)
		path = strchrnul(path + 1, '/');
	path += *path == '/';
	*ret_len = (size_t)(strchrnul(path, '/') - path);
	return path;
}

int path_parse_guest(const char *path, unsigned int *ret)
{
	const char *part;
	size_t len;

	if (!strncmp(path, PATH_RECORDS "/", strlen(PATH_RECORDS "/"))) {
		part = path_part(path, 1, &len);
	} else if (!strncmp(path, PATH_DOMAINS "/", strlen(PATH_DOMAINS "/"))) {
		part = path_part(path, 3, &len);
		part = path_part(path, len == 7 && !strncmp(part, "backend", 7) ? 5 : 2, &len);
	} else {
		return -EINVAL;
	}
	return number_domid(part, len, ret) < 0 ? -EINVAL : 0;
}

int path_parse_request_event(const struct path *requests, const char *path,
			     unsigned int *ret_devid)
{
	size_t prefix = strlen(requests->text);
	const char *devid, *node;

	if (strncmp(path, requests->text, prefix) || !path[prefix])
		return 2;
	if (path[prefix] != '/')
		return -EINVAL;
	devid = path + prefix + 1;
	node = strchrnul(devid, '/');
	if (number_devid(devid, (size_t)(node - devid), ret_devid) < 0)
		return -EINVAL;
	return !*node || !strcmp(node, "/request");
}

struct path path_backend_node(const struct device_key *key, const char *guest, const char *name)
{
	if (strcmp(key->class, MYDEVICE_CLASS))
		return (struct path){};
	if (name_is_safe(guest, strlen(guest)) && name_is_safe(name, strlen(name)))
		return path_format("/dev/mydevice-back/%s/%s", guest, name);
	return path_format("/dev/mydevice-back/%u-%u", key->guest, key->devid);
}
