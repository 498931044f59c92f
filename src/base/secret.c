#include "base/secret.h"

#include <stdlib.h>

void secret_wipe(void *data, size_t size)
{
    if (data == NULL || size == 0)
        return;
    memset(data, 0, size);
    __asm__ volatile("" : : "r"(data) : "memory");
}

bool secret_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint8_t difference = 0;
    for (size_t i = 0; i < size; i++)
        difference |= (uint8_t)(a[i] ^ b[i]);
    return difference == 0;
}

void secret_free(void *data, size_t size)
{
    secret_wipe(data, size);
    free(data);
}
