/* Connections in the order of their names, as Libreswan lists them. */
#include <stdlib.h>

#include "control/session.h"

/* More than these would hold up the loop; they are listed in the order in which they were added. */
enum { ORDERED_MAX = 20000 };

struct named {
    uint64_t serial;
    const char *name; /* borrowed: nothing enters the engine meanwhile */
};

static int compare(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a->serial > b->serial) - (a->serial < b->serial);
}

static size_t gather(const struct engine *engine, struct named *out)
{
    struct connection_view view;
    size_t count = 0;
    uint64_t after = 0;
    while (count <= ORDERED_MAX && engine_view_connection(engine, after, &view)) {
        after = view.serial;
        if (count < ORDERED_MAX)
            out[count] = (struct named){view.serial, view.spec->name};
        count++;
    }
    return count;
}

void listing_order(struct control_session *session)
{
    struct listing *listing = &session->listing;
    struct named *list = calloc(ORDERED_MAX, sizeof(*list));
    size_t count = list ? gather(session->control->engine, list) : 0;
    if (count > 0 && count <= ORDERED_MAX)
        listing->chosen = calloc(count, sizeof(*listing->chosen));
    if (listing->chosen != NULL) {
        qsort(list, count, sizeof(*list), compare);
        for (size_t i = 0; i < count; i++)
            listing->chosen[i] = list[i].serial;
        listing->chosen_count = count;
    }
    free(list);
}
