/*
 * Fuzzing what anybody can send: unprotected messages into a responder, and answers into an initiator that
 * waits. The input: one byte of options, then datagrams, each with two bytes of length before it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/reader.h"
#include "sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    OPTION_TO_INITIATOR = 1 << 0,
    OPTION_PATCH = 1 << 1, /* header: SPI of the one who waits, true length */
    OPTION_BUSY = 1 << 2,  /* the responder demands cookies */
    OPTION_NATT_PORT = 1 << 3,
    DATAGRAM_MAX = 4096,
};

static const char *const words =
    "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west authby=secret leftsubnet=10.1.0.0/24 "
    "rightsubnet=10.2.0.0/24 ike=aes_gcm128-sha2_256;dh31+dh19 esp=aes_gcm128";

static struct sim *make_world(uint8_t options)
{
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    if (options & OPTION_BUSY) {
        sim_settings(sim, "west")->ddos_mode = DDOS_BUSY;
        sim_restart(sim, "west", 0);
    }
    sim_add_connection(sim, "tunnel", words);
    return sim;
}

/* Makes the datagram look as if it belonged to the conversation. */
static void patch(struct sim *sim, uint8_t options, uint8_t *datagram, size_t size)
{
    size_t count;
    const struct sim_record *first = sim_records(sim, &count);
    if ((options & OPTION_PATCH) == 0 || size < IKE_HEADER_SIZE)
        return;
    store_be32(datagram + 24, (uint32_t)size);
    if ((options & OPTION_TO_INITIATOR) && count > 0)
        memcpy(datagram, first->bytes, IKE_SPI_SIZE);
}

static void deliver(struct sim *sim, uint8_t options, struct bytes bytes)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t size = bytes.size < sizeof(datagram) ? bytes.size : sizeof(datagram);
    bool to_initiator = (options & OPTION_TO_INITIATOR) != 0;
    if (size > 0)
        memcpy(datagram, bytes.data, size);
    patch(sim, options, datagram, size);
    sim_inject(sim, to_initiator ? "west" : "east", to_initiator ? "east" : "west",
               options & OPTION_NATT_PORT ? 4500 : 500, bytes_of(datagram, size));
    sim_run_for(sim, milliseconds(50));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = reader_of(bytes_of(data, size));
    uint8_t options = reader_u8(&reader);
    struct sim *sim = make_world(options);
    if (options & OPTION_TO_INITIATOR) {
        sim_record(sim);
        sim_partition(sim, "east", NULL, minutes(10));
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(50));
    }
    while (reader.left > 0 && !reader.failed) {
        size_t length = reader_u16(&reader);
        if (length > reader.left)
            length = reader.left;
        deliver(sim, options, reader_bytes(&reader, length));
    }
    sim_run_for(sim, minutes(3));
    if (sim_failure(sim)[0] != '\0') {
        fprintf(stderr, "%s\n", sim_failure(sim));
        abort();
    }
    sim_free(sim);
    return 0;
}
