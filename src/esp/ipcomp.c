/* IP payload compression (RFC 3173) with DEFLATE (RFC 2394, 1951). */
#include "esp/ipcomp.h"

#include <stdlib.h>
#include <zlib.h>

/* Raw DEFLATE is said by a negative number of window bits. Linux inflates with a window of 2 kB, so nothing
 * further back is referred to; received packets may refer to all that the format allows. */
enum { DEFLATE_WINDOW_BITS = -11, DEFLATE_MEMORY_LEVEL = 4, INFLATE_WINDOW_BITS = -15 };

struct ipcomp {
    z_stream deflater, inflater;
    bool has_deflater, has_inflater; /* made when they are first needed */
    uint8_t scratch[IPCOMP_INFLATED_MAX];
};

struct ipcomp *ipcomp_new(void)
{
    return calloc(1, sizeof(struct ipcomp));
}

void ipcomp_free(struct ipcomp *ipcomp)
{
    if (ipcomp == NULL)
        return;
    if (ipcomp->has_deflater)
        deflateEnd(&ipcomp->deflater);
    if (ipcomp->has_inflater)
        inflateEnd(&ipcomp->inflater);
    free(ipcomp);
}

static bool start_deflating(struct ipcomp *ipcomp)
{
    if (ipcomp->has_deflater)
        return deflateReset(&ipcomp->deflater) == Z_OK;
    ipcomp->has_deflater = deflateInit2(&ipcomp->deflater, Z_BEST_SPEED, Z_DEFLATED, DEFLATE_WINDOW_BITS,
                                        DEFLATE_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    return ipcomp->has_deflater;
}

static bool start_inflating(struct ipcomp *ipcomp)
{
    if (ipcomp->has_inflater)
        return inflateReset(&ipcomp->inflater) == Z_OK;
    ipcomp->has_inflater = inflateInit2(&ipcomp->inflater, INFLATE_WINDOW_BITS) == Z_OK;
    return ipcomp->has_inflater;
}

/* Bytes in scratch; 0: it would not become smaller than `limit`. */
static size_t deflate_payload(struct ipcomp *ipcomp, uint8_t *payload, size_t size, size_t limit)
{
    if (!start_deflating(ipcomp))
        return 0;
    z_stream *stream = &ipcomp->deflater;
    stream->next_in = payload;
    stream->avail_in = (unsigned)size;
    stream->next_out = ipcomp->scratch;
    stream->avail_out = (unsigned)limit;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return 0;
    return limit - stream->avail_out;
}

/* RFC 3173 2.2: traffic that was compressed or encrypted before is not worth trying again and again. */
static void note_failure(struct esp_sa *sa)
{
    if (++sa->compression_failures < IPCOMP_FAILURES_MAX)
        return;
    unsigned doublings = (unsigned)sa->compression_failures - IPCOMP_FAILURES_MAX;
    unsigned pause = (unsigned)IPCOMP_PAUSE_FIRST << doublings;
    sa->compression_pause = (uint16_t)pause;
    if (pause >= IPCOMP_PAUSE_LAST)
        sa->compression_failures--; /* it does not get longer */
}

size_t ipcomp_compress(struct ipcomp *ipcomp, struct esp_sa *sa, uint8_t *payload, size_t size,
                       uint8_t *next_header)
{
    if (sa->compression_cpi == 0 || size < IPCOMP_THRESHOLD || size > IPCOMP_INFLATED_MAX)
        return size;
    if (sa->compression_pause > 0) {
        sa->compression_pause--;
        return size;
    }
    size_t deflated = deflate_payload(ipcomp, payload, size, size - IPCOMP_HEADER_SIZE - 1);
    if (deflated == 0) {
        note_failure(sa);
        return size;
    }
    sa->compression_failures = 0;
    payload[0] = *next_header;
    payload[1] = 0;
    store_be16(payload + 2, sa->compression_cpi);
    memcpy(payload + IPCOMP_HEADER_SIZE, ipcomp->scratch, deflated);
    *next_header = IPPROTO_NUMBER_IPCOMP;
    return IPCOMP_HEADER_SIZE + deflated;
}

bool ipcomp_decompress(struct ipcomp *ipcomp, struct esp_sa *sa, struct esp_received *received,
                       uint8_t room[static IPCOMP_INFLATED_MAX])
{
    uint8_t *payload = received->payload;
    bool is_ours = sa->compression_cpi != 0 && received->payload_size > IPCOMP_HEADER_SIZE &&
                   load_be16(payload + 2) == sa->compression_cpi;
    if (!is_ours || !start_inflating(ipcomp))
        return esp_refuse(sa, received, ESP_MALFORMED);
    z_stream *stream = &ipcomp->inflater;
    stream->next_in = payload + IPCOMP_HEADER_SIZE;
    stream->avail_in = (unsigned)(received->payload_size - IPCOMP_HEADER_SIZE);
    stream->next_out = room;
    stream->avail_out = IPCOMP_INFLATED_MAX;
    if (inflate(stream, Z_FINISH) != Z_STREAM_END)
        return esp_refuse(sa, received, ESP_MALFORMED);
    received->next_header = payload[0];
    received->payload = room;
    received->payload_size = IPCOMP_INFLATED_MAX - stream->avail_out;
    return true;
}
