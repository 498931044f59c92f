/*
 * The virtual data plane of one host: a table of SAs and a table of policies, no cryptography. A packet is
 * carried when the sender's policy leads to an outbound SA and the receiver holds its inbound counterpart
 * with the same keys, algorithms and mode, and selectors that admit the packet.
 */
#ifndef STYX_SIM_DATA_PLANE_H
#define STYX_SIM_DATA_PLANE_H

#include "engine/kernel_request.h"

struct virtual_sa {
    struct virtual_sa *next;
    struct kernel_sa sa; /* selectors owned */
    struct sa_counters counters;
    bool is_soft_expired, is_hard_expired;
};

struct virtual_policy {
    struct virtual_policy *next;
    struct kernel_policy policy; /* selectors owned */
    uint64_t age;                /* greater: set later */
};

/* A packet of the host's that met a trap. */
struct held_virtual_packet;

struct data_plane {
    struct virtual_sa *sas;
    struct virtual_policy *policies;
    uint64_t next_age;
    size_t sa_count, policy_count;
    uint32_t asked_cpus; /* whose packets wait, as long as the policy asks for CPUs: a bit for each */
    struct held_virtual_packet *held; /* newest first */
};

/* A kernel request with everything it points to; made by copying, freed with plane_request_free(). */
struct plane_request {
    struct kernel_request request;
    struct kernel_sa sa;
    struct kernel_policy policy;
};

struct plane_request *plane_request_copy(const struct kernel_request *request);
void plane_request_free(struct plane_request *request);

/* Carries it out and fills in what to answer; false when there is no answer to give. */
bool data_plane_apply(struct data_plane *plane, const struct plane_request *request,
                      struct kernel_event *ret_answer);
void data_plane_clear(struct data_plane *plane);

/* One packet: addresses as selectors of a single host. */
struct virtual_packet {
    struct selector source, destination;
    size_t size_bytes;
    uint32_t cpu; /* that the sender's host has it on */
};

struct held_virtual_packet {
    struct held_virtual_packet *next;
    uint64_t policy_id;
    struct virtual_packet packet;
};

/* Until the trap is replaced by another policy (then it is to go that way), deleted or set again. */
void data_plane_hold(struct data_plane *plane, uint64_t policy_id, const struct virtual_packet *packet);
/* The oldest held packet of a policy that traps no more; false: there is none. */
bool data_plane_take_released(struct data_plane *plane, struct virtual_packet *ret_packet);

struct virtual_packet virtual_packet_of(const char *source, const char *destination, uint8_t protocol,
                                        uint16_t destination_port, size_t size_bytes);

struct virtual_policy *data_plane_policy(const struct data_plane *plane, const struct virtual_packet *packet);
struct virtual_sa *data_plane_find(const struct data_plane *plane, uint64_t child_serial,
                                   enum sa_direction direction);
/* The newest of the reqid: of the packet's CPU, else of none. */
struct virtual_sa *data_plane_of_cpu(const struct data_plane *plane, uint32_t reqid, uint32_t cpu);
struct virtual_sa *data_plane_inbound(const struct data_plane *plane, uint32_t spi);
/* Whether the pair would understand each other; the reason otherwise. */
bool virtual_sa_matches(const struct virtual_sa *outbound, const struct virtual_sa *inbound,
                        struct error *error);
bool virtual_sa_admits_outbound(const struct virtual_sa *sa, const struct virtual_packet *packet);
bool virtual_sa_admits_inbound(const struct virtual_sa *sa, const struct virtual_packet *packet);
/* Counts the packet; true when a limit was reached just now and *ret_event tells of it. */
bool virtual_sa_count(struct virtual_sa *sa, const struct virtual_packet *packet, usec_t now,
                      struct kernel_event *ret_event);

#endif
