/* container_text.c - states in Docker's words. */
#include <stdio.h>

#include "runtime/container_internal.h"

char *age_text(uint64_t ns, char *buf)
{
	unsigned long long s = ns / 1000000000ull, hours = (s + 1800) / 3600;
	if (s < 1)
		return snprintf(buf, 32, "Less than a second"), buf;
	if (s < 60)
		return snprintf(buf, 32, s == 1 ? "1 second" : "%llu seconds", s), buf;
	if (s < 3600)
		return snprintf(buf, 32, s < 120 ? "About a minute" : "%llu minutes", s / 60), buf;
	if (hours < 48)
		return snprintf(buf, 32, hours == 1 ? "About an hour" : "%llu hours", hours), buf;
	if (hours < 24 * 14)
		return snprintf(buf, 32, "%llu days", hours / 24), buf;
	if (hours < 24 * 60)
		return snprintf(buf, 32, "%llu weeks", hours / 24 / 7), buf;
	if (hours < 24 * 365 * 2)
		return snprintf(buf, 32, "%llu months", hours / 24 / 30), buf;
	return snprintf(buf, 32, "%llu years", hours / 24 / 365), buf;
}

char *container_status_text(const struct container *c)
{
	char age[32];
	const char *health = container_health(c);
	uint64_t now = clock_wall_ns();
	uint64_t since = container_is_up(c) ? c->started_ns : c->finished_ns;
	age_text(now > since ? now - since : 0, age);
	switch ((enum ctr_status)c->status) {
	case CTR_RUNNING:
		return str_printf("Up %s%s%s%s", age, !c->health ? "" : str_eq(health, "starting") ?
				  " (health: " : " (", c->health ? health : "", c->health ? ")" : "");
	case CTR_PAUSED: return str_printf("Up %s (Paused)", age);
	case CTR_RESTARTING: return str_printf("Restarting (%d) %s ago", c->exit_code, age);
	case CTR_REMOVING: return str_dup("Removal In Progress");
	case CTR_DEAD: return str_dup("Dead");
	case CTR_CREATED: return str_dup("Created");
	default: return str_printf("Exited (%d) %s ago", c->exit_code, age);
	}
}

void containers_hold_images(struct containers *cs, bool hold)
{
	if (hold)
		pthread_mutex_lock(&cs->images_lock);
	else
		pthread_mutex_unlock(&cs->images_lock);
}

bool containers_use_image(void *containers, const char *image_id, char *holder, size_t cap)
{
	size_t n;
	struct container **v = containers_list(containers, &n);
	bool used = false;
	for (size_t i = 0; i < n; i++) {
		container_lock(v[i]);
		bool up = container_is_up(v[i]);
		/* One that runs counts for more: it can't be forced. */
		if (!v[i]->gone && str_eq(v[i]->image_id, image_id) && (up || !used)) {
			used = true;
			if (holder)
				snprintf(holder, cap, "%s%.12s", up ? "running " : "", v[i]->id);
		}
		container_unlock(v[i]);
	}
	containers_list_free(v, n);
	return used;
}
