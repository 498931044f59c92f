/*
 * Fuzzing ipsec.secrets: the input is the file, parted by bytes of zero into files that it may include as 1,
 * 2, 3; what it has is looked up. A secret that is marked as one must not show in a warning.
 */
#include <stdlib.h>
#include <string.h>

#include "config/secrets_file.h"
#include "part_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char mark[] = "hidden";

static void check_warning(void *context, const char *text)
{
    (void)context;
    if (strchr(text, '\n') != NULL || strstr(text, mark) != NULL)
        abort();
}

static void look_up(struct secrets *secrets, const struct secret_entry *entry)
{
    static const struct ip_address nowhere;
    struct error error = {0};
    if (entry->key_size == 0 || entry->key == NULL || entry->origin == NULL)
        abort();
    if (entry->kind == SECRET_PPK &&
        secrets_find_ppk(secrets, bytes_of(entry->ppk_id, entry->ppk_id_size)) == NULL)
        abort();
    if (entry->kind == SECRET_PSK && entry->id_count == 2 && entry->id_forms[0] != SECRET_ID_ANY &&
        entry->id_forms[1] != SECRET_ID_ANY &&
        secrets_find_psk(secrets, &entry->ids[0], &entry->ids[1], &nowhere, &nowhere, &error) == NULL)
        abort();
    (void)secrets_find_xauth(secrets, "user");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts parts = parts_of(bytes_of(data, size));
    struct file_reader reader = part_reader(&parts);
    struct warning_sink sink = {check_warning, NULL};
    struct error error = {0};
    struct secrets *secrets = secrets_file_load(&reader, "0", &sink, NULL, &error);
    if (secrets == NULL && error.text[0] == '\0')
        abort();
    for (size_t i = 0; secrets != NULL && i < secrets->count; i++)
        look_up(secrets, &secrets->entries[i]);
    secrets_free(secrets);
    return 0;
}
