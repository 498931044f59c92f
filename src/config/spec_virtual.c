/* subnet=vhost:%no,%priv and vnet:...: which client a peer may name (engine/virtual_client.h). */
#include "config/spec_detail.h"
#include "config/value.h"

#include <stdlib.h>
#include <strings.h>

enum { WORD_MAX = 128, NETS_MAX = 256 };

bool spec_is_virtual(const char *value)
{
    return strncasecmp(value, "vhost:", 6) == 0 || strncasecmp(value, "vnet:", 5) == 0;
}

static bool add_net(struct virtual_client *client, const char *word, struct error *error)
{
    struct virtual_net net, *grown;
    if (client->net_count == NETS_MAX)
        return error_set(error, 0, "found more than %d networks", NETS_MAX);
    if (!value_virtual_net(word, &net, error))
        return error_set(error, 0,
                         "found \"%.60s\"; expected %%no, %%priv, %%all or a network such as %%v4:10.0.0.0/8",
                         word);
    grown = realloc(client->nets, (client->net_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return error_set(error, -1, "out of memory");
    client->nets = grown;
    grown[client->net_count++] = net;
    return true;
}

static bool add_word(struct virtual_client *client, const char *word, struct error *error)
{
    bool *flag = strcasecmp(word, "%no") == 0     ? &client->allows_no
                 : strcasecmp(word, "%priv") == 0 ? &client->allows_private
                 : strcasecmp(word, "%all") == 0  ? &client->allows_all
                                                  : NULL;
    if (flag != NULL)
        return *flag = true;
    if (strcasecmp(word, "%dhcp") == 0 || strcasecmp(word, "%ike") == 0)
        return error_set(error, 0, "%s is not supported yet; use %%no, %%priv, %%all or %%v4:CIDR", word);
    return add_net(client, word, error);
}

bool spec_end_set_virtual(struct end_spec *end, const char *value, struct error *error)
{
    size_t prefix = strncasecmp(value, "vhost:", 6) == 0 ? 6 : 5;
    struct virtual_client client = {.kind = prefix == 6 ? VIRTUAL_HOST : VIRTUAL_NET};
    char word[WORD_MAX];
    size_t count = 0;
    for (const char *cursor = value + prefix; value_next_word(&cursor, word, sizeof(word)); count++) {
        if (add_word(&client, word, error))
            continue;
        if (error != NULL)
            error->code = (int)(cursor - value) - (int)strlen(word);
        free(client.nets);
        return false;
    }
    if (count == 0)
        return error_set(error, (int)prefix, "found nothing; expected %%no, %%priv, %%all or %%v4:CIDR");
    free(end->virtual_client.nets);
    end->virtual_client = client;
    return true;
}
