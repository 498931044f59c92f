/* What Libreswan takes although nothing comes of it: such connections load here too, without it, and the user
 * is told. */
#include "config/spec_detail.h"

/* Of each: is it there, what is said, and how it goes. */
struct inert {
    bool (*is_there)(const struct connection_spec *spec, const struct end_spec *end);
    void (*drop)(struct connection_spec *spec, struct end_spec *end);
    const char *keyword; /* an end's without left or right */
    bool is_per_end;
    const char *reason;
};

static bool mobike_in_transport_mode(const struct connection_spec *spec, const struct end_spec *end)
{
    (void)end;
    return spec->mobike && spec->ike_version != 1 && spec->type == TYPE_TRANSPORT;
}

static bool mobike_over_tcp(const struct connection_spec *spec, const struct end_spec *end)
{
    (void)end;
    return spec->mobike && spec->tcp_use == TCP_YES;
}

static void drop_mobike(struct connection_spec *spec, struct end_spec *end)
{
    (void)end;
    spec->mobike = false;
}

static bool vti_without_mark(const struct connection_spec *spec, const struct end_spec *end)
{
    (void)end;
    bool has_marks = spec->mark_is_unique || (spec->mark_in.mask != 0 && spec->mark_out.mask != 0);
    return spec->interface.vti.name[0] != '\0' && !has_marks && !spec->interface.is_wanted;
}

static void drop_vti(struct connection_spec *spec, struct end_spec *end)
{
    (void)end;
    spec->interface.vti.name[0] = '\0';
}

static bool pool_in_transport_mode(const struct connection_spec *spec, const struct end_spec *end)
{
    return spec->type == TYPE_TRANSPORT && end->pool_count > 0;
}

static void drop_pool(struct connection_spec *spec, struct end_spec *end)
{
    (void)spec;
    end->pool_count = 0;
}

static bool subnet_of_group(const struct connection_spec *spec, const struct end_spec *end)
{
    (void)spec;
    return end->host_kind == HOST_GROUP && end->client_count > 0;
}

static void drop_subnet(struct connection_spec *spec, struct end_spec *end)
{
    (void)spec;
    end->client_count = 0;
}

static bool cat_without_lease(const struct connection_spec *spec, const struct end_spec *end)
{
    (void)spec;
    return end->translates_clients && !end->modecfg_client;
}

static void keep(struct connection_spec *spec, struct end_spec *end)
{
    (void)spec;
    (void)end;
}

static const struct inert table[] = {
    {mobike_in_transport_mode, drop_mobike, "mobike=yes", false, "with type=transport"},
    {mobike_over_tcp, drop_mobike, "mobike=yes", false, "together with enable-tcp=yes"},
    {vti_without_mark, drop_vti, "vti-interface=", false, "without mark=, such as mark=5/0xffffffff"},
    {pool_in_transport_mode, drop_pool, "addresspool=", true, "with type=transport"},
    {subnet_of_group, drop_subnet, "subnet=", true, "beside %group: the policy file has the networks"},
    {cat_without_lease, keep, "cat=yes", true, "without modecfgclient=yes of the same end"},
};

void spec_set_inert_aside(struct spec_builder *builder)
{
    struct connection_spec *spec = builder->spec;
    struct end_spec *ends[] = {&spec->left, &spec->right};
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        const struct inert *row = &table[i];
        for (size_t j = 0; j < (row->is_per_end ? ARRAY_SIZE(ends) : 1); j++) {
            if (!row->is_there(spec, ends[j]))
                continue;
            row->drop(spec, ends[j]);
            warning_send(builder->warnings, "conn \"%s\": %s%s has no effect %s", spec->name,
                         !row->is_per_end ? ""
                         : j == 0         ? "left"
                                          : "right",
                         row->keyword, row->reason);
        }
    }
}
