/*
 * seedbits=: so many bits are read from seeddev= and mixed into the kernel's random pool, from which all
 * randomness of IKE comes, and into libcrypto's, before anything is drawn. Reading may take long where the
 * device makes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "daemon/daemon.h"

enum { SEED_BITS_MAX = 1 << 20 };

static bool read_all(const char *device, uint8_t *out, size_t size)
{
    int descriptor = open(device, O_RDONLY | O_CLOEXEC);
    size_t filled = 0;
    while (descriptor >= 0 && filled < size) {
        ssize_t got = read(descriptor, out + filled, size - filled);
        if (got == 0)
            errno = ENODATA;
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        filled += got > 0 ? (size_t)got : 0;
    }
    int saved = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = saved;
    return filled == size;
}

static void mix(const uint8_t *seed, size_t size)
{
    int pool = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    if (pool < 0 || write(pool, seed, size) != (ssize_t)size)
        log_line("cannot mix the seed into the kernel's random pool: %s", strerror(errno));
    if (pool >= 0)
        close(pool);
    RAND_add(seed, (int)size, 0.0);
}

bool seed_random_pools(const struct setup *setup, struct error *error)
{
    size_t size = (setup->seedbits + 7) / 8;
    if (size == 0)
        return true;
    if (setup->seedbits > SEED_BITS_MAX)
        return error_set(error, 0, "seedbits=%u: at most %d", setup->seedbits, SEED_BITS_MAX);
    uint8_t *seed = malloc(size);
    if (seed == NULL)
        return error_set(error, 0, "out of memory");
    bool ok = read_all(setup->seeddev, seed, size);
    if (ok)
        mix(seed, size);
    else
        error_set(error, 0, "cannot read %u random bits from \"%s\": %s", setup->seedbits, setup->seeddev,
                  strerror(errno));
    secret_wipe(seed, size);
    free(seed);
    if (ok)
        log_line("seeded %u bits from \"%s\" into the random pool", setup->seedbits, setup->seeddev);
    return ok;
}
