/* ECDH over the NIST curves (RFC 5903): x || y on the wire, the secret is x; RFC 6989 2.3's check. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <pthread.h>

#include "base/secret.h"
#include "crypto/key_exchange_method.h"

enum { POINT_MAX = 1 + 2 * 66, UNCOMPRESSED = 4 };

static struct {
    int number;
    EC_GROUP *group; /* NULL until first used; constant after that */
} curves[] = {{NID_X9_62_prime256v1, NULL}, {NID_secp384r1, NULL}, {NID_secp521r1, NULL}};

static pthread_mutex_t curves_lock = PTHREAD_MUTEX_INITIALIZER;

static const EC_GROUP *find_curve(const struct ke_detail *detail)
{
    size_t i = 0;
    while (curves[i].number != detail->group)
        i++;
    pthread_mutex_lock(&curves_lock);
    if (curves[i].group == NULL)
        curves[i].group = EC_GROUP_new_by_curve_name(detail->group);
    const EC_GROUP *curve = curves[i].group;
    pthread_mutex_unlock(&curves_lock);
    return curve;
}

/* 1 + seed mod (n - 1): in [1, n - 1], and so close to uniform that nobody can tell. */
static bool make_scalar(const EC_GROUP *curve, const uint8_t *seed, struct ke_private *own)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *number = BN_bin2bn(seed, KE_SEED_SIZE, NULL);
    BIGNUM *limit = BN_dup(EC_GROUP_get0_order(curve));
    bool ok = context != NULL && number != NULL && limit != NULL && BN_sub_word(limit, 1) == 1;
    if (ok) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        ok = BN_mod(number, number, limit, context) == 1 && BN_add_word(number, 1) == 1 &&
             BN_bn2binpad(number, own->scalar, KE_SEED_SIZE) == KE_SEED_SIZE;
    }
    BN_clear_free(number);
    BN_free(limit);
    BN_CTX_free(context);
    return ok;
}

/* scalar * point, or scalar * G when point is NULL, as x || y. */
static bool multiply(const EC_GROUP *curve, const EC_POINT *point, const struct ke_private *own, size_t size,
                     uint8_t *out)
{
    uint8_t encoded[POINT_MAX];
    BN_CTX *context = BN_CTX_new();
    BIGNUM *scalar = BN_bin2bn(own->scalar, KE_SEED_SIZE, NULL);
    EC_POINT *result = EC_POINT_new(curve);
    bool ok = context != NULL && scalar != NULL && result != NULL;
    if (ok) {
        BN_set_flags(scalar, BN_FLG_CONSTTIME);
        ok = EC_POINT_mul(curve, result, point == NULL ? scalar : NULL, point, point == NULL ? NULL : scalar,
                          context) == 1 &&
             EC_POINT_point2oct(curve, result, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded,
                                context) == 1 + size;
    }
    if (ok)
        memcpy(out, encoded + 1, size);
    secret_wipe(encoded, sizeof encoded);
    BN_clear_free(scalar);
    EC_POINT_clear_free(result);
    BN_CTX_free(context);
    return ok;
}

static bool ecp_generate(const struct ke_detail *detail, const uint8_t seed[static KE_SEED_SIZE],
                         struct ke_private *ret_private, uint8_t *public_out)
{
    const EC_GROUP *curve = find_curve(detail);
    return curve != NULL && make_scalar(curve, seed, ret_private) &&
           multiply(curve, NULL, ret_private, detail->public_size, public_out);
}

static enum ke_result ecp_derive(const struct ke_detail *detail, const struct ke_private *own,
                                 const uint8_t *peer, uint8_t *secret_out)
{
    uint8_t point[POINT_MAX] = {UNCOMPRESSED};
    const EC_GROUP *curve = find_curve(detail);
    EC_POINT *peer_point = curve == NULL ? NULL : EC_POINT_new(curve);
    enum ke_result result = KE_LIBRARY_FAILED;
    if (peer_point != NULL) {
        memcpy(point + 1, peer, detail->public_size);
        /* Checks that both coordinates are below the prime and that the point is on the curve; the curve has
         * no points of small order. */
        if (EC_POINT_oct2point(curve, peer_point, point, 1u + detail->public_size, NULL) != 1)
            result = KE_INVALID_PEER;
        else if (multiply(curve, peer_point, own, detail->public_size, point)) {
            memcpy(secret_out, point, detail->secret_size);
            result = KE_OK;
        }
    }
    EC_POINT_free(peer_point);
    secret_wipe(point, sizeof point);
    return result;
}

const struct ke_method ke_method_ecp = {
    .generate = ecp_generate,
    .derive = ecp_derive,
    .peer_requirement = "it must be a point on the curve (RFC 6989 2.3)",
};
