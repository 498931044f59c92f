/*
 * What the engine counts: one table of families, each with its names, which status output, JSON and metrics
 * read. Names are those of Libreswan's globalstatus: FAMILY.NAME. Counters only grow, but for
 * statistics_clear().
 */
#ifndef STYX_ENGINE_STATISTICS_H
#define STYX_ENGINE_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* In the order in which they are shown. */
enum counter_family_id {
    COUNT_IPSEC_TYPE,    /* enum ipsec_type_counter */
    COUNT_IPSEC_TRAFFIC, /* enum direction_counter, bytes */
    COUNT_IKEV2,         /* enum outcome_counter */
    COUNT_IKEV2_REDIRECT,
    COUNT_IKEV1,
    COUNT_IKEV1_IKE, /* enum life_counter */
    COUNT_IKEV1_CHILD,
    COUNT_IKEV2_IKE,
    COUNT_IKEV2_CHILD,
    COUNT_LIVENESS,    /* enum liveness_counter */
    COUNT_IKE_TRAFFIC, /* enum direction_counter, bytes of IKE messages */
    COUNT_PAM,
    COUNT_TCP_CLIENT,
    COUNT_TCP_SERVER,
    COUNT_IKEV1_ENCR, /* by the numbers of IKEv1's registry */
    COUNT_IKEV1_INTEG,
    COUNT_IKEV1_GROUP,
    COUNT_IKEV2_ENCR, /* by transform id */
    COUNT_IKEV2_INTEG,
    COUNT_IKEV2_GROUP,
    COUNT_RECEIVED_INVALID_KE_USING,
    COUNT_RECEIVED_INVALID_KE_SUGGESTING,
    COUNT_SENT_INVALID_KE_USING,
    COUNT_SENT_INVALID_KE_SUGGESTING,
    COUNT_IKEV1_ESP_ENCR,
    COUNT_IKEV1_ESP_INTEG,
    COUNT_IKEV2_ESP_ENCR,
    COUNT_IKEV2_ESP_INTEG,
    COUNT_IKEV1_SENT_ERRORS, /* by notify type */
    COUNT_IKEV1_RECEIVED_ERRORS,
    COUNT_MESSAGES, /* enum message_counter */
    COUNT_IKEV2_SENT_ERRORS,
    COUNT_IKEV2_RECEIVED_ERRORS,
    COUNT_IKEV2_SENT_STATUS,
    COUNT_IKEV2_RECEIVED_STATUS,
    COUNT_FAMILIES,
};

enum ipsec_type_counter {
    IPSEC_ALL,
    IPSEC_ESP,
    IPSEC_AH,
    IPSEC_IPCOMP,
    IPSEC_ESN,
    IPSEC_TFC,
    IPSEC_ENCAPSULATED,
    IPSEC_NOT_ENCAPSULATED,
};
enum direction_counter { TRAFFIC_IN, TRAFFIC_OUT };
enum outcome_counter { IKE_ESTABLISHED, IKE_FAILED, IKE_COMPLETED };
enum life_counter { SA_STARTED, SA_ESTABLISHED, SA_FINISHED };
enum liveness_counter { PROBES_SENT, PROBES_ANSWERED, ANSWERS_SENT };
enum message_counter {
    MESSAGES_OK,
    MESSAGES_INTERNAL_ERROR,
    MESSAGES_DELETE_RECEIVED,
    MESSAGES_DELETE_SENT,
    MESSAGES_FATAL,
    MESSAGES_REFUSED_V1,
};

struct counter_name {
    uint16_t number;
    const char *name;
};

enum { COUNTER_OTHER = 0xffff, COUNTER_NAMES_MAX = 64 };

/* Numbers that have no name count as COUNTER_OTHER if that has one, else nowhere. */
struct counter_family {
    const char *name;
    const char *help;
    const struct counter_name *names;
    size_t name_count;
};

extern const struct counter_family counter_families[COUNT_FAMILIES];

struct statistics {
    uint64_t values[COUNT_FAMILIES][COUNTER_NAMES_MAX]; /* in the order of the names */
};

void statistics_add(struct statistics *statistics, enum counter_family_id family, unsigned number,
                    uint64_t amount);
void statistics_clear(struct statistics *statistics);

#endif
