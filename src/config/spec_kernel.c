/* Keywords that only the kernel's data plane can follow: mark=, mark-in=, mark-out=, ipsec-interface=,
 * interface-ip=, vti-interface=, vti=, clones=. */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "config/spec_detail.h"

enum { INTERFACE_NUMBER_MAX = 65534 };

/* A number in decimal or 0x form up to the end or a '/'; false: none. */
static bool read_number(const char *text, const char **ret_end, uint32_t *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    bool is_number = *text >= '0' && *text <= '9' && errno == 0 && number <= UINT32_MAX;
    *out = (uint32_t)number;
    *ret_end = end;
    return is_number && (*end == '\0' || *end == '/');
}

static bool read_mark(const char *value, struct packet_mark *out, struct error *error)
{
    struct packet_mark mark = {.mask = UINT32_MAX};
    const char *end;
    if (!read_number(value, &end, &mark.value))
        return error_set(error, 0, "found \"%s\", expected a mark such as 5, 0x10/0xff or -1", value);
    if (*end == '/' && (!read_number(end + 1, &end, &mark.mask) || *end != '\0'))
        return error_set(error, (int)(end - value),
                         "found \"%s\", expected a mask such as 0xffffff after the /", value);
    if (mark.mask == 0 || (mark.value & ~mark.mask) != 0)
        return error_set(error, 0, "mark %s has bits that its mask does not cover", value);
    *out = mark;
    return true;
}

bool spec_set_mark(struct spec_builder *builder, const char *value, struct error *error)
{
    struct connection_spec *spec = builder->spec;
    spec->mark_is_unique = strcmp(value, "-1") == 0 || strncmp(value, "-1/", 3) == 0;
    if (spec->mark_is_unique)
        return true;
    return read_mark(value, &spec->mark_in, error) && read_mark(value, &spec->mark_out, error);
}

bool spec_set_mark_in(struct spec_builder *builder, const char *value, struct error *error)
{
    return read_mark(value, &builder->spec->mark_in, error);
}

bool spec_set_mark_out(struct spec_builder *builder, const char *value, struct error *error)
{
    return read_mark(value, &builder->spec->mark_out, error);
}

bool spec_set_clones(struct spec_builder *builder, const char *value, struct error *error)
{
    uint32_t number;
    const char *end;
    bool is_number = read_number(value, &end, &number) && *end == '\0';
    if (strcasecmp(value, "yes") == 0)
        number = CLONES_MAX;
    else if (strcasecmp(value, "no") == 0)
        number = 0;
    else if (!is_number || number > CLONES_MAX)
        return error_set(error, -1, "expected yes, no or a number up to %d", CLONES_MAX);
    builder->spec->clones = (uint16_t)number;
    return true;
}

bool spec_set_ipsec_interface(struct spec_builder *builder, const char *value, struct error *error)
{
    struct tunnel_interface *interface = &builder->spec->interface;
    const char *end;
    bool is_yes =
        strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0;
    bool is_no =
        strcasecmp(value, "no") == 0 || strcasecmp(value, "false") == 0 || strcasecmp(value, "off") == 0;
    if (is_yes || is_no) {
        interface->is_wanted = is_yes;
        interface->number = 1;
        return true;
    }
    if (!read_number(value, &end, &interface->number) || *end != '\0' ||
        interface->number > INTERFACE_NUMBER_MAX)
        return error_set(error, 0, "found \"%s\", expected yes, no or a number up to %d", value,
                         INTERFACE_NUMBER_MAX);
    interface->is_wanted = true;
    return true;
}

/* The name becomes a part of paths in /proc. */
bool spec_set_vti_interface(struct spec_builder *builder, const char *value, struct error *error)
{
    struct vti_interface *vti = &builder->spec->interface.vti;
    size_t size = strlen(value);
    if (size == 0 || size >= sizeof(vti->name) || strpbrk(value, "/ \t%:") != NULL || value[0] == '.')
        return error_set(error, 0, "found \"%s\", expected the name of an interface, such as vti0", value);
    memcpy(vti->name, value, size + 1);
    return true;
}

/* The prefix says which network is on the interface; the bits behind it are the host's. */
static bool read_interface_address(const char *value, struct ip_prefix *out, struct error *error)
{
    char address[ADDRESS_TEXT_SIZE];
    const char *slash = strchr(value, '/');
    size_t size = slash != NULL ? (size_t)(slash - value) : strlen(value);
    uint32_t length;
    const char *behind = "";
    if (size >= sizeof(address))
        return error_set(error, 0, "found \"%s\", expected an address with its prefix", value);
    memcpy(address, value, size);
    address[size] = '\0';
    struct ip_prefix prefix = {0};
    if (!address_parse(address, &prefix.address, error))
        return false;
    size_t bits = address_size(&prefix.address) * 8;
    length = (uint32_t)bits;
    if (slash != NULL && (!read_number(slash + 1, &behind, &length) || *behind != '\0' || length > bits))
        return error_set(error, (int)size + 1, "found \"%s\", expected a prefix length up to %zu", slash + 1,
                         bits);
    prefix.length = (uint8_t)length;
    *out = prefix;
    return true;
}

bool spec_end_set_interface_ip(struct spec_builder *builder, struct end_spec *end, const char *value,
                               struct error *error)
{
    (void)builder;
    return read_interface_address(value, &end->interface_ip, error);
}

bool spec_end_set_vti_ip(struct spec_builder *builder, struct end_spec *end, const char *value,
                         struct error *error)
{
    (void)builder;
    return read_interface_address(value, &end->vti_ip, error);
}

/* What is said of an interface by a connection that has none. */
void spec_warn_of_no_interface(const struct spec_builder *builder)
{
    const struct connection_spec *spec = builder->spec;
    const struct tunnel_interface *interface = &spec->interface;
    const struct end_spec *ends[] = {&spec->left, &spec->right};
    bool has_vti = interface->vti.name[0] != '\0';
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        const char *name = i == 0 ? "left" : "right";
        if (address_is_set(&ends[i]->interface_ip.address) && !interface->is_wanted)
            warning_send(builder->warnings,
                         "conn \"%s\": %sinterface-ip= has no effect without ipsec-interface=", spec->name,
                         name);
        if (address_is_set(&ends[i]->vti_ip.address) && !has_vti)
            warning_send(builder->warnings,
                         "conn \"%s\": %svti= has no effect without vti-interface=", spec->name, name);
    }
    if (!has_vti && (interface->vti.has_routes || interface->vti.is_shared))
        warning_send(builder->warnings, "conn \"%s\": %s= has no effect without vti-interface=", spec->name,
                     interface->vti.has_routes ? "vti-routing" : "vti-shared");
}
