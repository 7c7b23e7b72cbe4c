// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "engine/device.h"
#include "engine/steps.h"
#include "model/awaited.h"
#include "view/registry.h"

/* 1, 0 or -errno */
static int has_node(struct store *store, const struct path *dir, const char *node)
{
	struct path path = path_child(dir, node);
	_cleanup_free_ char *value = NULL;
	int r = store_read(store, 0, path.text, &value, NULL);

	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

int steps_read(struct device *device)
{
	struct path front = path_frontend(&device->key), back = path_backend(&device->key);
	struct path error = path_child(&back, "error");
	enum end_state frontend = device->frontend, backend = device->backend;
	struct store *store = device_store(device);
	_cleanup_free_ char *text = NULL;
	int features = 0, offer = 0, r = 0;

	if (!device_kind(device)->has_steps)
		return 0;
	if (awaited_needs_features(backend))
		features = has_node(store, &back, "max-protocol");
	if (awaited_needs_offer(frontend, backend))
		offer = has_node(store, &front, "ring-ref");
	if (backend == END_CLOSING || backend == END_CLOSED)
		r = store_read(store, 0, error.text, &text, NULL);
	if (features < 0 || offer < 0)
		return features < 0 ? features : offer;
	if (r < 0 && r != -ENOENT)
		return r;
	device->steps.features = features;
	device->steps.offer = offer;
	device->steps.error = escape(text ?: "");
	return 0;
}

void steps_show(const struct device *device, struct device_view *view)
{
	struct awaited_facts facts = {
		.phase = device->phase,
		.frontend = device->frontend,
		.backend = device->backend,
		.hotplug = device->hotplug,
		.features = device->steps.features,
		.offer = device->steps.offer,
	};

	if (!device_kind(device)->has_steps)
		return;
	view->awaited = awaited_find(&facts);
	view->backend_error = device->steps.error;
}
